/**
 * Keeps what is used: counts every request, writes the counts down once in a while, at the end of the day and at the end of the
 * process, and tells them. A crash loses at most what was counted since the last time. No request waits for it, and none fails
 * with it.
 */
import { whyNotWritten } from '../account/durable-file.ts'
import type { Config } from '../config/types.ts'
import type { Logger } from '../log/log.ts'
import { Book } from './book.ts'
import { dayOf, startOfDay } from './days.ts'
import { merged, type Row } from './row.ts'

export interface Appended {
  /** rows that are not written */
  left: Row[]
  /** why */
  fault?: NodeJS.ErrnoException | undefined
}

export interface UsageStore {
  /** what messages call it; never a secret */
  readonly place: string
  /** Adds what was counted. Never throws. */
  append(rows: readonly Row[]): Promise<Appended>
  /** The sums of the days from one to another. */
  rows(first: string, last: string): Promise<Row[]>
  /** Makes closed days small, and forgets what is older than so many months. */
  fold(today: string, keepMonths: number): Promise<void>
  close(): void
}

export interface UsageParts {
  store: UsageStore
  log: Pick<Logger, 'warn' | 'info'>
  config: () => Pick<Config, 'usage'>
  /** ms since the epoch */
  now?: () => number
}

/** Days are folded from ten past midnight on: by then every process has written down what it counted. */
const foldAfterMs = 600_000
const warnEveryMs = 3_600_000

export class Usage {
  readonly book: Book
  readonly #parts: Required<UsageParts>
  #timer: NodeJS.Timeout | undefined
  /** what is done with the store, one after the other */
  #work: Promise<unknown> = Promise.resolve()
  #problem: string | undefined
  #warnedAt = Number.NEGATIVE_INFINITY
  /** the day for which days were folded last */
  #foldedFor = ''
  #stopped = false

  constructor(parts: UsageParts) {
    this.#parts = { now: Date.now, ...parts }
    this.book = new Book(this.#parts.now)
  }

  /** what the operator should know, for `/health` */
  get warnings(): string[] {
    return this.#problem === undefined ? [] : [this.#problem]
  }

  /** Begins to write down what is counted. */
  start(): void {
    const { now, config } = this.#parts
    const endOfDayMs = startOfDay(now(), 1) - now()
    const delayMs = Math.min(config().usage.flush_s * 1000, endOfDayMs)
    this.#timer = setTimeout(() => void this.#goOn(), delayMs)
    this.#timer.unref()
  }

  async #goOn(): Promise<void> {
    await this.flush()
    if (!this.#stopped) this.start()
  }

  /** Writes down what is left. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.flush()
    this.#parts.store.close()
  }

  /** Writes down what was counted since the last time; folds days once a day. Never fails. */
  flush(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#append()
      await this.#fold()
    })
  }

  /** The sums of the days from one to another, with what is not written down yet. Throws what the store throws. */
  rows(first: string, last: string): Promise<Row[]> {
    return this.#inTurn(async () => {
      const kept = await this.#parts.store.rows(first, last)
      const fresh = this.book.counted().filter(({ day }) => day >= first && day <= last)
      return merged([...kept, ...fresh])
    })
  }

  async #append(): Promise<void> {
    const rows = this.book.take()
    if (rows.length === 0) return
    const { left, fault } = await this.#parts.store.append(rows)
    this.book.giveBack(left)
    if (fault) this.#report(fault)
    else this.#recovered()
  }

  async #fold(): Promise<void> {
    const { store, config, now } = this.#parts
    const time = now()
    const today = dayOf(time)
    if (this.#foldedFor === today || time < startOfDay(time) + foldAfterMs) return
    try {
      await store.fold(today, config().usage.keep_months)
      this.#foldedFor = today
    } catch (error) {
      this.#report(error as Error)
    }
  }

  #report(fault: NodeJS.ErrnoException): void {
    const { store, log, now } = this.#parts
    const why = whyNotWritten(fault)
    this.#problem = `usage cannot be written to ${store.place}: ${why}; it is counted in memory until it can`
    // by a clock that may be set back
    if (Math.abs(now() - this.#warnedAt) < warnEveryMs) return
    this.#warnedAt = now()
    log.warn(this.#problem)
  }

  #recovered(): void {
    if (this.#problem === undefined) return
    this.#problem = undefined
    this.#parts.log.info('usage is written down again')
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => undefined)
    return done
  }
}
