/** Counts requests as they end: one look into a map a request. What is counted waits here until somebody writes it down. */
import type { Config, Price, Rates } from '../config/types.ts'
import { dayAt, noDay } from '../limits/windows.ts'
import { addCounts, noCounts, type Row } from './row.ts'

/** What is known of a request when it is over. */
export interface Ended {
  /** as configured; a name that is not was asked for in vain */
  model: string | undefined
  /** the endpoint that was asked */
  upstream: string | undefined
  /** whose key came along */
  client?: string | undefined
  /** who was charged, where there was a choice */
  account?: string | undefined
  inputTokens: number | undefined
  outputTokens: number | undefined
  cachedTokens: number | undefined
  cacheWriteTokens: number | undefined
  /** those of them that are kept for an hour */
  cacheWrite1hTokens?: number | undefined
  reasoningTokens: number | undefined
  /** why it was refused or broke off */
  error: string | undefined
  status: number | undefined
  /** its answer was not written to the end */
  aborted: true | undefined
}

export class Book {
  #rows = new Map<string, Row>()
  readonly #now: () => number
  #today = noDay

  constructor(now: () => number) {
    this.#now = now
  }

  /** Books a request on the day that it ends. */
  add(ended: Ended, config: Config): void {
    if (!config.usage.enabled) return
    const model = config.prepared.models.get(ended.model ?? '')
    const place =
      ended.upstream === undefined ? undefined : model && config.prepared.places.get(model)
    const id = model?.id ?? (ended.model === undefined ? 'none' : 'other')
    const endpoint = place?.endpoint.name ?? 'none'
    const account = ended.account ?? place?.account ?? 'none'
    const row = this.#row(ended.client ?? 'none', id, endpoint, account)
    count(row, ended, model?.price)
  }

  /** All that was counted since the last time, which is forgotten here. */
  take(): Row[] {
    const rows = this.counted()
    this.#rows = new Map()
    return rows
  }

  counted(): Row[] {
    return [...this.#rows.values()]
  }

  /** Takes rows back that could not be written down. */
  giveBack(rows: readonly Row[]): void {
    for (const row of rows) {
      const { day, client, model, endpoint, account } = row
      addCounts(this.#rowOf(day, client, model, endpoint, account), row)
    }
  }

  #row(client: string, model: string, endpoint: string, account: string): Row {
    const now = this.#now()
    if (now < this.#today.beginsMs || now >= this.#today.endsMs) this.#today = dayAt(now)
    return this.#rowOf(this.#today.id, client, model, endpoint, account)
  }

  #rowOf(day: string, client: string, model: string, endpoint: string, account: string): Row {
    const key = `${day}\n${client}\n${model}\n${endpoint}\n${account}`
    let row = this.#rows.get(key)
    if (!row) {
      row = { day, client, model, endpoint, account, ...noCounts() }
      this.#rows.set(key, row)
    }
    return row
  }
}

function count(row: Row, ended: Ended, price: Price | undefined): void {
  const { inputTokens, outputTokens, error, status = 0, upstream } = ended
  row.requests += 1
  // what breaks off for another reason than the client leaves that reason
  const hasLeft = ended.aborted === true && error === undefined
  const hasFailed = !hasLeft && (error !== undefined || status >= 400)
  const isMetered = inputTokens !== undefined || outputTokens !== undefined
  if (hasLeft) row.aborted += 1
  else if (hasFailed) row.errors += 1
  else if (!isMetered && upstream !== undefined) row.unmetered += 1
  if (isMetered) countTokens(row, ended, price)
}

function countTokens(row: Row, ended: Ended, price: Price | undefined): void {
  const { inputTokens: input = 0, outputTokens: output = 0 } = ended
  const { cachedTokens: read = 0, cacheWriteTokens: written = 0, reasoningTokens = 0 } = ended
  row.input += input
  row.output += output
  row.cache_read += read
  row.cache_write += written
  row.reasoning += reasoningTokens
  if (!price) {
    row.unpriced += input + output
    return
  }
  row.cost_micro_usd += costOf(ended, price)
}

/** In micro USD. */
export function costOf(ended: Ended, price: Price): number {
  const { inputTokens: input = 0, outputTokens: output = 0 } = ended
  const { cachedTokens: read = 0, cacheWriteTokens: written = 0 } = ended
  const uncached = Math.max(0, input - read - written)
  const forAnHour = Math.min(written, ended.cacheWrite1hTokens ?? 0)
  const rates = price.above ? ratesFor(input, price) : price
  const { cache_read: readPrice = rates.input, cache_write: writePrice = rates.input } = rates
  const { cache_write_1h: hourPrice = writePrice } = rates
  // USD for a million tokens are micro USD for one
  return Math.round(
    uncached * rates.input +
      read * readPrice +
      (written - forAnHour) * writePrice +
      forAnHour * hourPrice +
      output * rates.output,
  )
}

/**
 * Vendors that charge more for long inputs charge it for the whole request, output included. Cached tokens are part of the input.
 * @see https://github.com/junhoyeo/tokscale/issues/862
 */
function ratesFor(input: number, price: Price): Rates {
  let found: Rates = price
  let begins = 0
  for (const rates of price.above ?? []) {
    if (input <= rates.tokens || rates.tokens < begins) continue
    found = rates
    begins = rates.tokens
  }
  return found
}
