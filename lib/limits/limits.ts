/**
 * What each client may use: requests and tokens in a minute and in a day, and requests at a time. Counted by name, so that a
 * reload changes limits and forgets nothing. A request counts from its admission on, unless it is refused before anybody was
 * asked; tokens count when they are known, so that what is under way can exceed a limit by its own size.
 */
import type { Caller } from '../config/types.ts'
import type { SharedCounts } from './shared-counts.ts'
import {
  busy,
  limitHeaders,
  overLimit,
  standingsOf,
  tooMany,
  type LimitHeaderForm,
  type Open,
  type Standing,
} from './standing.ts'
import { WindowCounts, type Counts } from './window-counts.ts'
import { dayAt, minuteAt, noDay, type Day } from './windows.ts'

export interface Asking {
  /** undefined: no limits apply, as for requests that spend nothing */
  caller: Caller | undefined
  /** the API that the request speaks */
  client: LimitHeaderForm
  /** of the process; 0: any number */
  maxParallel: number
}

/** The tokens of a request's log line. */
interface Tokens {
  inputTokens: number | undefined
  outputTokens: number | undefined
  cachedTokens: number | undefined
}

export class Limits {
  /** by local day; seeded at the start with what is known of today */
  readonly days = new WindowCounts()
  /** called with each day that begins, or that the clock is set to */
  onDay: ((day: string) => void) | undefined
  readonly #shared: SharedCounts | undefined
  readonly #minutes = new WindowCounts()
  #today = noDay
  readonly #underWay = new Map<string, number>()
  #all = 0
  /** by name of a client: the minute in which its refusals were last logged */
  readonly #warnedIn = new Map<string, string | number>()
  /** by endpoint and model: endpoints that reported no tokens to a client with a limit of them */
  readonly #silent = new Map<string, string>()

  /** `shared`: where replicas count together. */
  constructor(shared?: SharedCounts) {
    this.#shared = shared
  }

  /** What the operator should know, for `/health`. */
  get warnings(): string[] {
    const silent = new Set(this.#silent.values())
    return [
      ...(this.#shared?.warnings ?? []),
      ...[...silent].map(
        (endpoint) => `${endpoint} tells no tokens, so no limit of tokens knows what is used there`,
      ),
    ]
  }

  /** Notes whether a model reports the tokens of its answers. True the first time that it does not. */
  noteTokens(endpoint: string, model: string, areKnown: boolean): boolean {
    const place = `${endpoint} ${model}`
    if (areKnown) this.#silent.delete(place)
    if (areKnown || this.#silent.has(place)) return false
    this.#silent.set(place, endpoint)
    return true
  }

  /**
   * Throws or fails with ProxyError 503 `max_parallel`, or 429 `client_limit` with the headers of the client's API. A promise only
   * where replicas are asked.
   */
  admit(asking: Asking): Admission | Promise<Admission> {
    const { caller, client, maxParallel } = asking
    if (maxParallel > 0 && this.#all >= maxParallel) throw busy(maxParallel)
    const open = caller && this.#open(caller)
    if (caller && open) {
      this.#checkParallel(caller)
      if (isLimited(caller)) {
        if (this.#shared) return this.#admitShared(asking, caller, open)
        this.#check(caller, open, client)
      }
    }
    this.#enter(caller)
    return new Admission(this, asking, open, false)
  }

  /** Fails with what `admit` would, but for what is under way in the process: for a request that is never sent. Counts nothing. */
  async look({ caller, client }: Pick<Asking, 'caller' | 'client'>): Promise<void> {
    if (!caller) return
    this.#checkParallel(caller)
    await this.learn(caller)
    this.#check(caller, this.#open(caller), client)
  }

  async #admitShared(asking: Asking, caller: Caller, open: Open): Promise<Admission> {
    // others may come while the server is asked
    this.#enter(caller)
    const taken = await this.#shared!.take(caller, open)
    try {
      if (!taken) this.#check(caller, open, asking.client)
    } catch (error) {
      this.release(caller)
      throw error
    }
    return new Admission(this, asking, open, taken === true)
  }

  #enter(caller: Caller | undefined): void {
    this.#all += 1
    if (caller) this.#underWay.set(caller.name, this.underWay(caller) + 1)
  }

  /** Requests of a caller under way now. */
  underWay({ name }: Caller): number {
    return this.#underWay.get(name) ?? 0
  }

  /** Learns what other replicas have counted. */
  async learn(caller: Caller): Promise<void> {
    if (this.#shared && isLimited(caller)) await this.#shared.report(caller, this.#open(caller))
  }

  /** Requests and tokens of the caller's day. */
  today({ name }: Caller): Counts {
    return this.days.of(this.#dayAt(Date.now()).id, name)
  }

  /** All limits of a caller that are set. */
  standings(caller: Caller): Standing[] {
    return standingsOf(caller, this.#open(caller))
  }

  /** Whether to log that a caller is refused: once a minute. */
  shouldWarn({ name }: Caller): boolean {
    const { id } = minuteAt(Date.now())
    if (this.#warnedIn.get(name) === id) return false
    this.#warnedIn.set(name, id)
    return true
  }

  /** Counts tokens in the minute of now, and in a day that may be over. */
  book(caller: Caller, { day, dayCounts }: Open, tokens: number): void {
    const { minute, minuteCounts } = this.#open(caller)
    this.add(minuteCounts, 0, tokens)
    this.add(dayCounts, 0, tokens)
    this.#report(caller, { minute, minuteCounts, day, dayCounts })
  }

  /** Takes a request out of the windows that it was counted in. */
  giveBack(caller: Caller, open: Open): void {
    this.add(open.minuteCounts, -1, 0)
    this.add(open.dayCounts, -1, 0)
    this.#report(caller, open)
  }

  #report(caller: Caller, open: Open): void {
    if (this.#shared && isLimited(caller)) void this.#shared.report(caller, open)
  }

  add(counts: Counts, requests: number, tokens: number): void {
    if (this.#shared) this.#shared.add(counts, requests, tokens)
    else {
      counts.requests += requests
      counts.tokens += tokens
    }
  }

  release(caller: Caller | undefined): void {
    this.#all -= 1
    if (!caller) return
    const left = this.underWay(caller) - 1
    if (left > 0) this.#underWay.set(caller.name, left)
    else this.#underWay.delete(caller.name)
  }

  #open({ name }: Caller): Open {
    const nowMs = Date.now()
    const minute = minuteAt(nowMs)
    const day = this.#dayAt(nowMs)
    const minuteCounts = this.#minutes.of(minute.id, name)
    return { minute, day, minuteCounts, dayCounts: this.days.of(day.id, name) }
  }

  #dayAt(nowMs: number): Day {
    const before = this.#today
    if (nowMs >= before.beginsMs && nowMs < before.endsMs) return before
    this.#today = dayAt(nowMs)
    if (before !== noDay) this.onDay?.(this.#today.id)
    return this.#today
  }

  #checkParallel(caller: Caller): void {
    const { parallel } = caller
    if (parallel !== undefined && this.underWay(caller) >= parallel) throw tooMany(caller, parallel)
  }

  #check(caller: Caller, open: Open, client: LimitHeaderForm): void {
    const standings = standingsOf(caller, open)
    // of several the one that lasts longest: until then nothing is served
    const [reached] = standings
      .filter(({ left }) => left === 0)
      .toSorted((one, other) => other.endsMs - one.endsMs)
    const nowMs = Date.now()
    if (reached) throw overLimit(caller, reached, limitHeaders(standings, client, nowMs), nowMs)
  }
}

/** Whether anything but `parallel`, which is of one process, limits a caller. */
function isLimited(caller: Caller): boolean {
  const { requests_per_minute: minute, requests_per_day: day } = caller
  return (minute ?? day ?? caller.tokens_per_minute ?? caller.tokens_per_day) !== undefined
}

/** Whether answers to a caller have to show their tokens. */
export function countsTokens(caller: Caller | undefined): boolean {
  return (caller?.tokens_per_day ?? caller?.tokens_per_minute) !== undefined
}

/** One request that was let in. */
export class Admission {
  /** somebody was asked, so that it counts */
  isSpent = false
  readonly #limits: Limits
  readonly #asking: Asking
  readonly #open: Open | undefined

  /** `isCounted`: it has been, where replicas count together. */
  constructor(limits: Limits, asking: Asking, open: Open | undefined, isCounted: boolean) {
    this.#limits = limits
    this.#asking = asking
    this.#open = open
    if (!open || isCounted) return
    limits.add(open.minuteCounts, 1, 0)
    limits.add(open.dayCounts, 1, 0)
  }

  /** The caller's own limits, for the head of an answer: they are what the caller has to go by, not the upstream's. */
  headers(): Record<string, string> {
    const { caller, client } = this.#asking
    if (!caller || !this.#open || !isLimited(caller)) return {}
    return limitHeaders(standingsOf(caller, this.#open), client, Date.now())
  }

  /** Books what the answer came to: on the day of its request, in the minute of its end. Cache reads do not count. */
  book({ inputTokens = 0, cachedTokens = 0, outputTokens = 0 }: Tokens): void {
    const { caller } = this.#asking
    if (!caller || !this.#open) return
    const tokens = Math.max(0, inputTokens - cachedTokens) + outputTokens
    this.#limits.book(caller, this.#open, tokens)
  }

  /** To be called once, when the answer is over. */
  end(): void {
    const { caller } = this.#asking
    if (!this.isSpent && caller && this.#open) this.#limits.giveBack(caller, this.#open)
    this.#limits.release(caller)
  }
}
