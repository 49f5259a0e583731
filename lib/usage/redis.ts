/**
 * Usage of several replicas in one place: a hash a day in Redis or Valkey, to which each adds what it has counted. A reply that
 * does not come says nothing about whether that was done, so what was sent has an id, and is sent again by the same one.
 */
import { randomUUID } from 'node:crypto'
import { RedisConnection, type RedisServer } from '../store/redis-connection.ts'
import { countNames, merged, noCounts, type CountName, type Row } from './row.ts'
import type { Appended, UsageStore } from './usage.ts'

/** The braces keep all keys on one node of a cluster. */
const prefix = 'droid2api:{usage}'
const daysKey = `${prefix}:days`

/** Longer than a server is gone and comes back with what it had. */
const idSeconds = 3600
const monthSeconds = 31 * 86_400

/** KEYS: id, days, one for each day. ARGV: lives of id and days, number of days; for each day it, number of fields, and these in pairs. */
const addScript = `
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) then return 0 end
local at = 4
for number = 1, tonumber(ARGV[3]) do
  local key = KEYS[2 + number]
  redis.call('SADD', KEYS[2], ARGV[at])
  for pair = 1, tonumber(ARGV[at + 1]) do
    redis.call('HINCRBY', key, ARGV[at + 2 * pair], ARGV[at + 2 * pair + 1])
  end
  redis.call('EXPIRE', key, ARGV[2])
  at = at + 2 + 2 * tonumber(ARGV[at + 1])
end
return 1`

interface Sent {
  id: string
  rows: readonly Row[]
}

export class RedisUsage implements UsageStore {
  readonly place: string
  readonly #connection: RedisConnection
  readonly #keepMonths: () => number
  /** what may have arrived or not */
  #unsure: Sent | undefined

  constructor(server: RedisServer, keepMonths: () => number) {
    this.#connection = new RedisConnection(server)
    this.place = this.#connection.place
    this.#keepMonths = keepMonths
  }

  async append(rows: readonly Row[]): Promise<Appended> {
    try {
      await this.#settle()
    } catch (error) {
      return { left: [...rows], fault: error as Error }
    }
    this.#unsure = { id: randomUUID(), rows }
    try {
      await this.#settle()
      return { left: [] }
    } catch (error) {
      return { left: [], fault: error as Error }
    }
  }

  async rows(first: string, last: string): Promise<Row[]> {
    await this.#settle()
    const days = (await this.#connection.run(['SMEMBERS', daysKey])) as string[]
    const found: Row[] = []
    for (const day of days.filter((one) => one >= first && one <= last).toSorted()) {
      const fields = (await this.#connection.run(['HGETALL', dayKey(day)])) as string[]
      for (const row of rowsOf(day, fields)) found.push(row)
    }
    return found
  }

  /** Days are small as they are, and end by themselves; only their list has to be kept short. */
  async fold(today: string): Promise<void> {
    const days = (await this.#connection.run(['SMEMBERS', daysKey])) as string[]
    for (const day of days) {
      if (day >= today) continue
      const isThere = await this.#connection.run(['EXISTS', dayKey(day)])
      if (isThere === 0) await this.#connection.run(['SREM', daysKey, day])
    }
  }

  close(): void {
    this.#connection.close()
  }

  /** Sends what may not have arrived. Throws StoreError. */
  async #settle(): Promise<void> {
    if (!this.#unsure) return
    const { id, rows } = this.#unsure
    const days = [...new Set(rows.map(({ day }) => day))]
    const keys = [`${prefix}:sent:${id}`, daysKey, ...days.map(dayKey)]
    const lives = [idSeconds, monthSeconds * this.#keepMonths(), days.length].map(String)
    const fields: string[] = []
    for (const day of days) {
      const pairs = rows.filter((row) => row.day === day).flatMap(pairsOf)
      fields.push(day, String(pairs.length / 2))
      for (const part of pairs) fields.push(part)
    }
    await this.#connection.run([
      'EVAL',
      addScript,
      String(keys.length),
      ...keys,
      ...lives,
      ...fields,
    ])
    this.#unsure = undefined
  }
}

function dayKey(day: string): string {
  return `${prefix}:day:${day}`
}

/** Names and counts alternating. */
function pairsOf(row: Row): string[] {
  const place = JSON.stringify([row.client, row.model, row.endpoint, row.account])
  const counted = countNames.filter((name) => row[name] !== 0)
  return counted.flatMap((name) => [`${place} ${name}`, String(row[name])])
}

function rowsOf(day: string, fields: readonly string[]): Row[] {
  const rows: Row[] = []
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [field, count] = [fields[index]!, fields[index + 1]!]
    const end = field.lastIndexOf(' ')
    const [client, model, endpoint, account] = JSON.parse(field.slice(0, end)) as string[]
    const row: Row = {
      day,
      client: client!,
      model: model!,
      endpoint: endpoint!,
      account: account!,
      ...noCounts(),
    }
    row[field.slice(end + 1) as CountName] = Number(count)
    rows.push(row)
  }
  return merged(rows)
}
