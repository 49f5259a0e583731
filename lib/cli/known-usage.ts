/** What clients have used of their day before a start, for their limits. */
import type { App } from '../app.ts'
import { dayOf } from '../usage/days.ts'

type Parts = Pick<App, 'config' | 'usage' | 'limits' | 'log'>

/**
 * Counts today's usage, and that of each day to come: a machine whose clock stood still while it was off starts in another day than
 * its network then tells it, and what was used in that one must not be had twice.
 */
export async function countKnownUsage(app: Parts): Promise<void> {
  if (!app.config.usage.enabled) return
  app.limits.onDay = (day) => void countDay(app, day)
  await countDay(app, dayOf(Date.now()))
}

/** What no upstream was asked for does not count. What is counted already counts once. */
async function countDay({ usage, limits, log }: Parts, day: string): Promise<void> {
  const known = new Map<string, { requests: number; tokens: number }>()
  try {
    for (const row of await usage.rows(day, day)) {
      if (row.endpoint === 'none') continue
      const { requests, tokens } = known.get(row.client) ?? { requests: 0, tokens: 0 }
      known.set(row.client, {
        requests: requests + row.requests,
        tokens: tokens + row.input - row.cache_read + row.output,
      })
    }
  } catch (error) {
    log.warn({ reason: (error as Error).message }, 'what clients used today is not known')
  }
  for (const [client, { requests, tokens }] of known) {
    const counts = limits.days.of(day, client)
    counts.requests = Math.max(counts.requests, requests)
    counts.tokens = Math.max(counts.tokens, tokens)
  }
}
