/** How a response ended: its status, its last words. */
import { failed, type Delta, type StopReason, type Usage } from '../../neutral/delta.ts'
import type { JsonObject } from '../../json/value.ts'
import { isError } from '../failure.ts'
import { responsesError } from './error.ts'
import { asName, asObject, unreadable } from '../../wire-value.ts'

interface Finish {
  failure?: Delta
  /** the answer ended before the model did */
  cut: boolean
  /** usage and stop, told how many tool calls the answer has */
  ending: (toolCalls: number, usage: Usage | undefined) => Delta[]
}

/** `told` is the status that the event's name tells; a response that says it went worse is believed. */
export function finishOf(response: JsonObject, told: string): Finish {
  const status = told === 'completed' ? (statusOf(response) ?? told) : told
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

/** Throws ProtocolError for what is no status: the answer may have failed. */
export function statusOf({ status }: JsonObject): string | undefined {
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
