/** How a chat answer ended, and what it cost, in the words of the many servers that speak chat. */
import { ProxyError } from '../../errors.ts'
import type { StopReason, Usage } from '../../neutral/delta.ts'
import { asNumber, asObject, unreadable } from '../../untrusted.ts'

const reasons = new Map<string | undefined, StopReason>([
  ['length', 'length'],
  ['max_tokens', 'length'],
  ['model_length', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['content_filter', 'content-filter'],
  ['content_filtered', 'content-filter'],
  ['guardrail_intervened', 'content-filter'],
  ['safety', 'content-filter'],
  ['sensitive', 'content-filter'],
])

/** The server, not the model, has ended the answer. */
const brokenOff = new Set<string | undefined>([
  'error',
  'network_error',
  'abort',
  'aborted',
  'cancelled',
  'canceled',
  'timeout',
  'function_call_filter',
  'malformed_function_call',
])

/** As servers write it: some in capitals, Google's with a reason of Gemini's behind it (`content_filter: SAFETY`). */
function wordOf(reason: string | undefined): string | undefined {
  return reason?.split(':', 1)[0]?.trim().toLowerCase()
}

/** In: a reason as it was sent. Throws ProtocolError for one that nobody can read: it may be that the answer was cut. */
export function reasonFrom(value: unknown): string {
  if (typeof value === 'string') return value
  throw unreadable('finish_reason')
}

/** `calls`: how many tools the answer calls. All words but those that mean a cut or a refusal mean that it is whole. */
export function stopReason(reason: string | undefined, calls: number): StopReason {
  return reasons.get(wordOf(reason)) ?? (calls > 0 ? 'tool-calls' : 'stop')
}

/** Whether the answer ended before the model did. */
export function isCut(reason: string | undefined): boolean {
  return reasons.has(wordOf(reason))
}

/** What a reason means that there is no whole answer for: half of one would look whole. */
export function failureOf(reason: string | undefined): ProxyError | undefined {
  const word = wordOf(reason)
  if (word === 'insufficient_system_resource') {
    const message = 'The upstream had no resources left to finish the answer.'
    return new ProxyError(503, 'overloaded', message)
  }
  if (!brokenOff.has(word)) return undefined
  const message = `The upstream broke its answer off with the finish reason ${reason}.`
  return new ProxyError(502, 'upstream_error', message, { type: 'upstream_error' })
}

/** Undefined for a value without counts. */
export function usageOf(value: unknown): Usage | undefined {
  const usage = asObject(value)
  const input = countOf(usage.prompt_tokens)
  const written = countOf(usage.completion_tokens)
  if (input === undefined && written === undefined) return undefined
  const details = asObject(usage.prompt_tokens_details)
  const cached =
    countOf(details.cached_tokens) ??
    countOf(usage.prompt_cache_hit_tokens) ??
    countOf(usage.cached_tokens)
  const cacheWrite = countOf(details.cache_write_tokens)
  const reasoning = countOf(asObject(usage.completion_tokens_details).reasoning_tokens)
  const counted = { inputTokens: input ?? 0, outputTokens: written ?? 0 }
  return {
    ...counted,
    outputTokens:
      counted.outputTokens + besideOutput(counted, reasoning, countOf(usage.total_tokens)),
    ...(cached !== undefined && { cachedTokens: cached }),
    ...(cacheWrite !== undefined && { cacheWriteTokens: cacheWrite }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
  }
}

/** Some servers count reasoning beside the completion; the total gives it away. */
function besideOutput(
  { inputTokens, outputTokens }: Usage,
  reasoning = 0,
  total: number | undefined,
): number {
  return total === inputTokens + outputTokens + reasoning ? reasoning : 0
}

function countOf(value: unknown): number | undefined {
  const count = asNumber(value)
  return count === undefined || count < 0 ? undefined : count
}
