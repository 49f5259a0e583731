/** Where a client stands with its limits, as the client itself and the operator are shown it. */
import type { Caller } from '../config/types.ts'
import type { Limits } from '../limits/limits.ts'

export interface LimitShown {
  limit: number
  used: number
  left: number
  /** ISO; none for a limit at a time */
  resets_at?: string
}

/** Those that are set, by their names. */
export function limitsOf(caller: Caller, limits: Limits): Record<string, LimitShown> {
  const { parallel } = caller
  const standings = limits.standings(caller).map(({ name, limit, used, left, endsMs }) => {
    return [name, { limit, used, left, resets_at: new Date(endsMs).toISOString() }] as const
  })
  const used = limits.underWay(caller)
  return {
    ...Object.fromEntries(standings),
    ...(parallel !== undefined && {
      parallel: { limit: parallel, used, left: Math.max(0, parallel - used) },
    }),
  }
}
