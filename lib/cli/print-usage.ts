/** `droid2api usage`: what was used, from where it is kept, also while no proxy runs. */
import { byOf, csvOf, ReportError, reportOf, spanOf, tableOf } from '../usage/report.ts'
import type { UsageStore } from '../usage/usage.ts'
import { UsageError, type CommandLine } from './usage.ts'

/** The text to print. Throws UsageError, and what the store throws. */
export async function usageText(
  { since, by, json, csv }: CommandLine,
  store: UsageStore,
  isTerminal: boolean,
): Promise<string> {
  const { span, names } = wish(since, by)
  const report = reportOf(await store.rows(span.first, span.last), span, names)
  if (csv) return csvOf(report)
  return json || !isTerminal ? `${JSON.stringify(report)}\n` : tableOf(report)
}

function wish(since: string | undefined, by: string | undefined) {
  try {
    return { span: spanOf(since, Date.now()), names: byOf(by) }
  } catch (error) {
    if (error instanceof ReportError) throw new UsageError(error.message)
    throw error
  }
}
