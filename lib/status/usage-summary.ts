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
  /** the days by model: those that were used most, and the others as one */
  stacks: Stack[]
}

/** What one model had of each of the days, in their order. */
export interface Stack {
  /** null: all others together */
  model: string | null
  requests: number[]
  tokens: number[]
  /** millionths of a USD */
  cost: number[]
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
  const days = daysOf(rows, span)
  const models = sumsBy(rows, span, 'model')
  return {
    since: `${span.first}..${span.last}`,
    total,
    days,
    models,
    clients: sumsBy(rows, span, 'client'),
    accounts: sumsBy(rows, span, 'account'),
    stacks: stacksOf(
      rows,
      days.map(({ day }) => day),
      models.slice(0, mostStacks).map(({ model }) => model),
    ),
  }
}

/** More colours cannot be told apart. */
const mostStacks = 6

function stacksOf(rows: readonly Row[], days: string[], models: string[]): Stack[] {
  const empty = (model: string | null): Stack => {
    return { model, requests: zeros(days), tokens: zeros(days), cost: zeros(days) }
  }
  const named = new Map(models.map((model) => [model, empty(model)]))
  const others = empty(null)
  const places = new Map(days.map((day, index) => [day, index]))
  for (const row of rows) {
    const index = places.get(row.day)
    if (index === undefined) continue
    const stack = named.get(row.model) ?? others
    stack.requests[index]! += row.requests
    stack.tokens[index]! += tokens(row)
    stack.cost[index]! += row.cost_micro_usd
  }
  const hasOthers = others.requests.some((count) => count > 0)
  return [...named.values(), ...(hasOthers ? [others] : [])]
}

function zeros(days: string[]): number[] {
  return days.map(() => 0)
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
