/** One send to one place, and its result: how the answer begins, or why there is none. */
import type { Call } from '../app.ts'
import type { Model } from '../config/types.ts'
import { systemCodeOf } from '../http/answer.ts'
import { AttemptError, type Outgoing, type UpstreamAnswer } from '../upstream/attempt.ts'
import { beginningOf, readRefusal, unread } from '../upstream/beginning.ts'
import { exchange, type OutgoingBody } from '../upstream/exchange.ts'
import type { Target, Trip } from '../upstream/target.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import { firstErrorIn } from './first-error.ts'
import type { Facts } from './outcomes.ts'

/** A request as it goes to one model. */
export interface Prepared {
  road: string
  target: Target
  body: OutgoingBody
}

/** A model that may serve. */
export interface Stop<P extends Prepared> {
  /** undefined where the model cannot take what the request holds */
  prepare: () => P | undefined
  model: Model
  /** the name of its endpoint */
  endpoint: string
  send: (request: Outgoing, road: string) => Promise<UpstreamAnswer>
}

export interface SendResult extends Pick<Facts, 'status'> {
  answer?: UpstreamAnswer
  error?: unknown
  /** of what was looked at */
  text: string
}

/** Sends it, and looks at how the answer begins where that decides anything. Throws why the request was given up meanwhile. */
export async function sendTo<P extends Prepared>(
  call: Call,
  trip: Trip,
  { prepared, send }: { prepared: P; send: Stop<P>['send'] },
  hasElsewhere: boolean,
): Promise<SendResult> {
  const { sends } = trip
  try {
    prepared.target.trip = trip
    // The pieces are let go of with the answer; another place needs them again.
    const body = { ...prepared.body }
    const answer = await exchange(call, prepared.target, body, (request) =>
      send(request, prepared.road),
    )
    const result = await begun(call, answer, hasElsewhere)
    if (!call.signal.cancelled) return result
    answer.stream.destroy()
    throw call.signal.reason
  } catch (error) {
    if (call.signal.cancelled) throw call.signal.reason
    if (error instanceof AttemptError) {
      if (error.neverSent) trip.sends = sends
      // another place may serve, and nobody would learn why this one did not
      call.record.cause = systemCodeOf(error.error)
      return { error, status: error.neverSent ? 'unreached' : 'lost', text: '' }
    }
    if (!(error instanceof ProxyError)) throw error
    return { error, status: isLocked(error) ? 'locked' : 'lost', text: '' }
  }
}

function begun(
  call: Call,
  answer: UpstreamAnswer,
  hasElsewhere: boolean,
): SendResult | Promise<SendResult> {
  const { status, isEventStream } = answer
  if (status >= 400) return readRefusal(answer, call.signal)
  if (isEventStream && hasElsewhere) return firstEvent(call, answer)
  return { answer, status, text: '' }
}

/** It may take as long as a client waits for a sign. */
async function firstEvent(call: Call, answer: UpstreamAnswer): Promise<SendResult> {
  const { app, config, signal } = call
  const { status, stream } = answer
  let error: ReturnType<typeof firstErrorIn>
  const hasBegun = (bytes: Buffer) => (error = firstErrorIn(bytes.toString('utf8'))) !== undefined
  const patience = { isEnough: hasBegun, patienceMs: config.keep_alive_s * 1000, signal }
  const bytes = await beginningOf(stream, patience)
  // what is over when it comes is not asked whether it is enough
  if (error === undefined) hasBegun(bytes)
  const looked = { ...answer, stream: unread(stream) }
  if (error === undefined || error === 'none') return { answer: looked, status, text: '' }
  app.metrics?.begunWithError(call.record, error.status)
  return { answer: looked, status: error.status, text: error.body }
}

/** There is no credential to send it with. */
export function isLocked({ code }: ProxyError): boolean {
  return code === 'upstream_auth_unavailable' || code === 'missing_credential'
}
