/** `droid2api usage`: what was used, from where it is kept, also while no proxy runs. */
import { csvOf, readReport, ReportError, tableOf } from '../usage/report.ts'
import type { UsageStore } from '../usage/usage.ts'
import { UsageError, type CommandLine } from './usage.ts'

/** The text to print. Throws UsageError, and what the store throws. */
export async function usageText(
  { since, by, json, csv }: CommandLine,
  store: UsageStore,
  isTerminal: boolean,
): Promise<string> {
  const report = await readReport(store, since, by).catch((error: unknown) => {
    throw error instanceof ReportError ? new UsageError(error.message) : error
  })
  if (csv) return csvOf(report)
  if (json || !isTerminal) return `${JSON.stringify(report)}\n`
  return report.rows.length > 0 ? tableOf(report) : `${report.since}\n${nothingYet}\n`
}

/** The command reads what is on disk, which is behind by `usage.flush_s`. */
const nothingYet =
  'Nothing is written down for this time. What was used in the last minute comes a little later; droid2api status shows it at once.'
