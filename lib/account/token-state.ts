/**
 * What is known of the account's pair just now: how long it serves, what went wrong, and when to try again. A life is a span,
 * counted from the token's arrival, so neither this machine's clock nor the token server's has to be right. Times are ms since
 * the epoch, spans are ms.
 */
import type { Tokens } from './token-store.ts'

/** ISO times in UTC; never a secret. */
export interface TokenStatus {
  state: 'ok' | 'degraded'
  /** whether a request gets a token now */
  can_serve: boolean
  expires_at: string | null
  last_refresh: string | null
  next_refresh: string | null
  last_error: string | null
}

/** A failed attempt, with the pause that its server asked for. */
export interface FailedAttempt extends Error {
  /** ms that the server wants to be left alone */
  retryAfterMs?: number | undefined
}

interface Failure {
  error: FailedAttempt
  age: Age
  /** ms until the next attempt */
  pause: number
  /** failures in a row */
  count: number
}

/** After failures in a row: 1 s, 2 s, 4 s … between attempts. */
const maxPauseMs = 60_000
/** A refused pair is shown again this seldom, each time after twice as long; the store is looked at sooner. */
const refusedPauseMs = 300_000
const longestRefusedPauseMs = 3_600_000
/** Between two renewals that went well, whatever clocks and servers claim; only an upstream's 401 comes sooner. */
const betweenRenewalsMs = 60_000

export class TokenState {
  readonly #refreshHours: number
  #pair: Tokens | undefined
  /** ms; of the pair */
  #life = 0
  #dueAfter = 0
  #age = new Age(0)
  /** by the clock that cannot be set */
  #renewedAt = Number.NEGATIVE_INFINITY
  #lastRefresh: number | undefined
  #failure: Failure | undefined
  /** the token server refused this pair */
  #refused = false
  readonly #former: string[] = []

  constructor(refreshHours: number) {
    this.#refreshHours = refreshHours
  }

  get pair(): Tokens | undefined {
    return this.#pair
  }

  get failure(): Failure | undefined {
    return this.#failure
  }

  /** The access token while it lives, due or not. One that was just renewed lives, whatever times it holds. */
  get usable(): string | undefined {
    return this.#age.ms < this.#life || this.#isJustRenewed ? this.#pair?.access : undefined
  }

  get isDue(): boolean {
    return this.#pair?.access === undefined || this.dueInMs <= 0
  }

  /** ms until the pair should be renewed */
  get dueInMs(): number {
    const pause = this.#renewedAt + betweenRenewalsMs - performance.now()
    return Math.max(this.#dueAfter - this.#age.ms, pause)
  }

  /** ms until somebody may be asked again, 0 where nothing failed */
  get retryInMs(): number {
    const { pause, age } = this.#failure ?? { pause: 0, age: new Age(0) }
    return Math.max(0, pause - age.ms)
  }

  get mustWait(): boolean {
    return this.retryInMs > 0
  }

  get isRefused(): boolean {
    return this.#refused
  }

  /** An access token that needs no renewal and is not the rejected one. */
  fresh(rejected: string | undefined): string | undefined {
    const access = this.#pair?.access
    return access !== rejected && !this.isDue ? access : undefined
  }

  /** A pair that was kept; only clocks know its age. */
  use(pair: Tokens): void {
    this.#replace(pair)
    const life = Math.max(0, pair.expiresAt - pair.obtainedAt)
    const age = Math.max(0, Date.now() - pair.obtainedAt)
    this.#startLife(life, new Age(Math.min(age, life)))
    // by another process, or this one before its restart
    const isShort = life > 0 && life < 2 * betweenRenewalsMs
    if (isShort && age < betweenRenewalsMs) this.#renewedAt = performance.now() - age
  }

  /** A pair that was renewed just now. */
  useRenewed(pair: Tokens): void {
    this.#replace(pair)
    this.#startLife(pair.expiresAt - pair.obtainedAt, new Age(0))
    this.#renewedAt = performance.now()
    this.#lastRefresh = Date.now()
  }

  refused(): void {
    this.#refused = true
  }

  /** True if the message differs from the last one. */
  failed(error: FailedAttempt): boolean {
    const count = (this.#failure?.count ?? 0) + 1
    const pause = this.#refused
      ? this.#nextRefusedPauseMs
      : Math.min(maxPauseMs, 1000 * 2 ** (count - 1))
    const isNew = this.#failure?.error.message !== error.message
    const asked = Math.max(pause, error.retryAfterMs ?? 0)
    this.#failure = { error, age: new Age(0), pause: asked, count }
    return isNew
  }

  get #nextRefusedPauseMs(): number {
    const { pause = 0 } = this.#failure ?? {}
    return pause < refusedPauseMs ? refusedPauseMs : Math.min(2 * pause, longestRefusedPauseMs)
  }

  /** A renewal went well; what a refused pair failed with stays until there is another pair. */
  succeeded(): void {
    if (!this.#refused) this.#failure = undefined
  }

  forgetFailure(): void {
    this.#failure = undefined
  }

  status(): TokenStatus {
    const canServe = this.usable !== undefined
    const nextMs = this.#failure ? this.retryInMs : this.#pair?.access ? this.dueInMs : undefined
    return {
      state: this.#refused || (this.#failure && !canServe) ? 'degraded' : 'ok',
      can_serve: canServe,
      expires_at: isoTime(this.#pair?.access ? this.#pair.expiresAt : undefined),
      last_refresh: isoTime(this.#lastRefresh),
      next_refresh: isoTime(nextMs === undefined ? undefined : Date.now() + Math.max(0, nextMs)),
      last_error: this.#failure?.error.message ?? null,
    }
  }

  /** the tokens of now and of a while ago */
  secrets(): string[] {
    const known = [this.#pair?.access, this.#pair?.refresh, ...this.#former]
    return known.filter((secret) => secret !== undefined)
  }

  get #isJustRenewed(): boolean {
    return performance.now() - this.#renewedAt < betweenRenewalsMs
  }

  #replace(pair: Tokens): void {
    const { access, refresh } = this.#pair ?? {}
    for (const secret of [access, refresh]) if (secret !== undefined) this.#former.push(secret)
    this.#former.splice(0, this.#former.length - 6)
    this.#pair = pair
    this.#failure = undefined
    this.#refused = false
    this.#renewedAt = Number.NEGATIVE_INFINITY
  }

  #startLife(life: number, age: Age): void {
    this.#life = this.#pair?.access === undefined ? 0 : life
    this.#dueAfter = dueAfter(this.#life, this.#refreshHours, Math.random())
    this.#age = age
  }
}

/**
 * Grows by two clocks, whichever is ahead: one that cannot be set, but stands still while the machine sleeps, and the one on
 * the wall, which somebody may set back.
 */
export class Age {
  readonly #startMs: number
  readonly #steady = performance.now()
  readonly #wall = Date.now()

  constructor(startMs: number) {
    this.#startMs = startMs
  }

  get ms(): number {
    return this.#startMs + Math.max(performance.now() - this.#steady, Date.now() - this.#wall)
  }
}

function isoTime(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString()
}

const minute = 60_000
const hour = 60 * minute
/** Of an access token without a stated life. */
const usualLifeMs = 8 * hour
/** A larger number means something else. */
const longestLifeMs = 366 * 24 * hour
/** A token is replaced this long before its end, or a tenth of its life if that is less. */
const marginMs = 10 * minute
/** Replacements are spread over this long, so that machines set up together do not call together. */
const jitterMs = 5 * minute

interface Claims {
  exp?: number | undefined
  iat?: number | undefined
}

/**
 * Of a token that arrives at `now`: `expiresInS` of the token server, else from `iat` to `exp` of a JWT, else to its `exp`,
 * where that is in the future.
 */
export function lifeOf(token: string, now: number, expiresInS?: number): number {
  if (expiresInS !== undefined && expiresInS > 0) return Math.min(expiresInS * 1000, longestLifeMs)
  const { exp, iat } = claimsOf(token)
  if (exp === undefined) return usualLifeMs
  if (iat !== undefined && iat < exp) return Math.min(exp - iat, longestLifeMs)
  return exp - now > minute ? Math.min(exp - now, longestLifeMs) : usualLifeMs
}

/** When a token ends that another program stored in a file; the time of its arrival is uncertain. */
export function storedExpiry(token: string, obtainedAt: number): number {
  return claimsOf(token).exp ?? obtainedAt + usualLifeMs
}

/**
 * How long after its arrival a token should be replaced: after `refreshHours`, and in any case before its end; up to five
 * minutes sooner at random (`random` in 0…1).
 */
function dueAfter(lifeMs: number, refreshHours: number, random: number): number {
  const latest = lifeMs - Math.min(marginMs, lifeMs / 10)
  const due = Math.min(refreshHours * hour, latest)
  return due - random * Math.min(jitterMs, due / 20)
}

/** Of a JSON Web Token, unverified: only its owner's pace depends on them; some servers write ms. Source: RFC 7519 §4.1. */
function claimsOf(token: string): Claims {
  const [, payload, signature] = token.split('.')
  if (!payload || signature === undefined) return {}
  try {
    const { exp, iat } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims
    return { exp: epochMs(exp), iat: epochMs(iat) }
  } catch {
    // two dots do not make a JWT
    return {}
  }
}

/** Seconds since the epoch have ten digits for centuries to come, and ms have thirteen. Undefined for what is no time. */
export function epochMs(value: unknown): number | undefined {
  if (typeof value !== 'number' || !(value > 0) || value > 8.64e15) return undefined
  return value < 1e11 ? value * 1000 : value
}
