/** Mixed requests on all roads, whose sums are held against what the upstreams have told. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { countNames, noCounts, type Counts, type Row } from '../../lib/usage/row.ts'
import { firstBytes, send } from '../faults/roads.ts'
import { post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import { endings, kinds, models, startMetered, type Ending } from './metered-upstream.ts'

export const routes: Record<string, (prompt: string) => object> = {
  '/v1/chat/completions': (content) => ({ messages: [{ role: 'user', content }] }),
  '/v1/messages': (content) => ({ max_tokens: 99, messages: [{ role: 'user', content }] }),
  '/v1/responses': (input) => ({ input }),
}

/** Whole, refused, unmetered, failed over, broken off, left: of each row every count has to be right. */
export async function checkSums(t: TestContext, requests: number): Promise<void> {
  const pick = numbers(7)
  const upstream = await startMetered(t, pick)
  const proxy = await startWithKeys(t, upstream.config)
  let asked = 0

  const askOn = async () => {
    while (asked < requests) {
      asked += 1
      await ask(proxy, pick)
    }
  }
  await Promise.all(Array.from({ length: 8 }, askOn))
  const rows = await allRows(proxy, requests)

  for (const kind of kinds) {
    const ofModel = rows.filter(({ model }) => model === models[kind])
    assert.deepEqual(
      ofModel.map(({ client, endpoint, account }) => [client, endpoint, account]),
      [['none', `at-${kind}`, `key_of_${kind}`]],
    )
    const expected = upstream.books[models[kind]]!
    const { input, output } = expected
    assert.deepEqual(countsOf(ofModel[0]!), { ...expected, unpriced: input + output }, kind)
  }
}

export async function startWithKeys(t: TestContext, config: object): Promise<TestProxy> {
  const keys = kinds.map((kind) => [`KEY_OF_${kind.toUpperCase()}`, 'key-of-the-upstream'])
  return await startProxy(t, { config: { ...config }, env: Object.fromEntries(keys) })
}

async function ask({ url }: TestProxy, pick: (limit: number) => number): Promise<void> {
  const [route, body] = Object.entries(routes)[pick(3)]!
  const stream = pick(2) === 0
  const model = models[kinds[pick(kinds.length)]!]
  const ending: Ending = endings[pick(stream ? endings.length : 4)]!
  const sent = { model, stream, ...body(`END:${ending}`) }
  if (ending === 'left') {
    const leaving = send(url + route, sent)
    await firstBytes(leaving)
    leaving.destroy()
    return
  }
  const answer = await post(url + route, sent)
  await answer.text().catch(() => 'broken off')
}

/** Once so many requests are over. */
export async function allRows({ app }: TestProxy, count: number): Promise<Row[]> {
  const over = () => app.usage.book.counted().reduce((sum, row) => sum + row.requests, 0)
  await until(() => over() >= count)
  return app.usage.book.counted()
}

function countsOf(row: Row): Counts {
  const counts = noCounts()
  for (const name of countNames) counts[name] = row[name]
  return counts
}

/** The same numbers at each run. */
export function numbers(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * limit)
  }
}
