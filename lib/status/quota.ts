/** How much of an account's limits is used, by the newest headers of upstreams. */
import type { App } from '../app.ts'
import { windowsIn } from '../routing/limits.ts'

export interface QuotaWindow {
  /** from 0 to 1 */
  used: number
  /** ISO; null if unknown */
  resets_at: string | null
  /** when it was told, ISO */
  seen_at: string
}

/** By window: `5h`, `7d`, `7d_opus`, `requests`, `input-tokens` and so on. */
export type Quota = Record<string, QuotaWindow>

/** Undefined if unknown. A figure from before a reset counts as unknown. */
export function quotaOf(
  { limitHeaders }: Pick<App, 'limitHeaders'>,
  account: object | string,
): Quota | undefined {
  const now = Date.now()
  const windows = new Map<string, QuotaWindow>()
  const inOrder = limitHeaders.of(account).toSorted((one, other) => one.at - other.at)
  for (const { headers, at } of inOrder) {
    for (const { name, used, ms } of windowsIn(headers, at).slice(0, mostWindows)) {
      const isOver = ms !== undefined && at + ms <= now
      if (used === undefined || isOver) continue
      windows.set(name.slice(0, longestName), {
        used: Math.round(used * 10_000) / 10_000,
        resets_at: ms === undefined || ms > longestMs ? null : new Date(at + ms).toISOString(),
        seen_at: new Date(at).toISOString(),
      })
    }
  }
  return windows.size > 0 ? Object.fromEntries(windows) : undefined
}

/** No provider has more. */
const mostWindows = 20
const longestName = 40
/** A year, which no window has. */
const longestMs = 365 * 24 * 3_600_000
