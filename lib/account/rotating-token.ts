/**
 * A pair of tokens that renews itself: by timer with or without traffic, when a request finds it overdue, and after a 401.
 * However many ask, one renewal runs; across processes the store makes them take turns, and whoever comes second finds the
 * new pair there. The new pair is in the store before anybody gets it.
 */
import type { AuthConfig } from '../config/types.ts'
import type { Logger } from '../log.ts'
import type { Agents } from '../upstream/agents.ts'
import { expiryOf } from './expiry.ts'
import { askForTokens, RefreshRefused } from './token-endpoint.ts'
import { TokenState, type TokenStatus } from './token-state.ts'
import { StoreError, type SaveTokens, type Tokens, type TokenStore } from './token-store.ts'

interface Parts {
  store: TokenStore
  /** what to begin with where the store holds no pair; throws where there is nothing */
  startingPair: () => Promise<Tokens>
  auth: AuthConfig
  log: Logger
  agents: Agents
}

/** After a failure the store is looked at this soon, whatever the pause before the token server is asked again. */
const lookAgainMs = 15_000
/** Node's timers overflow above this. */
const maxTimerMs = 2 ** 31 - 1

export class RotatingToken {
  readonly #parts: Parts
  readonly #state: TokenState
  #renewal: Promise<string> | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  /** the pair last seen in the store or saved there: another one there is another program's */
  #inStore: Tokens | undefined
  #unsaved = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#state = new TokenState(parts.auth.refresh_hours)
  }

  async start(): Promise<void> {
    try {
      await this.#load()
    } catch (error) {
      this.#failed(error as Error)
    }
    if (this.#state.isDue) this.#renewInBackground()
    else this.#armTimer()
  }

  /** Waits for a renewal that is under way, so that no pair is lost by leaving. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#renewal?.catch(() => undefined)
    await this.#parts.store.close()
  }

  /** The access token; renewed first where it is due. Fails with the reason where none is usable. */
  async current(): Promise<string> {
    const fresh = this.#state.fresh(undefined)
    if (fresh !== undefined) return fresh
    if (this.#state.mustWait && this.#state.usable !== undefined) return this.#state.usable
    try {
      return await this.#renew(undefined)
    } catch (error) {
      if (this.#state.usable !== undefined) return this.#state.usable
      throw error
    }
  }

  /** A token other than `rejected`. */
  async replace(rejected: string): Promise<string> {
    const { usable } = this.#state
    return usable !== undefined && usable !== rejected ? usable : await this.#renew(rejected)
  }

  status(): TokenStatus {
    const status = this.#state.status()
    return { ...status, last_error: status.last_error ?? this.#parts.store.problem ?? null }
  }

  secrets(): string[] {
    return this.#state.secrets()
  }

  #renew(rejected: string | undefined): Promise<string> {
    this.#renewal ??= this.#renewNow(rejected).finally(() => {
      this.#renewal = undefined
      this.#armTimer()
    })
    return this.#renewal
  }

  async #renewNow(rejected: string | undefined): Promise<string> {
    if (this.#state.mustWait) await this.#adoptChange().catch(() => undefined)
    if (this.#state.mustWait) throw this.#state.failure!.error
    try {
      const access = await this.#parts.store.withTurn((save) => this.#renewInTurn(rejected, save))
      this.#state.succeeded()
      return access
    } catch (error) {
      this.#failed(error as Error)
      throw error
    }
  }

  async #renewInTurn(rejected: string | undefined, save: SaveTokens): Promise<string> {
    const old = await this.#load()
    const adopted = this.#state.fresh(rejected)
    if (adopted !== undefined) return adopted
    try {
      return await this.#exchange(old, save)
    } catch (error) {
      if (!(error instanceof RefreshRefused)) throw error
      const other = await this.#load()
      if (other.refresh === old.refresh) {
        this.#state.refused()
        throw error
      }
      return this.#state.fresh(rejected) ?? (await this.#exchange(other, save))
    }
  }

  async #exchange(old: Tokens, save: SaveTokens): Promise<string> {
    const { auth, agents, log } = this.#parts
    const fresh = await askForTokens(auth, old.refresh, agents)
    const obtainedAt = Date.now()
    const pair: Tokens = {
      access: fresh.access,
      refresh: fresh.refresh ?? old.refresh,
      obtainedAt,
      expiresAt: expiryOf(fresh.access, obtainedAt, fresh.expiresIn),
    }
    const kept = await this.#save(pair, save)
    this.#state.use(kept)
    if (kept.refresh === pair.refresh) {
      this.#state.refreshed(obtainedAt)
      log.info(`Token refreshed successfully, expires at: ${localTime(pair.expiresAt)}`)
    } else {
      log.warn('another process renewed the login at the same time; its token is used')
    }
    return kept.access ?? fresh.access
  }

  /** A store that cannot be written must not end the login: the pair then lives in memory, and that is said once. */
  async #save(pair: Tokens, save: SaveTokens): Promise<Tokens> {
    const { store, log } = this.#parts
    try {
      const kept = await save(pair)
      this.#inStore = kept
      this.#unsaved = false
      return kept
    } catch (error) {
      if (!this.#unsaved) {
        const { code, message } = error as NodeJS.ErrnoException
        log.error(
          { store: store.place, reason: code ?? message },
          'the renewed login cannot be saved; it is lost if this process ends before it can be',
        )
      }
      this.#unsaved = true
      return pair
    }
  }

  /** Takes over what the store holds where it is new to us. Gives the pair that then counts. */
  async #load(): Promise<Tokens> {
    const { store, startingPair } = this.#parts
    const stored = await store.read()
    if (stored && !(this.#inStore && isSame(stored, this.#inStore))) {
      this.#inStore = stored
      this.#state.use(stored)
    }
    if (!this.#state.pair) this.#state.use(await startingPair())
    return this.#state.pair!
  }

  /** While a pause lasts nobody is asked, but another program may have put things right, or the store is back. */
  async #adoptChange(): Promise<void> {
    const before = this.#state.pair?.refresh
    const error = this.#state.failure?.error
    const { refresh } = await this.#load()
    if (refresh !== before || error instanceof StoreError) this.#state.mayRetry()
  }

  #failed(error: Error): void {
    const { store, log } = this.#parts
    if (!this.#state.failed(error)) return
    log.error({ reason: error.message, store: store.place }, 'the login could not be renewed')
  }

  #renewInBackground(): void {
    this.#renew(undefined).catch(() => {
      // logged, kept in `status`, and tried again by the timer
    })
  }

  #armTimer(): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    const { failure, dueAt } = this.#state
    const at = failure ? Math.min(failure.retryAt, Date.now() + lookAgainMs) : dueAt
    const delay = Math.min(Math.max(at - Date.now(), 1000), maxTimerMs)
    this.#timer = setTimeout(() => this.#onTimer(), delay)
    this.#timer.unref()
  }

  /** The timer runs on a clock that cannot be set: when it ends, the time has passed, whatever the wall says. */
  #onTimer(): void {
    if (!this.#state.failure) this.#state.dueNow()
    this.#renewInBackground()
  }
}

/** Some token servers leave the refresh token as it was. */
function isSame(one: Tokens, other: Tokens): boolean {
  return one.refresh === other.refresh && one.access === other.access
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
