/**
 * What each client may use: requests and tokens in a minute and in a day, and requests at a time. Counted by name, so that a
 * reload changes limits and forgets nothing. A request counts from its admission on, unless it is refused before anybody was
 * asked; tokens count when they are known, so that what is under way can exceed a limit by its own size.
 */
import type { Caller } from '../config/types.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import type { Client } from '../../pipelines/index.ts'
import { WindowCounts, type Counts } from './window-counts.ts'
import { dayAt, minuteAt, type Window } from './windows.ts'

/** What a limit counts. */
type Unit = 'requests' | 'tokens'

/** Where a caller stands with one of their limits. */
export interface Standing {
  name: 'requests_per_minute' | 'requests_per_day' | 'tokens_per_minute' | 'tokens_per_day'
  unit: Unit
  limit: number
  used: number
  left: number
  /** ms since the epoch */
  endsMs: number
}

export interface Asking {
  /** undefined: nobody's limits count, as for requests that spend nothing */
  caller: Caller | undefined
  /** the API that the request speaks */
  client: Pick<Client, 'limitHeader' | 'limitReset'>
  /** of the process; 0: any number */
  maxParallel: number
}

interface Open {
  minute: Window
  day: Window
  minuteCounts: Counts
  dayCounts: Counts
}

/** The tokens of a request's log line. */
interface Tokens {
  inputTokens: number | undefined
  outputTokens: number | undefined
  cachedTokens: number | undefined
}

/** A longer wait than this is told to be one: SDKs would sit it out in silence. */
const patienceS = 60

export class Limits {
  /** by local day; seeded at the start with what is known of today */
  readonly days = new WindowCounts()
  readonly #minutes = new WindowCounts()
  readonly #underWay = new Map<string, number>()
  #all = 0
  /** the minute in which a client's refusals were last told of, by name */
  readonly #told = new Map<string, string | number>()

  /** Throws ProxyError 503 `max_parallel`, or 429 `client_limit` in the words of the client's API. */
  admit({ caller, client, maxParallel }: Asking): Admission {
    if (maxParallel > 0 && this.#all >= maxParallel) throw busy(maxParallel)
    const nowMs = Date.now()
    const open = caller && this.#open(caller, nowMs)
    if (caller && open) this.#check(caller, open, client, nowMs)
    this.#all += 1
    if (caller) this.#underWay.set(caller.name, this.underWay(caller) + 1)
    return new Admission(this, { caller, client, maxParallel }, open)
  }

  /** Requests of a caller under way now. */
  underWay({ name }: Caller): number {
    return this.#underWay.get(name) ?? 0
  }

  /** Requests and tokens of the caller's day. */
  today({ name }: Caller): Counts {
    return this.days.of(dayAt(Date.now()).id, name)
  }

  /** All limits of a caller that are set. */
  standings(caller: Caller): Standing[] {
    return standingsOf(caller, this.#open(caller, Date.now()))
  }

  /** Whether the refusals of a caller are to be told of: once a minute. */
  isNews({ name }: Caller): boolean {
    const { id } = minuteAt(Date.now())
    if (this.#told.get(name) === id) return false
    this.#told.set(name, id)
    return true
  }

  /** Tokens of now. */
  minuteCounts({ name }: Caller): Counts {
    return this.#minutes.of(minuteAt(Date.now()).id, name)
  }

  release(caller: Caller | undefined): void {
    this.#all -= 1
    if (!caller) return
    const left = this.underWay(caller) - 1
    if (left > 0) this.#underWay.set(caller.name, left)
    else this.#underWay.delete(caller.name)
  }

  #open({ name }: Caller, nowMs: number): Open {
    const minute = minuteAt(nowMs)
    const day = dayAt(nowMs)
    const minuteCounts = this.#minutes.of(minute.id, name)
    return { minute, day, minuteCounts, dayCounts: this.days.of(day.id, name) }
  }

  #check(caller: Caller, open: Open, client: Asking['client'], nowMs: number): void {
    const standings = standingsOf(caller, open)
    // of several the one that lasts longest: until then nothing is served
    const [reached] = standings
      .filter(({ left }) => left === 0)
      .toSorted((one, other) => other.endsMs - one.endsMs)
    if (reached) throw overLimit(caller, reached, limitHeaders(standings, client, nowMs), nowMs)
    const { parallel } = caller
    if (parallel !== undefined && this.underWay(caller) >= parallel) throw tooMany(caller, parallel)
  }
}

/** One request that was let in. */
export class Admission {
  /** somebody was asked, so that it counts */
  isSpent = false
  readonly #limits: Limits
  readonly #asking: Asking
  readonly #open: Open | undefined

  constructor(limits: Limits, asking: Asking, open: Open | undefined) {
    this.#limits = limits
    this.#asking = asking
    this.#open = open
    this.#count(1)
  }

  /** Whether an answer has to show its tokens. */
  get countsTokens(): boolean {
    const { caller } = this.#asking
    return (caller?.tokens_per_day ?? caller?.tokens_per_minute) !== undefined
  }

  /** The caller's own limits, for the head of an answer: they are what the caller has to go by, not the upstream's. */
  headers(): Record<string, string> {
    const { caller, client } = this.#asking
    if (!caller || !this.#open) return {}
    return limitHeaders(standingsOf(caller, this.#open), client, Date.now())
  }

  /** Books what the answer came to: on the day of its request, in the minute of its end. Cache reads do not count. */
  book({ inputTokens = 0, cachedTokens = 0, outputTokens = 0 }: Tokens): void {
    const { caller } = this.#asking
    if (!caller || !this.#open) return
    const tokens = Math.max(0, inputTokens - cachedTokens) + outputTokens
    this.#open.dayCounts.tokens += tokens
    this.#limits.minuteCounts(caller).tokens += tokens
  }

  /** To be called once, when the answer is over. */
  end(): void {
    if (!this.isSpent) this.#count(-1)
    this.#limits.release(this.#asking.caller)
  }

  #count(requests: 1 | -1): void {
    if (!this.#open) return
    this.#open.minuteCounts.requests += requests
    this.#open.dayCounts.requests += requests
  }
}

function standingsOf(caller: Caller, open: Open): Standing[] {
  const { minute, day, minuteCounts, dayCounts } = open
  const all = [
    ['requests_per_minute', 'requests', minuteCounts, minute],
    ['requests_per_day', 'requests', dayCounts, day],
    ['tokens_per_minute', 'tokens', minuteCounts, minute],
    ['tokens_per_day', 'tokens', dayCounts, day],
  ] as const
  return all.flatMap(([name, unit, counts, { endsMs }]) => {
    const limit = caller[name]
    if (limit === undefined) return []
    const used = counts[unit]
    return { name, unit, limit, used, left: Math.max(0, limit - used), endsMs }
  })
}

/** In the words of the client's API. Of two limits for one unit the one with least left. */
function limitHeaders(
  standings: Standing[],
  { limitHeader, limitReset }: Asking['client'],
  nowMs: number,
): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const unit of ['requests', 'tokens'] as const) {
    const [least] = standings
      .filter((one) => one.unit === unit)
      .toSorted((one, other) => one.left - other.left)
    if (!least) continue
    headers[limitHeader('limit', unit)] = String(least.limit)
    headers[limitHeader('remaining', unit)] = String(least.left)
    headers[limitHeader('reset', unit)] = limitReset(least.endsMs, nowMs)
  }
  return headers
}

function overLimit(
  { name }: Caller,
  { name: limitName, limit, endsMs }: Standing,
  headers: Record<string, string>,
  nowMs: number,
): ProxyError {
  const seconds = Math.max(1, Math.ceil((endsMs - nowMs) / 1000))
  const period = limitName.endsWith('day') ? 'day' : 'minute'
  return new ProxyError(
    429,
    'client_limit',
    `The client ${name} has reached its limit ${limitName} (${limit}). The next ${period} begins in ${seconds} s, at ${new Date(endsMs).toISOString()}.`,
    {
      headers: {
        ...headers,
        'retry-after': String(seconds),
        ...(seconds > patienceS && { 'x-should-retry': 'false' }),
      },
    },
  )
}

function tooMany({ name }: Caller, parallel: number): ProxyError {
  return new ProxyError(
    429,
    'client_limit',
    `The client ${name} has reached its limit parallel (${parallel}). Send the next request when one has ended.`,
    { headers: { 'retry-after': '1' } },
  )
}

function busy(maxParallel: number): ProxyError {
  return new ProxyError(
    503,
    'max_parallel',
    `The proxy answers ${maxParallel} requests already, which is its max_parallel. Send the request again.`,
    { headers: { 'retry-after': '1' } },
  )
}
