/** Why Claude stopped, in neutral words. */
import type { StopReason } from '../../delta.ts'

const reasons = new Map<string | undefined, StopReason>([
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
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
