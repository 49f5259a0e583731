/** The windows of limits: the minute of the clock, and the day of the zone that this process lives in (`TZ`). */

export interface Window {
  id: string | number
  /** ms since the epoch */
  endsMs: number
}

const minuteMs = 60_000

export function minuteAt(nowMs: number): Window {
  const minute = Math.floor(nowMs / minuteMs)
  return { id: minute, endsMs: (minute + 1) * minuteMs }
}

export interface Day extends Window {
  /** as `2026-11-28` */
  id: string
  /** ms since the epoch */
  beginsMs: number
}

export function dayAt(nowMs: number): Day {
  const id = localDay(new Date(nowMs))
  return { id, beginsMs: startOfDay(nowMs), endsMs: startOfDay(nowMs, 1) }
}

/** Before all others: who is asked for the day of each request keeps the last one, and makes another where that is over. */
export const noDay: Day = { id: '', beginsMs: 0, endsMs: 0 }

/**
 * When the day of a moment begins, in ms since the epoch; `later`: so many days after that. Where clocks change, a day has 23 or
 * 25 hours, and may begin at one o'clock.
 */
export function startOfDay(ms: number, later = 0): number {
  const date = new Date(ms)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + later).getTime()
}

/** As `2026-11-28`. */
export function localDay(date: Date): string {
  const month = String(date.getMonth() + 1).padStart(2, '0')
  return `${date.getFullYear()}-${month}-${String(date.getDate()).padStart(2, '0')}`
}
