/** Days as people count them: `2026-11-28`, by the clock of the place (`TZ`). */

import { localDay } from '../limits/windows.ts'

/** The local day of a moment. */
export function dayOf(ms: number): string {
  return localDay(new Date(ms))
}

/** The local day and time of a moment, to the minute. */
export function minuteOf(ms: number): string {
  const date = new Date(ms)
  return `${localDay(date)}T${date.toTimeString().slice(0, 5)}`
}

/** The day that is so many days after another. */
export function dayAfter(day: string, count = 1): string {
  const [year, month, date] = partsOf(day)
  return dayOf(new Date(year, month - 1, date + count).getTime())
}

/** The month that is so many months after another, as `2026-11`. */
export function monthAfter(month: string, count: number): string {
  const [year, number] = partsOf(`${month}-01`)
  return dayOf(new Date(year, number - 1 + count, 1).getTime()).slice(0, 7)
}

/** Whether a text is a day that there is. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && dayAfter(text, 0) === text
}

function partsOf(day: string): [year: number, month: number, date: number] {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number)
  return [year, month, date]
}
