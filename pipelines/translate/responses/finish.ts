/** How a response ended: its status, its tokens. */
import type { Delta, StopReason, Usage } from '../../delta.ts'
import type { JsonObject } from '../../wire/chat.ts'
import { responsesFailure } from '../failure.ts'
import { asName, asNumber, asObject } from '../wire-value.ts'
import { isObject } from '../../wire/json.ts'

interface Finish {
  failure?: Delta
  /** the answer ended before the model did */
  cut: boolean
  /** usage and stop, told how many tool calls the answer has */
  ending: (toolCalls: number) => Delta[]
}

/** `told` is the status that the event's name tells; a response that says it went worse is believed. */
export function finishOf(response: JsonObject, told: string): Finish {
  const status = told === 'completed' ? (asName(response.status) ?? told) : told
  const failure = failureOf(response, status)
  const cut = status === 'incomplete'
  const ending = (toolCalls: number): Delta[] => {
    const usage = usageOf(response.usage)
    const serviceTier = asName(response.service_tier)
    const whole: StopReason = toolCalls > 0 ? 'tool-calls' : 'stop'
    const reason = cut ? cutReason(response) : whole
    return [
      ...(usage ? [{ type: 'usage' as const, usage }] : []),
      { type: 'stop', reason, ...(serviceTier && { serviceTier }) },
    ]
  }
  return { ...(failure && { failure }), cut, ending }
}

function failureOf(response: JsonObject, status: string): Delta | undefined {
  if (status === 'failed') return responsesFailure(response.error)
  if (status !== 'cancelled') return undefined
  return responsesFailure(response.error ?? { message: 'The upstream cancelled the answer.' })
}

function cutReason(response: JsonObject): StopReason {
  const { reason } = asObject(response.incomplete_details)
  return reason === 'content_filter' ? 'content-filter' : 'length'
}

/** Here input already includes the cache and output the reasoning. undefined when the upstream reported none. */
function usageOf(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined
  const input = asNumber(value.input_tokens)
  const output = asNumber(value.output_tokens)
  if (input === undefined && output === undefined) return undefined
  const { cached_tokens, cache_write_tokens } = asObject(value.input_tokens_details)
  const { reasoning_tokens } = asObject(value.output_tokens_details)
  const [cachedTokens, cacheWriteTokens, reasoningTokens] = [
    asNumber(cached_tokens),
    asNumber(cache_write_tokens),
    asNumber(reasoning_tokens),
  ]
  return {
    inputTokens: input ?? 0,
    outputTokens: output ?? 0,
    ...(cachedTokens !== undefined && { cachedTokens }),
    ...(cacheWriteTokens !== undefined && { cacheWriteTokens }),
    ...(reasoningTokens !== undefined && { reasoningTokens }),
  }
}
