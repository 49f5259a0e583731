/**
 * A pair of tokens that renews itself: by timer with or without traffic, when a request finds it overdue, and after a 401.
 * However many ask, one renewal runs; across processes a lock on the file makes them take turns, and whoever comes second
 * finds the new pair there. The new pair is on disk before anybody gets it.
 */
import { createHash } from 'node:crypto'
import type { AuthConfig } from '../config/types.ts'
import type { Logger } from '../log.ts'
import type { Agents } from '../upstream/agents.ts'
import { dueTime, expiryOf } from './expiry.ts'
import { withFileLock } from './file-lock.ts'
import type { Source } from './source.ts'
import { askForTokens, RefreshRefused } from './token-endpoint.ts'
import { readTokens, writeTokens, type StoredTokens } from './token-file.ts'

/** ISO times in UTC; never a secret. */
export interface TokenStatus {
  state: 'ok' | 'degraded'
  expires_at: string | null
  last_refresh: string | null
  next_refresh: string | null
  last_error: string | null
}

interface Parts {
  source: Extract<Source, { file: string }>
  auth: AuthConfig
  log: Logger
  agents: Agents
}

/** After failures in a row: 1 s, 2 s, 4 s … between attempts. */
const maxPauseMs = 60_000
/** A refused pair is tried again this seldom; the file is looked at sooner. */
const refusedPauseMs = 300_000
const lookAgainMs = 15_000
/** Node's timers overflow above this. */
const maxTimerMs = 2 ** 31 - 1

export class RotatingToken {
  readonly #parts: Parts
  readonly #seedHash: string | undefined
  #pair: StoredTokens | undefined
  #dueAt = 0
  #renewal: Promise<string> | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  /** the refresh token last seen in the file or written to it: another one there is another program's */
  #inFile: string | undefined
  #lastRefresh: number | undefined
  #failure: { error: Error; retryAt: number; count: number } | undefined
  /** the token server said no to this pair */
  #refused = false
  #unsaved = false
  readonly #former: string[] = []

  constructor(parts: Parts) {
    this.#parts = parts
    const { source } = parts
    this.#seedHash = source.kind === 'droid_refresh_key' ? hash(source.seed) : undefined
  }

  async start(): Promise<void> {
    try {
      await this.#load()
    } catch (error) {
      this.#failed(error as Error)
    }
    if (this.#isDue()) this.#renewInBackground()
    else this.#armTimer()
  }

  /** Waits for a renewal that is under way, so that no pair is lost by leaving. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#renewal?.catch(() => undefined)
  }

  /** The access token; renewed first where it is due. Fails with the reason where none is usable. */
  async current(): Promise<string> {
    if (!this.#isDue()) return this.#pair!.access!
    if (this.#mustWait() && this.#isUsable()) return this.#pair!.access!
    try {
      return await this.#renew(undefined)
    } catch (error) {
      if (this.#isUsable()) return this.#pair!.access!
      throw error
    }
  }

  /** A token other than `rejected`. */
  async replace(rejected: string): Promise<string> {
    const access = this.#pair?.access
    if (access !== undefined && access !== rejected && this.#isUsable()) return access
    return await this.#renew(rejected)
  }

  status(): TokenStatus {
    const failed = this.#failure !== undefined && !this.#isUsable()
    return {
      state: this.#refused || failed ? 'degraded' : 'ok',
      expires_at: isoTime(this.#pair?.access ? this.#pair.expiresAt : undefined),
      last_refresh: isoTime(this.#lastRefresh),
      next_refresh: isoTime(this.#failure?.retryAt ?? (this.#dueAt || undefined)),
      last_error: this.#failure?.error.message ?? null,
    }
  }

  secrets(): string[] {
    const { source } = this.#parts
    const known = [this.#pair?.access, this.#pair?.refresh, ...this.#former]
    if (source.kind === 'droid_refresh_key') known.push(source.seed)
    return known.filter((secret) => secret !== undefined)
  }

  #isUsable(): boolean {
    return this.#pair?.access !== undefined && Date.now() < this.#pair.expiresAt
  }

  #isDue(): boolean {
    return this.#pair?.access === undefined || Date.now() >= this.#dueAt
  }

  /** A clock that was set back must not make the pause longer than it was meant to be. */
  #mustWait(): boolean {
    const left = (this.#failure?.retryAt ?? 0) - Date.now()
    return left > 0 && left <= refusedPauseMs
  }

  #renew(rejected: string | undefined): Promise<string> {
    this.#renewal ??= this.#renewNow(rejected).finally(() => {
      this.#renewal = undefined
      this.#armTimer()
    })
    return this.#renewal
  }

  async #renewNow(rejected: string | undefined): Promise<string> {
    if (this.#mustWait()) await this.#adoptChange().catch(() => undefined)
    if (this.#mustWait()) throw this.#failure!.error
    try {
      const { file } = this.#parts.source
      const access = await withFileLock(file, () => this.#renewLocked(rejected))
      if (!this.#refused) this.#failure = undefined
      return access
    } catch (error) {
      this.#failed(error as Error)
      throw error
    }
  }

  async #renewLocked(rejected: string | undefined): Promise<string> {
    await this.#load()
    const adopted = this.#freshAccess(rejected)
    if (adopted !== undefined) return adopted
    try {
      return await this.#exchange()
    } catch (error) {
      if (!(error instanceof RefreshRefused)) throw error
      const sent = this.#pair!.refresh
      await this.#load()
      if (this.#pair!.refresh === sent) {
        this.#refused = true
        throw error
      }
      return this.#freshAccess(rejected) ?? (await this.#exchange())
    }
  }

  #freshAccess(rejected: string | undefined): string | undefined {
    const access = this.#pair?.access
    return access !== undefined && access !== rejected && !this.#isDue() ? access : undefined
  }

  async #exchange(): Promise<string> {
    const old = this.#pair!
    const { auth, agents } = this.#parts
    const fresh = await askForTokens(auth, old.refresh, agents)
    const obtainedAt = Date.now()
    const pair: StoredTokens = {
      access: fresh.access,
      refresh: fresh.refresh ?? old.refresh,
      obtainedAt,
      expiresAt: expiryOf(fresh.access, obtainedAt, fresh.expiresIn),
      ...(this.#seedHash && { seedHash: this.#seedHash }),
    }
    await this.#save(pair)
    this.#use(pair)
    this.#lastRefresh = obtainedAt
    const until = localTime(pair.expiresAt)
    this.#parts.log.info(`Token refreshed successfully, expires at: ${until}`)
    return fresh.access
  }

  /** A disk that cannot be written must not end the login: the pair then lives in memory, and that is said once. */
  async #save(pair: StoredTokens): Promise<void> {
    const { source, log } = this.#parts
    try {
      await writeTokens(source.file, pair)
      this.#inFile = pair.refresh
      this.#unsaved = false
    } catch (error) {
      if (!this.#unsaved) {
        const { code, message } = error as NodeJS.ErrnoException
        log.error(
          { file: source.file, reason: code ?? message },
          'the renewed login cannot be saved; it is lost when this process ends',
        )
      }
      this.#unsaved = true
    }
  }

  #use(pair: StoredTokens): void {
    const { access, refresh } = this.#pair ?? {}
    for (const secret of [access, refresh]) if (secret !== undefined) this.#former.push(secret)
    this.#former.splice(0, this.#former.length - 6)
    this.#pair = pair
    const { refresh_hours: hours } = this.#parts.auth
    this.#dueAt = pair.access ? dueTime(pair.obtainedAt, pair.expiresAt, hours, Math.random()) : 0
    this.#failure = undefined
    this.#refused = false
  }

  /** Takes over what the file holds where it is new to us. */
  async #load(): Promise<void> {
    const { source } = this.#parts
    const stored = await readTokens(source.file)
    const wins =
      stored && (!stored.seedHash || !this.#seedHash || stored.seedHash === this.#seedHash)
    if (stored && wins && stored.refresh !== this.#inFile) {
      this.#inFile = stored.refresh
      this.#use(stored)
    }
    if (this.#pair) return
    if (source.kind !== 'droid_refresh_key') throw new Error(`${source.file} is gone`)
    this.#use({ access: undefined, refresh: source.seed, obtainedAt: 0, expiresAt: 0 })
  }

  /** While a pause lasts nobody is asked, but another program may have put things right. */
  async #adoptChange(): Promise<void> {
    const before = this.#pair?.refresh
    await this.#load()
    if (this.#pair?.refresh !== before) this.#failure = undefined
  }

  #failed(error: Error): void {
    const count = (this.#failure?.count ?? 0) + 1
    const pause = this.#refused ? refusedPauseMs : Math.min(maxPauseMs, 1000 * 2 ** (count - 1))
    if (this.#failure?.error.message !== error.message) {
      const { file } = this.#parts.source
      this.#parts.log.error({ reason: error.message, file }, 'the login could not be renewed')
    }
    this.#failure = { error, retryAt: Date.now() + pause, count }
  }

  #renewInBackground(): void {
    this.#renew(undefined).catch(() => {
      // logged, kept in `status`, and tried again by the timer
    })
  }

  #armTimer(): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    const at = this.#failure
      ? Math.min(this.#failure.retryAt, Date.now() + lookAgainMs)
      : this.#dueAt
    const delay = Math.min(Math.max(at - Date.now(), 1000), maxTimerMs)
    this.#timer = setTimeout(() => this.#onTimer(), delay)
    this.#timer.unref()
  }

  /** The timer runs on a clock that cannot be set: when it ends, the time has passed, whatever the wall says. */
  #onTimer(): void {
    if (!this.#failure) this.#dueAt = Math.min(this.#dueAt, Date.now())
    this.#renewInBackground()
  }
}

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

function isoTime(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString()
}

/** `2026-01-31 12:00:00` in this machine's time zone. */
function localTime(time: number): string {
  const date = new Date(time)
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
