/** How a response ended: its status, why it stopped, what it cost. */
import type { JsonObject } from '../../json/value.ts'
import { failed, type Delta, type StopReason, type Usage } from '../../neutral/delta.ts'
import { asName, asObject, largerCount, unreadable } from '../../untrusted.ts'
import { isError } from '../failure.ts'
import { responsesError } from './error.ts'

interface Finish {
  failure?: Delta
  /** the answer ended before the model did */
  cut: boolean
  /** usage and stop, given how many tool calls the answer has */
  ending: (toolCalls: number, usage: Usage | undefined) => Delta[]
}

/** `named` is the status in the event's name; where the response's own is worse, that one counts. */
export function finishOf(response: JsonObject, named: string): Finish {
  const status = named === 'completed' ? (statusOf(response) ?? named) : named
  const failure = failureOf(response, status)
  const cause = cutBy(response)
  const cut = status === 'incomplete' || cause !== undefined
  const ending = (toolCalls: number, usage: Usage | undefined): Delta[] => {
    const serviceTier = asName(response.service_tier)
    const whole: StopReason = toolCalls > 0 ? 'tool-calls' : 'stop'
    const short: StopReason = cause === 'content_filter' ? 'content-filter' : 'length'
    return [
      ...(usage ? [{ type: 'usage' as const, usage }] : []),
      { type: 'stop', reason: cut ? short : whole, ...(serviceTier && { serviceTier }) },
    ]
  }
  return { ...(failure && { failure }), cut, ending }
}

/** Throws ProtocolError for a value that is not a status: the answer may have failed. */
function statusOf({ status }: JsonObject): string | undefined {
  if (typeof status === 'string') return status === '' ? undefined : status
  if (status === undefined || status === null) return undefined
  throw unreadable('the status of a response')
}

function failureOf(response: JsonObject, status: string): Delta | undefined {
  if (status === 'failed' || isError({ error: response.error })) {
    return failed(responsesError(response.error))
  }
  if (status !== 'cancelled') return undefined
  return failed(responsesError({ message: 'The upstream cancelled the answer.' }))
}

/** `incomplete_details` stand only where an answer was cut; of some servers the reason itself. */
function cutBy({ incomplete_details: details }: JsonObject): string | undefined {
  return asName(details) ?? asName(asObject(details).reason)
}

/** Tokens. Here input already includes the cache and output the reasoning; counts never fall. */
export class UsageSoFar {
  #input: number | undefined
  #output: number | undefined
  #cached: number | undefined
  #cacheWrite: number | undefined
  #reasoning: number | undefined

  merge(value: unknown): void {
    const usage = asObject(value)
    const input = asObject(usage.input_tokens_details)
    const output = asObject(usage.output_tokens_details)
    this.#input = largerCount(this.#input, usage.input_tokens)
    this.#output = largerCount(this.#output, usage.output_tokens)
    this.#cached = largerCount(this.#cached, input.cached_tokens)
    this.#cacheWrite = largerCount(this.#cacheWrite, input.cache_write_tokens)
    this.#reasoning = largerCount(this.#reasoning, output.reasoning_tokens)
  }

  /** undefined when the upstream reported none; it leaves out `searches`. */
  total(searches: number): Usage | undefined {
    if (this.#input === undefined && this.#output === undefined) return undefined
    return {
      inputTokens: this.#input ?? 0,
      outputTokens: this.#output ?? 0,
      ...(this.#cached !== undefined && { cachedTokens: this.#cached }),
      ...(this.#cacheWrite !== undefined && { cacheWriteTokens: this.#cacheWrite }),
      ...(this.#reasoning !== undefined && { reasoningTokens: this.#reasoning }),
      ...(searches > 0 && { searches }),
    }
  }
}
