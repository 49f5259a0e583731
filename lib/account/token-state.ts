/** What is known of the account's pair just now: how long it serves, what went wrong, and when to try again. */
import { dueTime } from './expiry.ts'
import type { Tokens } from './token-store.ts'

/** ISO times in UTC; never a secret. */
export interface TokenStatus {
  state: 'ok' | 'degraded'
  expires_at: string | null
  last_refresh: string | null
  next_refresh: string | null
  last_error: string | null
}

interface Failure {
  error: Error
  /** ms since the epoch */
  retryAt: number
  /** failures in a row */
  count: number
}

/** After failures in a row: 1 s, 2 s, 4 s … between attempts. */
const maxPauseMs = 60_000
/** A refused pair is tried again this seldom; the store is looked at sooner. */
const refusedPauseMs = 300_000

export class TokenState {
  readonly #refreshHours: number
  #pair: Tokens | undefined
  #dueAt = 0
  #lastRefresh: number | undefined
  #failure: Failure | undefined
  /** the token server said no to this pair */
  #refused = false
  readonly #former: string[] = []

  constructor(refreshHours: number) {
    this.#refreshHours = refreshHours
  }

  get pair(): Tokens | undefined {
    return this.#pair
  }

  /** ms since the epoch */
  get dueAt(): number {
    return this.#dueAt
  }

  get failure(): Failure | undefined {
    return this.#failure
  }

  /** The access token while it lives, due or not. */
  get usable(): string | undefined {
    return this.#pair && Date.now() < this.#pair.expiresAt ? this.#pair.access : undefined
  }

  get isDue(): boolean {
    return this.#pair?.access === undefined || Date.now() >= this.#dueAt
  }

  /** A clock that was set back must not make the pause longer than it was meant to be. */
  get mustWait(): boolean {
    const left = (this.#failure?.retryAt ?? 0) - Date.now()
    return left > 0 && left <= refusedPauseMs
  }

  /** An access token that needs no renewal and is not the rejected one. */
  fresh(rejected: string | undefined): string | undefined {
    const access = this.#pair?.access
    return access !== rejected && !this.isDue ? access : undefined
  }

  use(pair: Tokens): void {
    const { access, refresh } = this.#pair ?? {}
    for (const secret of [access, refresh]) if (secret !== undefined) this.#former.push(secret)
    this.#former.splice(0, this.#former.length - 6)
    this.#pair = pair
    this.#dueAt = pair.access
      ? dueTime(pair.obtainedAt, pair.expiresAt, this.#refreshHours, Math.random())
      : 0
    this.#failure = undefined
    this.#refused = false
  }

  refreshed(at: number): void {
    this.#lastRefresh = at
  }

  /** The time until the renewal has passed, whatever the clock says. */
  dueNow(): void {
    this.#dueAt = Math.min(this.#dueAt, Date.now())
  }

  refused(): void {
    this.#refused = true
  }

  /** Whether that is news. */
  failed(error: Error): boolean {
    const count = (this.#failure?.count ?? 0) + 1
    const pause = this.#refused ? refusedPauseMs : Math.min(maxPauseMs, 1000 * 2 ** (count - 1))
    const isNew = this.#failure?.error.message !== error.message
    this.#failure = { error, retryAt: Date.now() + pause, count }
    return isNew
  }

  /** A renewal went well; what a refused pair failed with stays until there is another pair. */
  succeeded(): void {
    if (!this.#refused) this.#failure = undefined
  }

  mayRetry(): void {
    this.#failure = undefined
  }

  status(): TokenStatus {
    const failed = this.#failure !== undefined && this.usable === undefined
    return {
      state: this.#refused || failed ? 'degraded' : 'ok',
      expires_at: isoTime(this.#pair?.access ? this.#pair.expiresAt : undefined),
      last_refresh: isoTime(this.#lastRefresh),
      next_refresh: isoTime(this.#failure?.retryAt ?? (this.#dueAt || undefined)),
      last_error: this.#failure?.error.message ?? null,
    }
  }

  /** the tokens of now and of a while ago */
  secrets(): string[] {
    const known = [this.#pair?.access, this.#pair?.refresh, ...this.#former]
    return known.filter((secret) => secret !== undefined)
  }
}

function isoTime(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString()
}
