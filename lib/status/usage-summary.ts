/** What was used in the last 30 days: by day, and in sum by model, client and account. */
import type { App } from '../app.ts'
import { dayAfter } from '../usage/days.ts'
import { reportOf, spanOf, type ReportRow, type Span } from '../usage/report.ts'
import { addCounts, noCounts, type Counts, type PlaceName, type Row } from '../usage/row.ts'
import type { Usage } from '../usage/usage.ts'

export interface UsageSummary {
  /** `2026-10-31..2026-11-29` */
  since: string
  total: Counts
  /** one each, also for days without requests, today last */
  days: (Counts & { day: string })[]
  /** who used most tokens first */
  models: (Counts & { model: string })[]
  clients: (Counts & { client: string })[]
  accounts: (Counts & { account: string })[]
}

export interface UsageProblem {
  problem: string
}

const shownDays = '30d'

/** A page looks every few seconds, and files need not be read as often. */
const keptMs = 15_000

interface Kept {
  madeMs: number
  summary: Promise<UsageSummary | UsageProblem>
}

/** the newest, for all who look */
const kept = new WeakMap<Usage, Kept>()

/** Undefined where nothing is counted. */
export function usageOf({ usage, config }: App): Promise<UsageSummary | UsageProblem> | undefined {
  if (!config.usage.enabled) return undefined
  const now = performance.now()
  const before = kept.get(usage)
  if (before && now - before.madeMs < keptMs) return before.summary
  const summary = summed(usage).catch((error: unknown) => ({
    problem: `Usage cannot be read: ${(error as Error).message}`,
  }))
  kept.set(usage, { madeMs: now, summary })
  return summary
}

async function summed(usage: Usage): Promise<UsageSummary> {
  const span = spanOf(shownDays, Date.now())
  const rows = await usage.rows(span.first, span.last)
  const total = noCounts()
  for (const row of rows) addCounts(total, row)
  return {
    since: `${span.first}..${span.last}`,
    total,
    days: daysOf(rows, span),
    models: sumsBy(rows, span, 'model'),
    clients: sumsBy(rows, span, 'client'),
    accounts: sumsBy(rows, span, 'account'),
  }
}

function daysOf(rows: readonly Row[], span: Span): UsageSummary['days'] {
  const used = new Map(reportOf(rows, span, ['day']).rows.map((row) => [row.day, row]))
  const days: UsageSummary['days'] = []
  for (let { first: day } = span; day <= span.last; day = dayAfter(day)) {
    days.push({ ...noCounts(), ...used.get(day), day })
  }
  return days
}

function sumsBy<Name extends PlaceName>(
  rows: readonly Row[],
  span: Span,
  name: Name,
): (Counts & Record<Name, string>)[] {
  const sums = reportOf(rows, span, [name]).rows as (Counts & Record<Name, string>)[]
  return sums.toSorted((one, other) => tokens(other) - tokens(one) || other.requests - one.requests)
}

function tokens({ input, output }: ReportRow): number {
  return input + output
}
