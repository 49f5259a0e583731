/** Why Claude stopped, in neutral words. */
import type { StopReason } from '../../neutral/delta.ts'
import { asObject, unreadable } from '../../wire-value.ts'

/**
 * `pause_turn`: the API broke off a long turn with its own tools, and goes on when the turn is sent back as it is. A chat
 * client cannot do that, since the server's blocks are not in what it gets; told as `length` it knows that more would come.
 */
const reasons = new Map<string | undefined, StopReason>([
  ['stop_sequence', 'stop'],
  ['pause_turn', 'length'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content-filter'],
])

/** `toolCalls`: how many of the client's tools this answer calls. Unknown reasons count as `end_turn`. */
export function stopReason(reason: string | undefined, toolCalls: number): StopReason {
  return reasons.get(reason) ?? (toolCalls > 0 ? 'tool-calls' : 'stop')
}

/** Whether the answer ended in the middle: what is open then must not be made to look whole. */
export function isCut(reason: string | undefined): boolean {
  return reasons.get(reason) === 'length'
}

/**
 * In: `stop_reason` as it was sent; undefined where nothing is said. Throws ProtocolError for what is no reason: it may be
 * that the answer was cut.
 */
export function reasonFrom(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const { type = value } = asObject(value)
  if (typeof type === 'string') return type
  throw unreadable('stop_reason')
}
