/** Where a caller stands with their limits, and the words for it: headers and errors. */
import type { Caller } from '../config/types.ts'
import { noRetry, ProxyError } from '../../pipelines/errors.ts'
import type { Client } from '../../pipelines/index.ts'
import type { Counts } from './window-counts.ts'
import { zonedTime, waitText, type Window } from './windows.ts'

/** Windows of one caller, each with its counts here. */
export interface Open {
  minute: Window
  day: Window
  minuteCounts: Counts
  dayCounts: Counts
}

/** What a limit counts. */
type Unit = 'requests' | 'tokens'

/** Where a caller stands with one of their limits. */
export interface Standing {
  name: (typeof kinds)[number][0]
  unit: Unit
  limit: number
  used: number
  left: number
  /** ms since the epoch */
  endsMs: number
}

/** How an API writes the headers of limits. */
export type LimitHeaderForm = Pick<Client, 'limitHeader' | 'limitReset'>

/** With all limits that are set. */
export function standingsOf(caller: Caller, open: Open): Standing[] {
  const standings: Standing[] = []
  for (const [name, unit, counts, window] of kinds) {
    const limit = caller[name]
    if (limit === undefined) continue
    const used = open[counts][unit]
    const { endsMs } = open[window]
    standings.push({ name, unit, limit, used, left: Math.max(0, limit - used), endsMs })
  }
  return standings
}

const kinds = [
  ['requests_per_minute', 'requests', 'minuteCounts', 'minute'],
  ['requests_per_day', 'requests', 'dayCounts', 'day'],
  ['tokens_per_minute', 'tokens', 'minuteCounts', 'minute'],
  ['tokens_per_day', 'tokens', 'dayCounts', 'day'],
] as const

/** The limits of a client, as `clients` calls them. */
export const limitNames = [...kinds.map(([name]) => name), 'parallel'] as const

/** As the client's API writes them. Of two limits for one unit the one with least left. */
export function limitHeaders(
  standings: Standing[],
  { limitHeader, limitReset }: LimitHeaderForm,
  nowMs: number,
): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const unit of units) {
    const least = leastOf(standings, unit)
    if (!least) continue
    headers[limitHeader('limit', unit)] = String(least.limit)
    headers[limitHeader('remaining', unit)] = String(least.left)
    headers[limitHeader('reset', unit)] = limitReset(least.endsMs, nowMs)
  }
  return headers
}

const units: readonly Unit[] = ['requests', 'tokens']

function leastOf(standings: readonly Standing[], unit: Unit): Standing | undefined {
  let least: Standing | undefined
  for (const one of standings) {
    if (one.unit === unit && (!least || one.left < least.left)) least = one
  }
  return least
}

/** A longer wait is reported in the message: SDKs would wait in silence. */
const patienceS = 60

/** The limit by its key in the configuration. */
export type LimitName = (typeof limitNames)[number] | 'max_parallel' | 'max_bodies_mb'

/** A request that is over a limit. */
export class OverLimit extends ProxyError {
  readonly limit: LimitName

  constructor(limit: LimitName, ...parts: ConstructorParameters<typeof ProxyError>) {
    super(...parts)
    this.limit = limit
  }
}

/** `headers`: where the caller stands with all limits. */
export function overLimit(
  { name }: Caller,
  { name: limitName, limit, endsMs }: Standing,
  headers: Record<string, string>,
  nowMs: number,
): OverLimit {
  const seconds = Math.max(1, Math.ceil((endsMs - nowMs) / 1000))
  const period = limitName.endsWith('day') ? 'day' : 'minute'
  return new OverLimit(
    limitName,
    429,
    'client_limit',
    `The client ${name} has reached its limit ${limitName} (${limit}). The next ${period} begins in ${waitText(seconds)}, at ${zonedTime(endsMs)}.`,
    {
      headers: {
        ...headers,
        'retry-after': String(seconds),
        ...(seconds > patienceS && noRetry),
      },
    },
  )
}

export function tooMany({ name }: Caller, parallel: number): OverLimit {
  return new OverLimit(
    'parallel',
    429,
    'client_limit',
    `The client ${name} has reached its limit parallel (${parallel}). Send the next request when one has ended.`,
    { headers: { 'retry-after': '1' } },
  )
}

export function busy(maxParallel: number): OverLimit {
  return new OverLimit(
    'max_parallel',
    503,
    'max_parallel',
    `The proxy answers ${maxParallel} requests already, which is its max_parallel. Send the request again.`,
    { headers: { 'retry-after': '1' } },
  )
}
