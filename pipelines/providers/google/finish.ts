/** How a Gemini answer ended, and what it cost. */
import type { JsonObject } from '../../json/value.ts'
import { hasNoOutput, type StopReason, type Usage } from '../../neutral/delta.ts'
import { asNumber, unreadable } from '../../untrusted.ts'

const cutReasons = new Set<string | undefined>(['MAX_TOKENS', 'CONTINUATION'])

const filterReasons = new Set<string | undefined>([
  'SAFETY',
  'RECITATION',
  'LANGUAGE',
  'BLOCKLIST',
  'PROHIBITED_CONTENT',
  'SPII',
  'MODEL_ARMOR',
  'ESCALATION',
  'PUP_LIMITED_DISABLED',
  'IMAGE_SAFETY',
  'IMAGE_PROHIBITED_CONTENT',
  'IMAGE_RECITATION',
  'IMAGE_OTHER',
])

/** The model wrote something that the API could not read, and that is missing behind what could be read. */
const spoilt = new Set<string | undefined>([
  'MALFORMED_FUNCTION_CALL',
  'MALFORMED_RESPONSE',
  'MISSING_THOUGHT_SIGNATURE',
])

/** `calls`: how many tools the answer calls. Unknown reasons count as `STOP`: what was said stands. */
export function stopReason(reason: string | undefined, calls: number): StopReason {
  if (isCut(reason)) return 'length'
  if (filterReasons.has(reason)) return 'content-filter'
  return calls > 0 ? 'tool-calls' : 'stop'
}

/** Whether the answer ended in the middle: what is open then must not be made to look whole. */
export function isCut(reason: string | undefined): boolean {
  return cutReasons.has(reason)
}

/**
 * Whether there is no whole answer. Without a word any other end than that of an answer is a failure: as an empty answer it would
 * end an agent's work, and nobody would know why.
 */
export function isBroken(reason: string | undefined, hasContent: boolean): boolean {
  if (spoilt.has(reason)) return true
  const isKnown = reason === 'STOP' || isCut(reason) || filterReasons.has(reason)
  return !hasContent && !isKnown
}

/** Whether the model never began. Who was told to be silent and is has thought about it, and that is counted. */
export function isUnspoken(
  reason: string | undefined,
  hasContent: boolean,
  usage: Usage | undefined,
): boolean {
  return reason === 'STOP' && !hasContent && hasNoOutput(usage)
}

/** Undefined where the value says that there is none yet. Throws ProtocolError for one that nobody can read. */
export function reasonFrom(value: unknown): string | undefined {
  if (!value || value === 'FINISH_REASON_UNSPECIFIED') return undefined
  if (typeof value === 'string') return value
  throw unreadable('finishReason')
}

/** In: `usageMetadata`, whose counts of one answer do not overlap. Undefined where it counts nothing. */
export function usageFrom(counts: JsonObject): Usage | undefined {
  const count = (name: string) => asNumber(counts[name])
  const [prompt, candidates] = [count('promptTokenCount'), count('candidatesTokenCount')]
  const thoughts = count('thoughtsTokenCount')
  const cached = count('cachedContentTokenCount')
  if (prompt === undefined && candidates === undefined && thoughts === undefined) return undefined
  return {
    inputTokens: (prompt ?? 0) + (count('toolUsePromptTokenCount') ?? 0),
    outputTokens: (candidates ?? 0) + (thoughts ?? 0),
    ...(cached !== undefined && { cachedTokens: cached }),
    ...(thoughts !== undefined && { reasoningTokens: thoughts }),
  }
}
