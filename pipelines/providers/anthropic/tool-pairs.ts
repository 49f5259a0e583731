/**
 * Pairs tool calls with their results the way the API insists on: every call answered, once, in the
 * next user turn, results first, and no id used twice in a history.
 */
import type { AnthropicBlock, AnthropicMessage } from '../../wire/anthropic.ts'
import { textBlock } from './parts.ts'
import { withMark } from './cache-control.ts'
import { isObject } from '../../json/value.ts'

const maxIdLength = 64
const noResult = 'No result was provided for this tool call.'

interface Call {
  /** the id under which its result comes */
  from: string
  id: string
}

/** The turns, in which neighbours have different roles, with their tools paired. */
export function pairTools(turns: AnthropicMessage[]): AnthropicMessage[] {
  const paired: AnthropicMessage[] = []
  const uniqueId = idSource()
  let open: Call[] = []
  for (const turn of turns) {
    if (turn.role === 'user') {
      paired.push({ role: 'user', content: answers(turn.content, open) })
      open = []
      continue
    }
    const calls: Call[] = []
    const content = turn.content.map((block) => {
      if (block.type !== 'tool_use' || typeof block.id !== 'string') return block
      const id = uniqueId(block.id)
      calls.push({ from: block.id, id })
      return Object.assign({}, block, { id })
    })
    paired.push({ role: 'assistant', content })
    open = calls
  }
  if (open.length > 0) paired.push({ role: 'user', content: answers([], open) })
  return paired
}

/** A function that gives every id out once: the second time with a suffix. */
function idSource(): (id: string) => string {
  const used = new Set<string>()
  const counts = new Map<string, number>()
  return (id) => {
    let count = counts.get(id) ?? 0
    let candidate = id
    while (used.has(candidate)) {
      count = Math.max(count, 1) + 1
      const suffix = `_${count}`
      candidate = id.slice(0, maxIdLength - suffix.length) + suffix
    }
    counts.set(id, count)
    used.add(candidate)
    return candidate
  }
}

/**
 * A user turn after the turn that made `calls`: results, then missing results, then orphans as
 * text, then the rest.
 */
function answers(content: AnthropicBlock[], calls: Call[]): AnthropicBlock[] {
  const callsOfId = new Map<string, Call[]>()
  for (const call of calls) callsOfId.set(call.from, [...(callsOfId.get(call.from) ?? []), call])
  const seen = new Map<string, number>()
  const results = new Map<Call, AnthropicBlock>()
  const orphans: AnthropicBlock[] = []
  const others: AnthropicBlock[] = []
  for (const block of content) {
    if (block.type !== 'tool_result') {
      others.push(block)
      continue
    }
    const id = String(block.tool_use_id)
    const nth = seen.get(id) ?? 0
    seen.set(id, nth + 1)
    const candidates = callsOfId.get(id) ?? []
    const call = candidates[Math.min(nth, candidates.length - 1)]
    if (call) results.set(call, { ...block, tool_use_id: call.id })
    else orphans.push(...orphanBlocks(block, id))
  }
  const missing = calls.filter((call) => !results.has(call)).map(({ id }) => missingResult(id))
  return [...results.values(), ...missing, ...orphans, ...others]
}

function missingResult(id: string): AnthropicBlock {
  return { type: 'tool_result', tool_use_id: id, is_error: true, content: noResult }
}

/**
 * A result that nobody asked for is told as text; images and documents of it follow as they are.
 */
function orphanBlocks(result: AnthropicBlock, id: string): AnthropicBlock[] {
  const parts = Array.isArray(result.content) ? result.content.filter(isObject) : []
  const texts = parts.map((part) => part.text).filter((text) => typeof text === 'string')
  const text = typeof result.content === 'string' ? result.content : texts.join('\n')
  const told = withMark(textBlock(`Tool result (${id}):\n${text}`), result)
  return [told, ...parts.filter(isMedia)]
}

function isMedia(part: Record<string, unknown>): part is AnthropicBlock {
  return part.type === 'image' || part.type === 'document'
}
