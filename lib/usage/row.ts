/** A row of usage: what one client has used of one model, endpoint and account on one day. Names are those that files keep. */

/** All are sums. `input` includes cache reads and writes, `output` includes reasoning. */
export const countNames = [
  'requests',
  /** answered with an error, or broken off */
  'errors',
  /** given up by the client */
  'aborted',
  /** answered without a word on tokens */
  'unmetered',
  'input',
  'output',
  'cache_read',
  'cache_write',
  'reasoning',
  'cost_micro_usd',
  /** tokens of models without a price */
  'unpriced',
] as const

export const placeNames = ['day', 'client', 'model', 'endpoint', 'account'] as const

export type CountName = (typeof countNames)[number]
export type PlaceName = (typeof placeNames)[number]

export type Counts = Record<CountName, number>
export type Row = Counts & Record<PlaceName, string>

export function noCounts(): Counts {
  return {
    requests: 0,
    errors: 0,
    aborted: 0,
    unmetered: 0,
    input: 0,
    output: 0,
    cache_read: 0,
    cache_write: 0,
    reasoning: 0,
    cost_micro_usd: 0,
    unpriced: 0,
  }
}

export function addCounts(to: Counts, more: Counts): void {
  for (const name of countNames) to[name] += more[name]
}

/** One row for each that has the same place, in order of first appearance. */
export function merged(rows: Iterable<Row>): Row[] {
  const byPlace = new Map<string, Row>()
  for (const row of rows) {
    const key = JSON.stringify(placeNames.map((name) => row[name]))
    const known = byPlace.get(key)
    if (known) addCounts(known, row)
    else byPlace.set(key, { ...row })
  }
  return [...byPlace.values()]
}
