/** Limits that replicas share: real replicas in this process, on a real Redis. */
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { deferred } from '../helpers/deferred.ts'
import { oneUpstream, post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import { skip, startRedis, waitForRedis, waitsInVain } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'
import { anthropicMessage, startUpstream, type Script } from '../helpers/upstream.ts'

const key = 'k-alice-3f9a1c7e55'
const messages = [{ role: 'user', content: 'Hi' }]
const hello = { model: 'claude-sonnet-4-5', messages, max_tokens: 50 }
const body = anthropicMessage({ text: ['Hi'], usage: { input_tokens: 10, output_tokens: 5 } })

interface OwnUsage {
  today: { requests: number; tokens: number }
  under_way: number
}

/** Noon of a day, so that no window ends while a test runs. */
async function setting(
  t: TestContext,
  limits: object,
  script: Script = () => ({ body }),
  persistent = false,
) {
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-11-28T12:00:06Z') })
  const redis = await startRedis(t, { persistent })
  const upstream = await startUpstream(t, script)
  const start = () =>
    startProxy(t, {
      config: oneUpstream(upstream.url, { clients: [{ name: 'alice', key, ...limits }] }),
      env: { FACTORY_API_KEY: 'fk-of-the-account', TOKEN_STORE: redis.url },
    })
  return { redis, upstream, start, replicas: [await start(), await start(), await start()] }
}

async function ask({ url }: TestProxy, more: object = {}): Promise<number> {
  const answer = await post(`${url}/v1/messages`, { ...hello, ...more }, { 'x-api-key': key })
  await answer.arrayBuffer()
  return answer.status
}

async function mine({ url }: TestProxy): Promise<OwnUsage> {
  const answer = await fetch(`${url}/usage/me`, { headers: { 'x-api-key': key } })
  return (await answer.json()) as OwnUsage
}

async function warningsOf({ url }: TestProxy): Promise<string> {
  const health = (await (await fetch(`${url}/health`)).json()) as { warnings?: string[] }
  return health.warnings?.join('\n') ?? ''
}

function times(count: number, statuses: number[]): number {
  return statuses.filter((status) => status === count).length
}

describe('replicas on one Redis', { skip, timeout: 300_000 }, () => {
  test('contract §14.13: let in together what a client may, to the request', async (t) => {
    waitForRedis(t)
    const { replicas, upstream } = await setting(t, { requests_per_day: 20 })

    const asked = Array.from({ length: 60 }, (_, index) => ask(replicas[index % 3]!))
    const statuses = await Promise.all(asked)

    assert.deepEqual([times(200, statuses), times(429, statuses)], [20, 40])
    assert.equal(upstream.requests.length, 20)
    for (const replica of replicas) assert.equal((await mine(replica)).today.requests, 20)
  })

  test('contract §14.13: tokens of one replica count in the others, and a refusal gives back', async (t) => {
    waitForRedis(t)
    const limits = { tokens_per_minute: 30, requests_per_day: 100, models: ['claude-*'] }
    const { replicas } = await setting(t, limits)
    const [one, two, three] = replicas as [TestProxy, TestProxy, TestProxy]

    assert.equal(await ask(one), 200)
    assert.equal(await ask(two, { model: 'gpt-5.1' }), 403)
    await until(async () => (await mine(three)).today.requests === 1)
    assert.equal(await ask(two), 200)
    await until(async () => (await mine(three)).today.tokens === 30)
    assert.equal(await ask(three), 429)
  })

  test('contract §14.13: without Redis each replica limits for itself and says so; nothing is lost when it is back', async (t) => {
    const { redis, replicas } = await setting(t, { requests_per_day: 6 })
    const [one, two] = replicas as [TestProxy, TestProxy, TestProxy]
    assert.deepEqual([await ask(one), await ask(two)], [200, 200])
    for (const replica of [one, two])
      await until(async () => (await mine(replica)).today.requests === 2)

    await redis.stop()
    assert.deepEqual([await ask(one), await ask(one), await ask(two)], [200, 200, 200])
    assert.match(await warningsOf(one), /limits of clients are not shared: .*cannot be used/)
    const warned = one.logs.filter(({ msg }) => msg === 'limits of clients are not shared')
    assert.equal(warned.length, 1)
    await redis.start()

    // it has lost its memory, and learns from the replicas what it had
    await until(
      async () => (await mine(one)).today.requests === 4 && (await warningsOf(one)) === '',
    )
    await until(async () => (await mine(two)).today.requests === 5)
    assert.equal(await ask(one), 200)
    assert.equal(await ask(two), 429)
  })

  test('contract §14.13: a replica reports later, and once, the usage that it could not report to Redis', async (t) => {
    const { redis, replicas } = await setting(t, { requests_per_day: 1e6 }, undefined, true)
    const [one, two] = replicas as [TestProxy, TestProxy, TestProxy]
    assert.equal(await ask(one), 200)
    await until(async () => (await mine(two)).today.tokens === 15)

    await redis.stop()
    const begun = performance.now()
    let asked = 1
    // long enough to try Redis more than once
    for (; performance.now() - begun < 2500; asked++) assert.equal(await ask(one), 200)
    await redis.start()

    await until(async () => (await mine(one)).today.requests > 1 && (await warningsOf(one)) === '')
    assert.deepEqual((await mine(two)).today, { requests: asked, tokens: asked * 15 })
  })

  test('contract §14.13: a client is at its limit also while Redis is away', async (t) => {
    const { redis, replicas } = await setting(t, { requests_per_day: 2 })
    const [one] = replicas as [TestProxy, TestProxy, TestProxy]
    await redis.stop()

    assert.deepEqual([await ask(one), await ask(one), await ask(one)], [200, 200, 429])
  })

  test('contract §14.13: a Redis that hangs costs one request half a second, and a client that leaves meanwhile keeps no place', async (t) => {
    const gate = deferred()
    const { redis, replicas } = await setting(
      t,
      { requests_per_day: 90, parallel: 1 },
      async () => {
        await gate.promise
        return { body }
      },
    )
    const [one] = replicas as [TestProxy, TestProxy, TestProxy]
    gate.resolve()
    assert.equal(await ask(one), 200)
    await until(async () => (await mine(one)).under_way === 0)
    redis.process.kill('SIGSTOP')
    t.after(() => redis.process.kill('SIGCONT'))

    const inVain = waitsInVain(t)

    const leaving = new AbortController()
    const left = fetch(`${one.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': key },
      body: JSON.stringify(hello),
      signal: leaving.signal,
    }).catch(() => undefined)
    await until(() => one.app.limits.underWay(one.app.config.clients[0]!) === 1)
    leaving.abort()
    await left
    await until(() => one.app.limits.underWay(one.app.config.clients[0]!) === 0)
    assert.equal(await ask(one), 200)

    const reasons = await inVain()
    assert.match(reasons.join('\n'), /^(?:Error: \S+ gave no answer within 500 ms\n?)+$/)
    // half a second each: fewer than what would hold up the two requests for three seconds
    assert.ok(reasons.length < 6, reasons.join('\n'))
  })

  test('contract §14.13: usage that Redis counted, but confirmed too late, counts once', async (t) => {
    const { redis, replicas } = await setting(t, { requests_per_day: 1e6, tokens_per_day: 1e6 })
    const [one, two] = replicas as [TestProxy, TestProxy, TestProxy]
    assert.equal(await ask(one), 200)
    await until(async () => (await mine(two)).today.tokens === 15)

    redis.process.kill('SIGSTOP')
    t.after(() => redis.process.kill('SIGCONT'))
    assert.deepEqual(await Promise.all([ask(one), ask(one), ask(one)]), [200, 200, 200])
    assert.match(await warningsOf(one), /gave no answer within 500 ms/)
    redis.process.kill('SIGCONT')

    await until(async () => (await mine(one)).today.requests > 1 && (await warningsOf(one)) === '')
    for (const replica of [one, two]) {
      assert.deepEqual((await mine(replica)).today, { requests: 4, tokens: 60 })
    }
  })
})
