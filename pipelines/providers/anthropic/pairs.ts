/** The turns of a history that a client has broken: texts without a word, calls without results and results without calls. */
import { isObject, type JsonObject } from '../../json/value.ts'
import { noResult } from '../../neutral/turn.ts'
import { blocksOf, withoutBlocks } from './sent-turns.ts'

/** Without texts and turns that have nothing; as they are where none has anything. */
export function withoutEmpty(messages: readonly unknown[]): readonly unknown[] {
  const kept = withoutBlocks(messages, isBlank).filter((message) => !isEmpty(message))
  return kept.length > 0 ? kept : messages
}

function isEmpty(message: unknown): boolean {
  if (!isObject(message)) return false
  const { content } = message
  return Array.isArray(content) ? content.length === 0 : isBlankText(content)
}

function isBlank(block: unknown): boolean {
  return isObject(block) && block.type === 'text' && isBlankText(block.text)
}

function isBlankText(text: unknown): boolean {
  return typeof text === 'string' && text.trim() === ''
}

/** Each call with its result right behind it. */
export function paired(messages: readonly unknown[]): unknown[] {
  const told: unknown[] = []
  let open: unknown[] = []
  for (const message of messages) {
    const turn = isObject(message) ? message : {}
    if (turn.role === 'system') told.push(message)
    else if (turn.role === 'user') {
      told.push(withResults(turn, open))
      open = []
    } else {
      told.push(...lostTurn(open), message)
      open = blocksOf(turn).flatMap((block) => (isCall(block) ? [block.id] : []))
    }
  }
  return [...told, ...lostTurn(open)]
}

/** Nothing where no call is open. */
function lostTurn(open: readonly unknown[]): JsonObject[] {
  return open.length > 0 ? [{ role: 'user', content: open.map(lostResult) }] : []
}

/** The turn behind such calls. The API finds results only in front of all else. */
function withResults(turn: JsonObject, open: readonly unknown[]): JsonObject {
  const calls = new Set(open)
  const blocks = blocksOf(turn)
  const given = new Set(blocks.filter(isResult).map((block) => block.tool_use_id))
  const missing = open.filter((id) => !given.has(id)).map(lostResult)
  const told = blocks.map((block) =>
    isResult(block) && !calls.has(block.tool_use_id) ? inWords(block) : block,
  )
  const content = [
    ...missing,
    ...told.filter(isResult),
    ...told.filter((block) => !isResult(block)),
  ]
  const isSame = content.length === blocks.length && content.every((one, at) => one === blocks[at])
  return isSame ? turn : { ...turn, content }
}

function isResult(block: unknown): block is JsonObject {
  return isObject(block) && block.type === 'tool_result'
}

function isCall(block: unknown): block is JsonObject {
  return isObject(block) && block.type === 'tool_use'
}

function lostResult(id: unknown): JsonObject {
  return { type: 'tool_result', tool_use_id: id, content: noResult, is_error: true }
}

function inWords(result: JsonObject): JsonObject {
  const said = blocksOf(result).flatMap((part) =>
    isObject(part) && typeof part.text === 'string' ? [part.text] : [],
  )
  return { type: 'text', text: `[The result of a call that is gone]\n${said.join('\n')}` }
}
