/** What replicas on one Redis know of each other's accounts: real replicas in this process, on a real server. */
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import { skip, startRedis, waitForRedis, waitsInVain } from '../helpers/redis-server.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { until } from '../helpers/until.ts'
import {
  anthropicMessage,
  startUpstream,
  type Answer,
  type RecordedRequest,
} from '../helpers/upstream.ts'
import { accountOf, good, question, refusal, spent } from './setting.ts'

const key = 'k-alice-3f9a1c7e55'
const models = ['claude-sonnet-4-5', 'claude-opus-4-8']
const withLimits = { requests_per_day: 100_000 }

interface Options {
  persistent?: boolean
  limits?: object
  keys?: Record<string, string>
}

/** Three replicas with the accounts `one` and `two`. */
async function setting(
  t: TestContext,
  by: (account: string, request: RecordedRequest) => Answer,
  { persistent = false, limits, keys = {} }: Options = {},
) {
  const hurry = waitForRedis(t)
  const redis = await startRedis(t, { persistent })
  const upstream = await startUpstream(t, (request) => by(accountOf(request), request))
  const accounts = ['one', 'two']
  const start = (own: Record<string, string> = keys) =>
    startProxy(t, {
      config: {
        system_prompt: '',
        accounts: accounts.map((name) => ({
          name,
          key: own[name] ?? `key-of-${name}`,
          header: 'x-api-key',
        })),
        endpoints: [{ name: 'claude', type: 'anthropic', base_url: upstream.url, accounts }],
        models: models.map((id) => ({ name: id, id, type: 'anthropic' })),
        ...(limits && { clients: [{ name: 'alice', key, ...limits }] }),
      },
      env: { TOKEN_STORE: redis.url },
    })
  const replicas = [await start(), await start(), await start()] as const
  return { redis, hurry, start, replicas, asked: () => upstream.requests.map(accountOf) }
}

async function ask({ url }: TestProxy, more: object = {}): Promise<number> {
  const headers = { 'x-api-key': key }
  const answer = await post(`${url}/v1/messages`, { ...question, ...more }, headers)
  await answer.arrayBuffer()
  return answer.status
}

async function warningsOf({ url }: TestProxy): Promise<string> {
  const health = (await (await fetch(`${url}/health`)).json()) as { warnings?: string[] }
  return health.warnings?.join('\n') ?? ''
}

/** Once the others can know of it: with limits there are other keys before. */
async function told(redis: { command(...words: string[]): Promise<unknown> }): Promise<void> {
  const counted = "return #redis.call('KEYS', ARGV[1])"
  await until(async () => Number(await redis.command('EVAL', counted, '0', '*{rests}*')) > 0)
}

const firstIsSpent = (account: string) => (account === 'one' ? spent : good)

describe('replicas on one Redis', { skip, timeout: 300_000 }, () => {
  test('contract §17.13: a limit that one replica met is asked for by no other', async (t) => {
    const { redis, replicas, asked } = await setting(t, firstIsSpent)
    const [one, two, three] = replicas

    assert.equal(await ask(one), 200)
    await told(redis)
    assert.deepEqual([await ask(two), await ask(three), await ask(one)], [200, 200, 200])

    assert.deepEqual(asked(), ['one', 'two', 'two', 'two', 'two'])
    const line = two.logs.find(({ msg }) => String(msg).startsWith('account one cools down until'))
    assert.match(String(line?.msg), /\(429, rate limit; met by another replica\)$/)
    const [rest] = (await redis.command('KEYS', '*')) as string[]
    const left = Number(await redis.command('PTTL', rest!))
    assert.ok(left > 3_500_000 && left <= 3_600_000, `${left} ms`)
  })

  test('contract §17.13: a replica knows a rest that another learns of a second later', async (t) => {
    let isSpent = false
    const { redis, replicas, asked } = await setting(t, (account) =>
      account === 'one' && isSpent ? spent : good,
    )
    const [one, two] = replicas
    await ask(two)
    isSpent = true
    await ask(one)
    await told(redis)
    await wait(1100)

    await ask(two)

    assert.deepEqual(asked(), ['one', 'one', 'two', 'two'])
  })

  test('contract §17.13: a limit of one model rests that model alone on all replicas', async (t) => {
    const ofOpus = refusal(429, {
      'anthropic-ratelimit-unified-7d_opus-status': 'rejected',
      'anthropic-ratelimit-unified-7d_opus-reset': String(Math.floor(Date.now() / 1000) + 3600),
    })
    const { redis, replicas, asked } = await setting(t, (account, { body }) =>
      account === 'one' && body.includes('opus') ? ofOpus : good,
    )
    const [one, two] = replicas
    await ask(one, { model: models[1] })
    await told(redis)

    await ask(two, { model: models[1] })
    await ask(two)

    assert.deepEqual(asked(), ['one', 'two', 'two', 'one'])
  })

  test('contract §17.12: rests that are ended at one replica are ended at all, and may begin anew', async (t) => {
    let isPaid = false
    const { redis, replicas, start, asked } = await setting(t, (account) =>
      account === 'two' || isPaid ? good : spent,
    )
    const [one, two] = replicas
    await ask(one)
    await told(redis)
    await ask(two)
    assert.deepEqual(asked(), ['one', 'two', 'two'])

    await one.app.pool.endRests()
    await wait(1100)
    await ask(two)
    assert.deepEqual(asked().slice(3), ['one', 'two'])
    await wait(1100)
    await ask(one)
    assert.deepEqual(asked().slice(5), ['two'])

    isPaid = true
    await two.app.pool.endRests()
    await ask(await start())
    assert.deepEqual(asked().slice(6), ['one'])
  })

  test('contract §17.13: rests without a time go on doubling wherever they are met', async (t) => {
    const untold = refusal(429, { 'x-ratelimit-remaining-tokens': '0' })
    const { redis, replicas } = await setting(t, (account) => (account === 'one' ? untold : good))
    const [one, two] = replicas
    await ask(one)
    await told(redis)
    await ask(two)

    const [here, there] = [one, two].map(({ app }) => app.pool.all[0]!.bench.shared(''))

    assert.deepEqual([here?.inRow, there?.inRow], [1, 1])
    assert.ok(there!.ms > 25_000 && there!.ms <= 30_000, `${there!.ms} ms`)
  })

  test('contract §17.13: an account with another key is another one', async (t) => {
    const { redis, replicas, start, asked } = await setting(t, (account) =>
      account === 'one' ? refusal(402) : good,
    )
    await ask(replicas[0])
    await told(redis)

    const changed = await start({ one: 'key-of-one-that-is-paid' })
    await ask(changed)

    assert.deepEqual(asked(), ['one', 'two', 'one-that-is-paid'])
  })

  test('contract §17.13: a server that lost its memory gets back what a replica knows', async (t) => {
    const { redis, hurry, replicas, asked } = await setting(t, firstIsSpent)
    const [one, two] = replicas
    await ask(one)
    await told(redis)
    hurry()
    await redis.stop()
    await until(async () => {
      assert.equal(await ask(one), 200)
      return (await warningsOf(one)).includes('rests of accounts are not shared')
    })
    await redis.start()

    await until(async () => {
      await ask(one)
      return (await warningsOf(one)) === ''
    })
    await told(redis)
    const before = asked().length
    await ask(two)

    assert.deepEqual(asked().slice(before), ['two'])
    const lines = one.logs.map(({ msg }) => msg)
    for (const line of ['rests of accounts are not shared', 'rests of accounts are shared again']) {
      assert.equal(lines.filter((msg) => msg === line).length, 1, line)
    }
  })

  test('contract §17.13: a server that hangs costs a request half a second, with limits no more', async (t) => {
    const { redis, hurry, replicas } = await setting(t, () => good, { limits: withLimits })
    const [one, two] = replicas
    await ask(one)
    // nothing is on its way when it stops
    await until(async () => (await usedToday(two)) === 1)
    redis.process.kill('SIGSTOP')
    t.after(() => redis.process.kill('SIGCONT'))
    hurry()
    const inVain = waitsInVain(t)
    // what was learned is old by now, and the pause after a failure lasts until all have asked
    const now = performance.now() + 10_000
    t.mock.method(performance, 'now', () => now)

    const statuses = [await ask(one), await ask(one), await ask(one)]

    assert.deepEqual(statuses, [200, 200, 200])
    assert.match((await inVain()).join(), /^Error: \S+ gave no answer within 500 ms$/)
  })

  test('contract §17.13: three replicas share limits, usage and rests; a server that goes and comes under load loses nobody', async (t) => {
    const { redis, hurry, replicas, asked } = await setting(t, firstIsSpent, {
      persistent: true,
      limits: withLimits,
    })
    const calm = [await ask(replicas[0])]
    await told(redis)
    for (const one of replicas) calm.push(await ask(one))
    hurry()
    const over = new AbortController()
    const load = [...replicas, ...replicas].map((one) => askedUntil(over.signal, one))
    const flushing = replicas.map((one) => flushedUntil(over.signal, one))

    for (let round = 0; round < 2; round += 1) {
      await wait(300)
      await redis.stop()
      await wait(700)
      await redis.start()
      await wait(300)
    }
    await until(() => asked().length > 30)
    over.abort()
    await Promise.all(flushing)
    const statuses = [...calm, ...(await Promise.all(load)).flat()]

    assert.deepEqual(new Set(statuses), new Set([200]))
    // the spent account was asked by the one replica that found out
    assert.equal(asked().filter((account) => account === 'one').length, 1)
    // what was on its way when the server went may count twice, and nothing is forgotten
    const most = statuses.length * 1.1
    await until(async () => {
      const [used = 0, ...others] = await Promise.all(replicas.map(usedToday))
      return used >= statuses.length && used < most && others.every((other) => other === used)
    })
    await until(async () => {
      await Promise.all(replicas.map(({ app }) => app.usage.flush()))
      return replicas.every(({ app }) => app.usage.book.counted().length === 0)
    })
    const rows = await replicas[0].app.usage.rows('0000-01-01', '9999-12-31')
    assert.equal(
      rows.reduce((sum, { requests }) => sum + requests, 0),
      statuses.length,
    )
    for (const { app } of replicas) await app.usage.stop()
  })

  test('contract §17.3: two logins of one Redis are two, on all replicas, and each is renewed once', async (t) => {
    const redis = await startRedis(t)
    const servers = [await startTokenServer(t), await startTokenServer(t)]
    const names = ['work', 'spare']
    const upstream = await startUpstream(t, ({ headers }) =>
      headers.authorization === `Bearer ${servers[0]!.accessToken}`
        ? spent
        : { body: anthropicMessage({ text: [String(headers.authorization)] }) },
    )
    const start = () =>
      startProxy(t, {
        config: {
          system_prompt: '',
          accounts: servers.map(({ url, refreshToken }, index) => ({
            name: names[index],
            login: refreshToken,
            token_url: url,
          })),
          endpoints: [
            { name: 'claude', type: 'anthropic', base_url: upstream.url, accounts: names },
          ],
          models: [{ name: 'Claude', id: models[0], type: 'anthropic' }],
        },
        env: { TOKEN_STORE: redis.url },
      })
    const logins = servers.map(({ refreshToken }) => refreshToken)
    const replicas = await Promise.all([0, 1, 2].map(start))

    const statuses = [await ask(replicas[0]!), await ask(replicas[1]!), await ask(replicas[2]!)]

    assert.deepEqual(statuses, [200, 200, 200])
    for (const [index, server] of servers.entries()) {
      assert.deepEqual([server.refreshes, server.reused], [1, []], names[index])
      const forms = server.requests.map((form) => form.get('refresh_token'))
      assert.deepEqual(forms, [logins[index]])
    }
    const [first, ...others] = upstream.requests.map(({ headers }) => headers.authorization)
    assert.equal(first, `Bearer ${servers[0]!.accessToken}`)
    assert.deepEqual(new Set(others), new Set([`Bearer ${servers[1]!.accessToken}`]))
  })
})

async function askedUntil(over: AbortSignal, replica: TestProxy): Promise<number[]> {
  const statuses: number[] = []
  while (!over.aborted) statuses.push(await ask(replica))
  return statuses
}

async function flushedUntil(over: AbortSignal, { app }: TestProxy): Promise<void> {
  while (!over.aborted) {
    await app.usage.flush()
    await wait(100)
  }
}

async function usedToday({ url }: TestProxy): Promise<number> {
  const answer = await fetch(`${url}/usage/me`, { headers: { 'x-api-key': key } })
  return ((await answer.json()) as { today: { requests: number } }).today.requests
}
