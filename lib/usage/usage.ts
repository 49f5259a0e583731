/**
 * Keeps what is used: counts every request, writes the counts down once in a while, at the end of the day and at the end of the
 * process, and tells them. A crash loses at most what was counted since the last time. No request waits for it, and none fails
 * with it.
 */
import { whyNotWritten } from '../store/durable-file.ts'
import type { Config } from '../config/types.ts'
import { startOfDay } from '../limits/windows.ts'
import type { Logger } from '../log/log.ts'
import { Book } from './book.ts'
import { dayOf } from './days.ts'
import { Problem } from './problem.ts'
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

export class Usage {
  readonly book: Book
  readonly #parts: Required<UsageParts>
  #timer: NodeJS.Timeout | undefined
  /** what is done with the store, one after the other */
  #work: Promise<unknown> = Promise.resolve()
  readonly #appending: Problem
  readonly #folding: Problem
  /** the day for which days were folded last */
  #foldedFor = ''
  #stopped = false

  constructor(parts: UsageParts) {
    this.#parts = { now: Date.now, ...parts }
    this.book = new Book(this.#parts.now)
    const { log, now } = this.#parts
    this.#appending = new Problem({ log, now, recovery: 'usage is written down again' })
    this.#folding = new Problem({ log, now, recovery: 'closed days of usage are folded again' })
  }

  /** what the operator should know, for `/health` */
  get warnings(): string[] {
    return [this.#appending, this.#folding].flatMap(({ text }) => text ?? [])
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
      // a store that cannot be written to is one problem, not two
      if (await this.#append()) await this.#fold()
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

  /** False where the store took not all of it. */
  async #append(): Promise<boolean> {
    const rows = this.book.take()
    if (rows.length === 0) return true
    const { store } = this.#parts
    const { left, fault } = await store.append(rows)
    this.book.giveBack(left)
    if (!fault) {
      this.#appending.over()
      return true
    }
    const why = whyNotWritten(fault)
    this.#appending.report(
      `usage cannot be written to ${store.place}: ${why}; it is counted in memory until it can`,
    )
    return false
  }

  async #fold(): Promise<void> {
    const { store, config, now } = this.#parts
    const time = now()
    const today = dayOf(time)
    if (this.#foldedFor === today || time < startOfDay(time) + foldAfterMs) return
    try {
      await store.fold(today, config().usage.keep_months)
      this.#foldedFor = today
      this.#folding.over()
    } catch (error) {
      const why = whyNotWritten(error as Error)
      this.#folding.report(
        `closed days of usage in ${store.place} cannot be folded: ${why}; they are kept as they are until they can`,
      )
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => undefined)
    return done
  }
}
