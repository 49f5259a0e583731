/** What a content block or a delta is: its type says so, or where that is missing or unreadable, its members do. */
import type { JsonObject } from '../../json/value.ts'
import { unreadable } from '../../wire-value.ts'

/** undefined for a block that tells nothing of itself yet. Throws ProtocolError for one that holds something unknown. */
export function kindOfBlock(block: JsonObject): string | undefined {
  if (typeof block.type === 'string' && block.type !== '') return block.type
  if (block.text !== undefined) return 'text'
  if (block.thinking !== undefined || block.signature !== undefined) return 'thinking'
  if (block.name !== undefined && !isOfServer(block)) return 'tool_use'
  if (block.type === undefined || block.type === null) return undefined
  throw unreadable('the type of a content block')
}

/** Calls of the API's own tools are told apart by their ids. */
function isOfServer({ id }: JsonObject): boolean {
  return typeof id === 'string' && /^(?:srv|mcp)toolu_/.test(id)
}

const membersOfDeltas = [
  ['text', 'text_delta'],
  ['thinking', 'thinking_delta'],
  ['signature', 'signature_delta'],
  ['partial_json', 'input_json_delta'],
  ['citation', 'citations_delta'],
] as const

/** undefined for a delta that holds nothing. Throws ProtocolError for one that holds something unknown. */
export function deltaKind(delta: JsonObject): string | undefined {
  if (typeof delta.type === 'string' && delta.type !== '') return delta.type
  const known = membersOfDeltas.find(([member]) => delta[member] !== undefined)
  if (known) return known[1]
  if (Object.keys(delta).length === 0) return undefined
  throw unreadable('the type of a delta')
}

/** What a block is that no start event announced. */
const kindsByDelta = new Map<string | undefined, string>([
  ['text_delta', 'text'],
  ['citations_delta', 'text'],
  ['thinking_delta', 'thinking'],
  ['signature_delta', 'thinking'],
  ['input_json_delta', 'tool_use'],
])

export function kindOfDelta(type: string | undefined): string | undefined {
  return kindsByDelta.get(type)
}
