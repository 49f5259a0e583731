/** Usage as it is asked for: of which days, summed by what, and in which form. */
import { dayAfter, dayOf, isDay, monthAfter } from './days.ts'
import type { UsageStore } from './usage.ts'
import {
  addCounts,
  countNames,
  merged,
  noCounts,
  placeNames,
  type CountName,
  type Counts,
  type PlaceName,
  type Row,
} from './row.ts'

/** Days, both included. */
export interface Span {
  first: string
  last: string
}

export interface Report {
  /** `2026-11-01..2026-11-30` */
  since: string
  by: PlaceName[]
  rows: ReportRow[]
}

/** What the rows are summed by, and the sums. */
export type ReportRow = Partial<Record<PlaceName, string>> & Counts

/** Thrown for a wish that means nothing; the message says what would. */
export class ReportError extends Error {
  readonly param: 'since' | 'by'

  constructor(message: string, param: 'since' | 'by') {
    super(message)
    this.param = param
  }
}

/**
 * `7d` (so many days, with today), `2026-11`, `2026-11-28`, `2026-11-01..14`, `2026-11-01..2026-12-24`, `2026-11-01..` (until
 * today); left out: this month. Throws ReportError.
 */
export function spanOf(since: string | undefined, nowMs: number): Span {
  const today = dayOf(nowMs)
  if (since === undefined || since === '') return monthOf(today.slice(0, 7))
  const days = /^(\d{1,4})d$/.exec(since)?.[1]
  if (days !== undefined && Number(days) > 0) {
    return { first: dayAfter(today, 1 - Number(days)), last: today }
  }
  const [first = '', end] = since.split('..', 2)
  if (end === undefined && /^\d{4}-(?:0[1-9]|1[0-2])$/.test(first)) return monthOf(first)
  const last = end === undefined ? first : endOf(first, end, today)
  if (isDay(first) && isDay(last) && first <= last) return { first, last }
  throw new ReportError(
    `since is ${JSON.stringify(since.slice(0, 40))}, expected 7d, 2026-11, 2026-11-28, 2026-11-01..14 or 2026-11-01..2026-12-24`,
    'since',
  )
}

function monthOf(month: string): Span {
  return { first: `${month}-01`, last: dayAfter(`${monthAfter(month, 1)}-01`, -1) }
}

function endOf(first: string, end: string, today: string): string {
  if (end === '') return today
  return /^\d{2}$/.test(end) ? first.slice(0, 8) + end : end
}

/** `day`, `model`, `client`, `account` and `endpoint`, also several, with commas between; left out: `day`. Throws ReportError. */
export function byOf(by: string | undefined): PlaceName[] {
  const words = by === undefined || by === '' ? ['day'] : by.split(',').map((word) => word.trim())
  const names = words.map((word) => placeNames.find((name) => name === word))
  const unknown = words.find((_, index) => names[index] === undefined)
  if (unknown !== undefined) {
    throw new ReportError(
      `by is ${JSON.stringify(unknown.slice(0, 40))}, expected ${placeNames.join(', ')} or several with commas`,
      'by',
    )
  }
  return [...new Set(names as PlaceName[])]
}

/** In: a store of usage, and what was asked for. Throws ReportError, and what the store throws. */
export async function readReport(
  store: Pick<UsageStore, 'rows'>,
  since: string | undefined,
  by: string | undefined,
): Promise<Report> {
  const span = spanOf(since, Date.now())
  const names = byOf(by)
  return reportOf(await store.rows(span.first, span.last), span, names)
}

export function reportOf(rows: readonly Row[], { first, last }: Span, by: PlaceName[]): Report {
  const nowhere = { day: '', client: '', model: '', endpoint: '', account: '' }
  const summed = merged(rows.map((row) => ({ ...row, ...nowhere, ...placeOf(row, by) })))
  const inOrder = summed.toSorted((one, other) => {
    const name = by.find((place) => one[place] !== other[place])
    return name !== undefined && one[name] > other[name] ? 1 : -1
  })
  const reported = inOrder.map((row) => Object.assign(placeOf(row, by), countsOf(row)))
  return { since: `${first}..${last}`, by, rows: reported }
}

function placeOf(row: Row, by: PlaceName[]): Partial<Record<PlaceName, string>> {
  return Object.fromEntries(by.map((name) => [name, row[name]]))
}

function countsOf(row: Counts): Counts {
  const counts = noCounts()
  addCounts(counts, row)
  return counts
}

/** RFC 4180. */
export function csvOf({ by, rows }: Report): string {
  const lines = rows.map((row) => [...by, ...countNames].map((name) => field(String(row[name]))))
  return [[...by, ...countNames], ...lines].map((line) => `${line.join(',')}\r\n`).join('')
}

/** A spreadsheet takes a text that begins like this for a formula. */
const formula = /^[=+@\t\r-]/

function field(text: string): string {
  const safe = formula.test(text) && !/^-?\d+$/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Of counts that are 0 throughout only these are shown. */
const always = new Set<CountName>(['requests', 'input', 'output'])

/** Columns for a terminal: texts to the left, numbers to the right, the total last. */
export function tableOf({ since, by, rows }: Report): string {
  const total = noCounts()
  for (const row of rows) addCounts(total, row)
  const shown = countNames.filter((name) => always.has(name) || total[name] > 0)
  const head = [...by, ...shown.map((name) => (name === 'cost_micro_usd' ? 'USD' : name))]
  const cells = rows.map((row) => [...by.map((name) => row[name]!), ...figures(row, shown)])
  const last = [...by.map((_, index) => (index === 0 ? 'total' : '')), ...figures(total, shown)]
  const lines = [head, ...cells, last]
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  const text = lines.map((line) =>
    line
      .map((cell, column) =>
        column < by.length ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  )
  return `${since}\n${text.join('\n')}\n`
}

function figures(counts: Counts, shown: readonly CountName[]): string[] {
  return shown.map((name) =>
    name === 'cost_micro_usd' ? (counts[name] / 1e6).toFixed(4) : String(counts[name]),
  )
}
