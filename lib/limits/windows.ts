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

/** Where clocks change, a day has 23 or 25 hours, and may begin at one o'clock. */
export function dayAt(nowMs: number): Window {
  const now = new Date(nowMs)
  const next = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1)
  return { id: localDay(now), endsMs: next.getTime() }
}

/** As `2026-11-28`. */
export function localDay(date: Date): string {
  const month = String(date.getMonth() + 1).padStart(2, '0')
  return `${date.getFullYear()}-${month}-${String(date.getDate()).padStart(2, '0')}`
}
