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

let lastDay: Window = { id: '', endsMs: 0 }
let lastDayBeginsMs = 0

/** Where clocks change, a day has 23 or 25 hours, and may begin at one o'clock. Asked for with each request, made once a day. */
export function dayAt(nowMs: number): Window {
  if (nowMs >= lastDayBeginsMs && nowMs < lastDay.endsMs) return lastDay
  const now = new Date(nowMs)
  const [year, month, day] = [now.getFullYear(), now.getMonth(), now.getDate()]
  lastDayBeginsMs = new Date(year, month, day).getTime()
  lastDay = { id: localDay(now), endsMs: new Date(year, month, day + 1).getTime() }
  return lastDay
}

/** As `2026-11-28`. */
export function localDay(date: Date): string {
  const month = String(date.getMonth() + 1).padStart(2, '0')
  return `${date.getFullYear()}-${month}-${String(date.getDate()).padStart(2, '0')}`
}
