/**
 * Usage in files that several processes may share: each day one to which lines are added, each closed month one of rows. A line
 * has only what was counted since the last, so nobody has to know what others have written, and no lock is needed.
 */
import { mkdir, readdir, readFile, unlink } from 'node:fs/promises'
import path from 'node:path'
import { writeFileDurably } from '../store/durable-file.ts'
import { withFileLock, type LockOptions } from '../store/file-lock.ts'
import { isObject, objectFrom } from '../../pipelines/json/value.ts'
import { appendLines, rowOf, type Written } from './day-lines.ts'
import { dayAfter, dayOf, isDay, monthAfter } from './days.ts'
import { EvenClock, provenDay } from './proven-day.ts'
import { merged, type Row } from './row.ts'
import type { Appended, UsageStore } from './usage.ts'

/** A file whose content cannot be understood. It is left as it is. */
export class UsageFileError extends Error {}

const turn: LockOptions = { leaving: new AbortController().signal, note: () => undefined }

/** A month as it is kept. */
interface Month {
  folded: string[]
  rows: Row[]
}

export class UsageFolder implements UsageStore {
  readonly place: string
  readonly #now: () => number
  readonly #clock: EvenClock

  constructor(place: string, now: () => number, steady?: () => number) {
    this.place = place
    this.#now = now
    this.#clock = new EvenClock(now, steady)
  }

  /** Adds rows to the files of their days. Gives back those that could not be written, and why. */
  async append(rows: readonly Row[]): Promise<Appended> {
    const left: Row[] = []
    let fault: NodeJS.ErrnoException | undefined
    for (const day of new Set(rows.map((row) => row.day))) {
      const ofDay = rows.filter((row) => row.day === day)
      const written: Written = await this.#appendTo(day, ofDay).catch((error: Error) => ({
        count: 0,
        fault: error,
      }))
      left.push(...ofDay.slice(written.count))
      fault ??= written.fault
    }
    return { left, fault }
  }

  /** The rows of the days from one to another. Throws what the file system throws, and UsageFileError. */
  async rows(first: string, last: string): Promise<Row[]> {
    // a day that is gone when its turn comes was folded meanwhile
    for (;;) {
      const found = await this.#rowsNow(first, last)
      if (found) return merged(found)
    }
  }

  async #rowsNow(first: string, last: string): Promise<Row[] | undefined> {
    const isAsked = (day: string) => day >= first && day <= last
    const days = await this.#days()
    const folded = new Set<string>()
    const found: Row[] = []
    for (const month of (await this.#names()).filter(isMonthFile).map((name) => name.slice(0, 7))) {
      if (month < first.slice(0, 7) || month > last.slice(0, 7)) continue
      const kept = await this.#readMonth(month)
      for (const day of kept.folded) folded.add(day)
      for (const row of kept.rows) if (isAsked(row.day)) found.push(row)
    }
    for (const day of days) {
      if (!isAsked(day) || folded.has(day)) continue
      const rows = await this.#readDay(day)
      if (!rows) return undefined
      for (const row of rows) found.push(row)
    }
    return found
  }

  /**
   * Puts closed days into the files of their months, and removes months beyond those that are kept. `today` stays open.
   * Throws what the file system throws, UsageFileError, and TurnError where another process does the same.
   */
  async fold(today: string, keepMonths: number): Promise<void> {
    const closed = (await this.#days()).filter((day) => day < today)
    const months = new Set(closed.map((day) => day.slice(0, 7)))
    for (const month of [...months].toSorted()) await this.#foldMonth(month, today)
    await this.#forget(today, keepMonths)
  }

  /** Removes months beyond those that are kept, once it is sure how late it is. */
  async #forget(today: string, keepMonths: number): Promise<void> {
    const isProven = this.#clock.isProven
    const olderThan = async (day: string) => {
      const oldest = monthAfter(day.slice(0, 7), 1 - keepMonths)
      return (await this.#names()).filter((name) => isMonthFile(name) && name.slice(0, 7) < oldest)
    }
    if ((await olderThan(today)).length === 0) return
    const day = isProven ? today : provenDay(await this.#daysWithUsage(), today)
    if (day === undefined) return
    for (const name of await olderThan(day)) await unlink(path.join(this.place, name))
  }

  /** Newest first. A month that cannot be understood has none. */
  async #daysWithUsage(): Promise<string[]> {
    const days = await this.#days()
    for (const name of (await this.#names()).filter(isMonthFile)) {
      days.push(...(await this.#folded(name.slice(0, 7))))
    }
    return days.toSorted().toReversed()
  }

  close(): void {}

  async #foldMonth(month: string, today: string): Promise<void> {
    const file = this.#monthFile(month)
    const work = async () => {
      const { folded, rows } = await this.#readMonth(month)
      const days = (await this.#days()).filter((day) => day.startsWith(month) && day < today)
      const fresh = days.filter((day) => !folded.includes(day))
      for (const day of fresh) for (const row of (await this.#readDay(day)) ?? []) rows.push(row)
      if (fresh.length > 0) {
        const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
        const all = [...folded, ...fresh].toSorted()
        const kept = { version: 1, time_zone: timeZone, folded: all, rows: merged(rows) }
        await writeFileDurably(file, `${JSON.stringify(kept)}\n`)
      }
      for (const day of days) await unlink(this.#dayFile(day))
    }
    await withFileLock(file, work, turn)
  }

  async #appendTo(day: string, rows: readonly Row[]): Promise<Written> {
    await mkdir(this.place, { recursive: true, mode: 0o700 })
    const now = this.#now()
    const write = async () => {
      const folded = await this.#folded(day.slice(0, 7))
      return await appendLines(this.#dayFile(openDay(day, folded)), rows, now)
    }
    if (day === dayOf(now)) return await write()
    // no process may fold the day meanwhile
    return await withFileLock(this.#monthFile(day.slice(0, 7)), write, turn)
  }

  /** The days of a month that are in its file. One that cannot be understood has none. */
  async #folded(month: string): Promise<readonly string[]> {
    try {
      return (await this.#readMonth(month)).folded
    } catch (error) {
      if (error instanceof UsageFileError) return []
      throw error
    }
  }

  /** The days that have files of their own. */
  async #days(): Promise<string[]> {
    return (await this.#names()).filter(isDayFile).map((name) => name.slice(0, 10))
  }

  async #names(): Promise<string[]> {
    return ((await ifThere(readdir(this.place))) ?? []).toSorted()
  }

  #dayFile(day: string): string {
    return path.join(this.place, `${day}.jsonl`)
  }

  #monthFile(month: string): string {
    return path.join(this.place, `${month}.json`)
  }

  /** What breaks off, and what nobody of us has written, is no row. Undefined where there is no such file. */
  async #readDay(day: string): Promise<Row[] | undefined> {
    const text = await ifThere(readFile(this.#dayFile(day), 'utf8'))
    return text?.split('\n').flatMap((line) => rowOf(objectFrom(line), day) ?? [])
  }

  async #readMonth(month: string): Promise<Month> {
    const file = this.#monthFile(month)
    const text = await ifThere(readFile(file, 'utf8'))
    if (text === undefined) return { folded: [], rows: [] }
    const { folded, rows } = objectFrom(text) ?? {}
    if (!Array.isArray(folded) || !Array.isArray(rows)) {
      throw new UsageFileError(`${file} holds no usage; it is left as it is. Move it away.`)
    }
    return {
      folded: folded.filter((day) => typeof day === 'string' && isDay(day)) as string[],
      rows: rows.flatMap((row) => (isObject(row) && rowOf(row, String(row.day))) || []),
    }
  }
}

/** Undefined where what was to be read is not there. */
async function ifThere<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function isDayFile(name: string): boolean {
  return name.endsWith('.jsonl') && isDay(name.slice(0, -'.jsonl'.length))
}

function isMonthFile(name: string): boolean {
  return /^\d{4}-\d{2}\.json$/.test(name)
}

/**
 * A day, or the first one after it that is not folded yet: a process that slept over midnight, or whose clock was set back, may
 * come too late.
 */
function openDay(day: string, folded: readonly string[]): string {
  let free = day
  while (folded.includes(free)) free = dayAfter(free)
  return free
}
