/** What an upstream refused of a request that is otherwise right is left out, and it is asked again. Loaded only then. */
import type { Call } from '../app.ts'
import type { Outgo } from '../memories.ts'
import type { UpstreamAnswer } from './attempt.ts'
import { drain, refusalBy } from './beginning.ts'
import { sentHeader } from './headers.ts'
import type { Target } from './target.ts'
import {
  unlessTooDeep,
  wentUp,
  type Refusable,
  type RefusablePast,
  type SentHeaders,
} from '../../pipelines/providers/refusable.ts'

interface Refused {
  call: Call
  target: Target
  /** as it went up; changes with each asking */
  body: Outgo & { besides?: Refusable | undefined; past?: RefusablePast | undefined }
  /** the body before anything was left out */
  given: readonly Buffer[]
  answer: UpstreamAnswer
}

/** A part that was refused, how, and the body without it. */
interface Left {
  part: Refusable
  text: string
  pieces: Buffer[]
  headers: SentHeaders | undefined
}

/**
 * Asks again without a part, where the upstream refuses just that, and then without another. `ask`: sends the body as it then is.
 * Returns the answer, of whatever status.
 */
export async function askAgain(
  first: Refused,
  ask: () => Promise<UpstreamAnswer>,
): Promise<UpstreamAnswer> {
  const { call, target, body } = first
  const { past } = body
  const refused: Left[] = []
  let { answer } = first
  for (let more = Math.max(1, call.config.retry.attempts - 1); ; more -= 1) {
    const isTaken = answer.status < 400
    const { left, refusal } = more > 0 ? await without({ ...first, answer }) : { refusal: answer }
    if (!left || (!left.headers && wentUp(refused, left.pieces))) {
      // Else the last refusal was of something else, and only repeats the word: a client could end the counting by it.
      if (isTaken && refused.some(({ part }) => part !== past)) call.app.plainStreams.add(target)
      if (past) await learn(first, past, isTaken ? refused : refused.slice(0, -1))
      return refusal
    }
    drain(refusal.stream)
    // what was refused does not count as one of the attempts
    if (target.trip) target.trip.sends -= 1
    call.record.notFound = undefined
    body.pieces = left.pieces
    if (left.headers) body.headers = { ...body.headers, ...left.headers }
    if (left.part === body.besides) body.besides = undefined
    refused.push(left)
    answer = await ask()
  }
}

/** What goes up in place of a part that is refused, the client's before ours, which its words may name; and the answer, unread. */
async function without({
  call: { headers: client, signal },
  target: { endpoint },
  body: { besides, past, pieces: given, headers: extra },
  answer,
}: Refused): Promise<{ left?: Left; refusal: UpstreamAnswer }> {
  const parts = [past, besides].filter((part) => part?.refusals.includes(answer.status))
  if (parts.length === 0) return { refusal: answer }
  const { refusal, text } = await refusalBy(answer, signal)
  if (signal.cancelled) {
    refusal.stream.destroy()
    throw signal.reason
  }
  const bytes = Buffer.concat(given)
  const sent = sentHeader({ client, endpoint, extra })
  for (const part of parts) {
    if (!part?.isRefused(text)) continue
    const headers = part === past ? past.headers?.(text, sent) : undefined
    const pieces = unlessTooDeep(() => part.leaveOut(bytes, text)) ?? (headers && [bytes])
    if (pieces) return { left: { part, pieces, text, headers }, refusal }
  }
  return { refusal }
}

/** What surely was refused of earlier turns. */
async function learn(
  { call, target, given: pieces }: Refused,
  past: RefusablePast,
  refused: readonly Left[],
): Promise<void> {
  const { app, log } = call
  const refusals = refused.filter(({ part }) => part === past)
  if (refusals.length === 0) return
  log.info('an upstream took a request without what it refused')
  const { RefusedPast } = await import('./past-memory.ts')
  app.refusedPast ??= new RefusedPast()
  app.refusedPast.learn(call, target, { pieces, past, refusals })
}
