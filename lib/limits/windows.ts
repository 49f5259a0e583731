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

/** `45 s`, `2 h 8 min`, `6 d 5 h`: a wait as people say it, never shorter than it is. */
export function waitText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.ceil(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (hours === 0) return `${minutes} min`
  return hours < 24
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** `2026-11-29T00:00:00+01:00`: by the clock that people here have on the wall, and clear to whoever lives elsewhere. */
export function zonedTime(ms: number): string {
  const date = new Date(ms)
  const ahead = -date.getTimezoneOffset()
  const wall = new Date(ms + ahead * 60_000).toISOString().slice(0, 19)
  const [hours, minutes] = [Math.floor(Math.abs(ahead) / 60), Math.abs(ahead) % 60]
  const zone = [hours, minutes].map((part) => String(part).padStart(2, '0')).join(':')
  return `${wall}${ahead < 0 ? '-' : '+'}${zone}`
}
