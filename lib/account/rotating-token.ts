/**
 * A pair of tokens that renews itself: by timer with or without traffic, when a request finds it overdue, and after a 401.
 * However many ask, one renewal runs; across processes the store makes them take turns, and whoever comes second finds the
 * new pair there. The new pair is in the store before anybody gets it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { AuthConfig } from '../config/types.ts'
import { localDay } from '../limits/windows.ts'
import type { Logger } from '../log/log.ts'
import type { Agents } from '../network/agents.ts'
import { TokenState, lifeOf, type FailedAttempt, type TokenStatus } from './token-state.ts'
import { LoginKeeper } from './login-keeper.ts'
import { askForTokens, RefreshRefused, type FreshTokens } from './token-endpoint.ts'
import { StoreError } from '../store/errors.ts'
import type { SaveTokens, Tokens, TokenStore } from './token-store.ts'

export interface StartingPair {
  pair: Tokens
  /** where it is from, for a log line, where that is not the variable or file that was named */
  from?: string
}

interface Parts {
  store: TokenStore
  /** what to begin with where the store holds no pair; throws where there is nothing */
  startingPair: () => Promise<Tokens>
  /** other starting values of the login, tried one after the other if the starting pair is refused */
  otherPairs: () => Promise<StartingPair[]>
  /** what the operator should know from the start; a sentence each */
  notes: string[]
  auth: AuthConfig
  log: Logger
  agents: Agents
}

/** After a failure the store is looked at this soon, whatever the pause before the token server is asked again. */
const lookAgainMs = 15_000
/** Node's timers overflow above this. */
const maxTimerMs = 2 ** 31 - 1
/** A process that ends waits no longer for a token server. */
const lastPatienceMs = 3_000
/** A larger difference of clocks is reported. */
const skewMs = 5 * 60_000

export class RotatingToken {
  readonly #parts: Parts
  readonly #state: TokenState
  readonly #keeper: LoginKeeper
  #renewal: Promise<string> | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #leaving = new AbortController()
  #clockNote: string | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.#state = new TokenState(parts.auth.refresh_hours)
    this.#keeper = new LoginKeeper({ ...parts, state: this.#state, leaving: this.#leaving.signal })
  }

  async start(): Promise<void> {
    try {
      await this.#keeper.load()
    } catch (error) {
      this.#failed(error as Error)
    }
    await this.#keeper.warnIfLost()
    if (this.#state.isDue) this.#renewInBackground()
    else this.#armTimer()
  }

  /** From now on nothing waits for its turn, and only requests cause a renewal. */
  leave(): void {
    this.#leaving.abort()
    clearTimeout(this.#timer)
  }

  /** Waits for a renewal that is under way, so that no pair is lost by leaving; not for one that has to wait itself. */
  async stop(): Promise<void> {
    this.leave()
    const patience = wait(lastPatienceMs, undefined, { ref: false })
    await Promise.race([this.#renewal?.catch(() => undefined), patience])
    await this.#keeper.close()
  }

  /**
   * The access token; one that is due, but still serves, is renewed meanwhile. Fails with the reason where none is usable.
   */
  async current(): Promise<string> {
    const { usable } = this.#state
    if (usable === undefined) return await this.#renew(undefined)
    if (this.#state.isDue && !this.#state.mustWait) this.#renewInBackground()
    return usable
  }

  /** What `current` would give: null where it would renew the login first. Fails where that failed, and is not due again yet. */
  async peek(): Promise<string | null> {
    const { usable, pair } = this.#state
    if (usable !== undefined) return usable
    const { refresh } = await this.#keeper.load()
    const { usable: adopted, mustWait, failure } = this.#state
    if (adopted === undefined && mustWait && refresh === pair?.refresh) throw failure!.error
    return adopted ?? null
  }

  /** A token other than `rejected`. */
  async replace(rejected: string): Promise<string> {
    const { usable } = this.#state
    if (usable !== undefined && usable !== rejected) return usable
    const renewed = await this.#renew(rejected)
    // a renewal that was under way for another reason may have kept the token
    return renewed === rejected ? await this.#renew(rejected) : renewed
  }

  /** What failed is tried now, whatever its pause. */
  tryAgain(): void {
    const { failure, isRefused, pair } = this.#state
    if (!failure) return
    this.#state.forgetFailure()
    // the token that a refused pair still has is no reason to keep that pair
    this.#renewInBackground(isRefused ? pair?.access : undefined)
  }

  status(): TokenStatus {
    const { unsaved } = this.#keeper
    const status = this.#state.status()
    const problem = unsaved ?? status.last_error ?? this.#parts.store.problem ?? null
    return { ...status, ...(unsaved && { state: 'degraded' }), last_error: problem }
  }

  /** What the operator should know, although it works. */
  get notes(): string[] {
    return [...this.#keeper.notes, ...(this.#clockNote ? [this.#clockNote] : [])]
  }

  secrets(): string[] {
    return this.#state.secrets()
  }

  /** ms until the login is tried again, where it makes sense to wait for that. */
  get retryInMs(): number | undefined {
    return this.#state.isRefused || !this.#state.mustWait ? undefined : this.#state.retryInMs
  }

  #renew(rejected: string | undefined): Promise<string> {
    this.#renewal ??= this.#renewNow(rejected).finally(() => {
      this.#renewal = undefined
      this.#keeper.reportNotes()
      this.#armTimer()
    })
    return this.#renewal
  }

  async #renewNow(rejected: string | undefined): Promise<string> {
    if (this.#state.mustWait) await this.#adoptChange().catch(() => undefined)
    if (this.#state.mustWait) throw this.#state.failure!.error
    try {
      const access = await this.#parts.store.withTurn(
        (save) => this.#renewInTurn(rejected, save),
        this.#leaving.signal,
      )
      this.#state.succeeded()
      return access
    } catch (error) {
      this.#failed(error as Error)
      throw error
    }
  }

  async #renewInTurn(rejected: string | undefined, save: SaveTokens): Promise<string> {
    const old = await this.#keeper.load()
    const adopted = this.#state.fresh(rejected)
    if (adopted !== undefined) return adopted
    await this.#keeper.spareToken(rejected)
    try {
      return await this.#exchange(old, save)
    } catch (error) {
      if (!(error instanceof RefreshRefused)) throw error
      return await this.#afterRefusal(old, rejected, save, error)
    }
  }

  /** Another program may have renewed the login meanwhile, or the one that was named is not the newest. */
  async #afterRefusal(
    old: Tokens,
    rejected: string | undefined,
    save: SaveTokens,
    refusal: RefreshRefused,
  ): Promise<string> {
    const stored = await this.#keeper.load()
    if (stored.refresh !== old.refresh) {
      return this.#state.fresh(rejected) ?? (await this.#exchange(stored, save))
    }
    for (const { pair, from } of await this.#othersThan(old)) {
      const access = await this.#exchange(pair, save).catch((error: unknown) => {
        if (!(error instanceof RefreshRefused)) throw error
      })
      if (access === undefined) continue
      const { store, log } = this.#parts
      log.warn({ from, store: store.place }, 'the refresh token was spent; a newer login was found')
      return access
    }
    this.#state.refused()
    throw refusal
  }

  async #othersThan(old: Tokens): Promise<StartingPair[]> {
    const { refresh } = await this.#parts.startingPair().catch(() => ({ refresh: undefined }))
    return refresh === old.refresh ? await this.#parts.otherPairs() : []
  }

  async #exchange(old: Tokens, save: SaveTokens): Promise<string> {
    const { auth, agents, log } = this.#parts
    const fresh = await askForTokens(auth, old.refresh, agents)
    const obtainedAt = Date.now()
    this.#compareClocks(fresh, obtainedAt)
    const pair: Tokens = {
      access: fresh.access,
      refresh: fresh.refresh ?? old.refresh,
      obtainedAt,
      expiresAt: obtainedAt + lifeOf(fresh.access, obtainedAt, fresh.expiresIn),
    }
    const kept = await this.#keeper.save(pair, save, old.refresh)
    if (kept.refresh === pair.refresh) {
      this.#state.useRenewed(pair)
      log.info(`Token refreshed successfully, expires at: ${localTime(pair.expiresAt)}`)
    } else {
      this.#state.use(kept)
      log.warn('another process renewed the login at the same time; its token is used')
    }
    return kept.access ?? fresh.access
  }

  /** A token lives its time from its arrival, so a wrong clock does no harm here; elsewhere it does. */
  #compareClocks({ serverTime }: FreshTokens, now: number): void {
    const skew = serverTime === undefined ? 0 : now - serverTime
    const minutes = Math.round(Math.abs(skew) / 60_000)
    const direction = skew > 0 ? 'ahead of' : 'behind'
    this.#clockNote =
      Math.abs(skew) > skewMs
        ? `the clock of this machine is ${minutes} minutes ${direction} the token server's; set it right`
        : undefined
  }

  /** During a pause the token server is not asked, but another program may have renewed, or the store may be back. */
  async #adoptChange(): Promise<void> {
    const before = this.#state.pair?.refresh
    const error = this.#state.failure?.error
    const { refresh } = await this.#keeper.load()
    if (refresh !== before || (error instanceof StoreError && !(await this.#parts.store.probe()))) {
      this.#state.forgetFailure()
    }
  }

  #failed(error: FailedAttempt): void {
    const { store, log } = this.#parts
    if (!this.#state.failed(error) || this.#leaving.signal.aborted) return
    log.error({ reason: error.message, store: store.place }, 'the login could not be renewed')
  }

  #renewInBackground(rejected?: string): void {
    this.#renew(rejected).catch(() => {
      // logged, kept in `status`, and tried again by the timer
    })
  }

  #armTimer(): void {
    clearTimeout(this.#timer)
    if (this.#leaving.signal.aborted) return
    const { failure, retryInMs, dueInMs } = this.#state
    const inMs = failure ? Math.min(retryInMs, lookAgainMs) : dueInMs
    const delay = Math.min(inMs, this.#keeper.saveInMs)
    this.#timer = setTimeout(() => this.#onTimer(), Math.min(Math.max(delay, 1000), maxTimerMs))
    this.#timer.unref()
  }

  #onTimer(): void {
    this.#keeper
      .saveAgain()
      .catch(() => undefined) // reported when it began, and by `status`
      .finally(() => {
        if (this.#state.failure || this.#state.isDue) this.#renewInBackground()
        else this.#armTimer()
      })
  }
}

/** `2026-01-31 12:00:00` in this machine's time zone. */
function localTime(time: number): string {
  const date = new Date(time)
  return `${localDay(date)} ${date.toTimeString().slice(0, 8)}`
}
