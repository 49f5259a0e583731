/**
 * One request on its way over the models that may serve it, and over the accounts of each, until one of them has answered: at
 * most `retry.attempts` sends, at most `retry.wait_s` of waiting, and nothing twice that may have been taken.
 */
import type { Seat } from '../account/bench.ts'
import type { Member } from '../account/pool.ts'
import type { Call, Tried } from '../app.ts'
import { AttemptError, type UpstreamAnswer } from '../upstream/attempt.ts'
import { drain } from '../upstream/beginning.ts'
import type { Trip } from '../upstream/target.ts'
import { truncatedAnswer } from '../../pipelines/errors.ts'
import { nobodyLeft } from './explanation.ts'
import { sendTo, type SendResult, type Prepared, type Stop } from './send.ts'
import { limitsOf } from './limits.ts'
import { lastRefresh, candidatesFor, settle, type Travel } from './order.ts'
import { isRefusedLogin, outcomeOf, type Facts, type Outcome } from './outcomes.ts'
import { reasonsIn, type RefusalReasons } from './refusal-reasons.ts'

/** Who has answered, and on which way. */
export interface Served<P> {
  prepared: P
  answer: UpstreamAnswer
  account: string | undefined
}

export class Walk<P extends Prepared> {
  readonly #call: Call
  readonly #travel: Travel
  readonly #trip: Trip
  #waitLeftMs: number
  readonly tried: Tried[] = []
  readonly #asked: Member[] = []
  #last: Served<P> | undefined
  #error: unknown
  #soonestMs = Number.POSITIVE_INFINITY

  constructor(call: Call, travel: Travel) {
    const { wait_s: waitS, attempts } = call.config.retry
    this.#call = call
    this.#travel = travel
    this.#trip = { sends: 0, mostSends: attempts }
    this.#waitLeftMs = waitS * 1000
  }

  get sends(): number {
    return this.#trip.sends
  }

  /** The answer for the client, whatever its status. Throws ProxyError if there is none. */
  async go(stops: readonly Stop<P>[]): Promise<Served<P>> {
    try {
      const served = (await this.#firstOf(stops)) ?? this.#last
      if (!served) throw nobodyLeft(this.tried, this.#asked, this.#error, this.#soonestMs)
      // it broke off while its beginning was looked at, or while others were asked
      if (served.answer.stream.destroyed) throw truncatedAnswer()
      if (this.#last && this.#last !== served) drain(this.#last.answer.stream)
      return withSoonest(served, this.#soonestMs)
    } catch (error) {
      this.#last?.answer.stream.destroy()
      throw error
    }
  }

  async #firstOf(stops: readonly Stop<P>[]): Promise<Served<P> | undefined> {
    for (const [index, stop] of stops.entries()) {
      if (this.#isSpent) return undefined
      const prepared = stop.prepare()
      const served = prepared && (await this.#visit(prepared, stop.send, index + 1 < stops.length))
      if (served) return served
    }
    return undefined
  }

  get #isSpent(): boolean {
    return this.#trip.sends >= this.#trip.mostSends
  }

  /** Asks the accounts of one model one after the other. Undefined if none gave a final answer. */
  async #visit(
    prepared: P,
    send: Stop<P>['send'],
    hasFallback: boolean,
  ): Promise<Served<P> | undefined> {
    const members = candidatesFor(this.#call, prepared.target, this.#travel)
    this.#asked.push(...members)
    const learning = this.#call.app.pool.learn(members, prepared.target.model.id)
    if (learning) await this.#learn(learning)
    const passed = new Set<Member>()
    let hasWaited = false
    while (!this.#isSpent) {
      const left = members.filter((member) => !passed.has(member))
      const taken = this.#free(left, prepared) ?? (await this.#tried(left, prepared))
      if (!taken) return undefined
      const hasElsewhere =
        hasFallback || members.some((one) => one !== taken.member && !passed.has(one))
      const outcome = await this.#ask(prepared, send, taken, {
        hasWaited,
        hasFallback,
        hasElsewhere,
      })
      if (outcome.move === 'answer') {
        const { member } = taken
        const isGood = outcome.served !== undefined && outcome.served.answer.status < 300
        const isFirst = member === members[0]
        if (isGood && member.own) {
          settle(this.#call, prepared.target, this.#travel, { name: member.name, isFirst })
        }
        return outcome.served
      }
      if (outcome.move === 'next model') return undefined
      hasWaited = outcome.move === 'wait'
      if (hasWaited) await this.#pause(outcome.waitMs)
      // what is bound to its account is moved to no other
      else if (this.#travel.bound) return undefined
      else passed.add(taken.member)
    }
    return undefined
  }

  /** What rests elsewhere rests here. Throws why the request was given up meanwhile. */
  async #learn(learning: Promise<void>): Promise<void> {
    await learning
    const { signal } = this.#call
    if (signal.cancelled) throw signal.reason
  }

  /** The first account that is free. */
  #free(left: readonly Member[], { target: { endpoint, model } }: P): Taken | undefined {
    const [first] = left
    for (const member of left) {
      const { bench } = member
      // What is bound to its account is answered by it, whatever state it is in.
      if (member !== first && this.#travel.bound) return { member: first!, seat: undefined }
      bench.lookAgain(() => lastRefresh(this.#call, member, endpoint))
      const seat = bench.take(model.id)
      if (seat) return { member, seat }
    }
    return first && this.#travel.bound ? { member: first, seat: undefined } : undefined
  }

  /** No account is free: one that somebody tries after its rest is waited for. */
  async #tried(left: readonly Member[], { target: { model } }: P): Promise<Taken | undefined> {
    for (const { bench } of left)
      this.#soonestMs = soonerOf(this.#soonestMs, bench.leftMs(model.id))
    const tried = left.find(({ bench }) => bench.trial(model.id) !== undefined)
    if (!tried) return undefined
    await this.#pause(this.#waitLeftMs, tried.bench.trial(model.id))
    const seat = tried.bench.take(model.id)
    // A trial that takes its time is no reason to refuse anybody.
    const isFree = seat !== undefined || tried.bench.leftMs(model.id) === 0
    return isFree ? { member: tried, seat } : undefined
  }

  async #ask(
    prepared: P,
    send: Stop<P>['send'],
    { member, seat }: Taken,
    knowledge: Knowledge,
  ): Promise<Asked<P>> {
    try {
      this.#trip.account = member.own
      const result = await sendTo(
        this.#call,
        this.#trip,
        { prepared, send },
        knowledge.hasElsewhere,
      )
      const facts = this.#factsOf(result, prepared, member, knowledge)
      const outcome = outcomeOf(facts)
      this.#note(result, outcome, prepared, member, facts)
      const { answer, error } = result
      if (outcome.move === 'answer' && !answer) throw shownOf(error)
      const served = answer && { prepared, answer, account: member.own && member.name }
      if (outcome.move !== 'answer') this.#leaveBehind(served, error)
      return { move: outcome.move, served, waitMs: facts.limits.waitMs ?? 0 }
    } finally {
      seat?.leave()
    }
  }

  #factsOf(
    result: SendResult,
    { target }: P,
    member: Member,
    { hasWaited, hasFallback }: Knowledge,
  ): Facts {
    const { status } = result
    const reasons = typeof status === 'number' && status >= 400 ? refusalFacts(result) : noRefusal
    // written out, as in lib/same-api/forward.ts
    const { limits, isQuota, isUnpaid, isDead } = reasons
    const isRefused = isRefusedLogin({ status, isDead })
    return {
      status,
      limits,
      isQuota,
      isUnpaid,
      isDead,
      owner: this.#travel.ownerAt(target.endpoint),
      hasWaited,
      hasFallback,
      waitLeftMs: this.#isSpent ? 0 : this.#waitLeftMs,
      model: target.model.id,
      login: isRefused ? lastRefresh(this.#call, member, target.endpoint) : null,
    }
  }

  #note(
    { status, answer }: SendResult,
    { rest, isDoubt }: Outcome,
    { target: { endpoint, model } }: P,
    { bench, name, own }: Member,
    { limits }: Facts,
  ): void {
    const { refusals } = this.#call.app
    if (status === 'unreached') refusals.refused(endpoint.name)
    else if (answer) refusals.answered(endpoint.name)
    if (status !== 'locked') {
      this.tried.push({ endpoint: endpoint.name, account: own && name, result: status })
    }
    if (rest) bench.rest(rest)
    if (isDoubt) bench.doubt()
    if (typeof status === 'number' && status < 400) bench.served(model.id)
    if (limits.waitMs !== undefined) this.#soonestMs = soonerOf(this.#soonestMs, limits.waitMs)
  }

  /** The client gets the newest answer if there is no better one. */
  #leaveBehind(served: Served<P> | undefined, error: unknown): void {
    if (!served) {
      this.#error = shownOf(error)
      return
    }
    if (this.#last) drain(this.#last.answer.stream)
    this.#last = served
  }

  /** At most as long as is left of `retry.wait_s`. Throws why the request was given up meanwhile. */
  async #pause(ms: number, sooner?: Promise<void>): Promise<void> {
    const { signal } = this.#call
    const begunMs = performance.now()
    let forget: (() => void) | undefined
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer)
        forget?.()
        resolve()
      }
      const timer = setTimeout(end, Math.min(ms, this.#waitLeftMs))
      forget = signal.onCancel(end)
      void sooner?.then(end)
    })
    this.#waitLeftMs = Math.max(0, this.#waitLeftMs - (performance.now() - begunMs))
    if (signal.cancelled) throw signal.reason
  }
}

interface Taken {
  member: Member
  seat: Seat | undefined
}

interface Knowledge extends Pick<Facts, 'hasWaited' | 'hasFallback'> {
  /** another account or another model can serve */
  hasElsewhere: boolean
}

interface Asked<P> extends Pick<Outcome, 'move'> {
  served: Served<P> | undefined
  waitMs: number
}

/** What a refusal says. An answer is not searched for it, as nearly all are good. */
function refusalFacts({
  answer,
  text,
}: Pick<SendResult, 'answer' | 'text'>): RefusalReasons & Pick<Facts, 'limits'> {
  return { limits: limitsOf(answer?.headers ?? {}, text), ...reasonsIn(text) }
}

const noRefusal = refusalFacts({ text: '' })

function shownOf(error: unknown): unknown {
  return error instanceof AttemptError ? error.error : error
}

export function soonerOf(one: number, other: number): number {
  return other > 0 ? Math.min(one, other) : one
}

/** A client that comes back after the soonest of the times that were seen finds somebody. */
function withSoonest<S extends { answer: UpstreamAnswer }>(served: S, soonestMs: number): S {
  const { answer } = served
  const hasRetryAfter = answer.status >= 400 && answer.headers['retry-after'] !== undefined
  if (!hasRetryAfter || !Number.isFinite(soonestMs)) return served
  const raw = answer.raw.map((text, index) =>
    index % 2 === 1 && answer.raw[index - 1]!.toLowerCase() === 'retry-after'
      ? String(Math.ceil(soonestMs / 1000))
      : text,
  )
  return { ...served, answer: { ...answer, raw } }
}
