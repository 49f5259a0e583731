/** The turns of a history that a client has broken: texts without a word, calls without results and results without calls. */
import { isObject, type JsonObject } from '../../json/value.ts'

/** Without texts and turns that have nothing; undefined where all have something. */
export function withoutEmpty(messages: readonly unknown[]): unknown[] | undefined {
  let hasSome = false
  const kept = messages.flatMap((message) => {
    if (!isObject(message)) return [message]
    const { content } = message
    const left = Array.isArray(content) ? content.filter((block) => !isBlank(block)) : content
    const isGone = Array.isArray(left) ? left.length === 0 : isBlankText(left)
    if (!isGone && (!Array.isArray(content) || (left as unknown[]).length === content.length)) {
      return [message]
    }
    hasSome = true
    return isGone ? [] : [{ ...message, content: left }]
  })
  return hasSome && kept.length > 0 ? kept : undefined
}

function isBlank(block: unknown): boolean {
  return isObject(block) && block.type === 'text' && isBlankText(block.text)
}

function isBlankText(text: unknown): boolean {
  return typeof text === 'string' && text.trim() === ''
}

/** Each call with its result right behind it; undefined where they are so. */
export function paired(messages: readonly unknown[]): unknown[] | undefined {
  let hasSome = false
  const told: unknown[] = []
  let open: unknown[] = []
  const settle = (message: JsonObject | undefined) => {
    const blocks = message === undefined ? [] : blocksOf(message)
    const given = new Set(blocks.filter(isResult).map((block) => block.tool_use_id))
    const missing = open.filter((id) => !given.has(id))
    const strays = blocks.some((block) => isResult(block) && !open.includes(block.tool_use_id))
    const calls = open
    open = []
    if (missing.length === 0 && !strays) return message
    hasSome = true
    const content = blocks.map((block) => (isStray(block, calls) ? inWords(block) : block))
    return { ...message, role: 'user', content: [...missing.map(lostResult), ...content] }
  }
  for (const message of messages) {
    const turn = isObject(message) ? message : {}
    if (turn.role === 'system') told.push(message)
    else if (turn.role === 'user') told.push(settle(turn))
    else {
      const lost = open.length > 0 ? settle(undefined) : undefined
      told.push(...(lost ? [lost] : []), message)
      open = blocksOf(turn).flatMap((block) =>
        isObject(block) && block.type === 'tool_use' ? [block.id] : [],
      )
    }
  }
  const lost = open.length > 0 ? settle(undefined) : undefined
  return hasSome ? [...told, ...(lost ? [lost] : [])] : undefined
}

function blocksOf({ content }: JsonObject): unknown[] {
  if (Array.isArray(content)) return content
  return typeof content === 'string' ? [{ type: 'text', text: content }] : []
}

function isResult(block: unknown): block is JsonObject {
  return isObject(block) && block.type === 'tool_result'
}

function isStray(block: unknown, calls: readonly unknown[]): block is JsonObject {
  return isResult(block) && !calls.includes(block.tool_use_id)
}

function lostResult(id: unknown): JsonObject {
  const content = 'There is no result: the call was broken off.'
  return { type: 'tool_result', tool_use_id: id, content, is_error: true }
}

function inWords(result: JsonObject): JsonObject {
  const said = blocksOf(result).flatMap((part) =>
    isObject(part) && typeof part.text === 'string' ? [part.text] : [],
  )
  return { type: 'text', text: `[The result of a call that is gone]\n${said.join('\n')}` }
}
