/** Three real processes of the program on one account, whose login is in a real Redis. */
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { deferred } from '../helpers/deferred.ts'
import { runProgram, type Program } from '../helpers/program.ts'
import { oneUpstream, post } from '../helpers/proxy.ts'
import { randomNumbers } from '../helpers/random.ts'
import { skip, startRedis, type RedisOptions } from '../helpers/redis-server.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { until } from '../helpers/until.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'

const routes = ['/v1/messages', '/v1/chat/completions']
const ask = {
  model: 'claude-sonnet-4-5',
  max_tokens: 9,
  messages: [{ role: 'user', content: 'Hi' }],
}

interface Replica {
  program: Program
  url: string
}

interface Health {
  status: string
  account: { last_error: string | null }
  in_flight: number
}

/** A token server, an upstream that takes only its newest access token, a Redis, and a way to start replicas on them. */
async function setting(t: TestContext, options: RedisOptions = {}) {
  const [tokens, redis] = [await startTokenServer(t), await startRedis(t, options)]
  const upstream = await startUpstream(t, ({ headers }) =>
    headers.authorization === `Bearer ${tokens.accessToken}`
      ? { body: anthropicMessage({ text: ['Hi'] }) }
      : { status: 401, body: { type: 'error', error: { type: 'authentication_error' } } },
  )
  const config = oneUpstream(upstream.url, { auth: { token_url: tokens.url } })
  const env = { DROID_REFRESH_KEY: tokens.refreshToken, TOKEN_STORE: redis.url }
  const start = async (): Promise<Replica> => {
    const program = runProgram(t, { config, env })
    return { program, url: await program.url() }
  }
  return { tokens, redis, upstream, start, three: () => Promise.all([start(), start(), start()]) }
}

async function statusOf({ url }: Replica, route = routes[0]!): Promise<number> {
  const answer = await post(url + route, ask)
  await answer.text()
  return answer.status
}

async function healthOf({ url }: Replica): Promise<Health> {
  return (await (await fetch(`${url}/health`)).json()) as Health
}

/** `count` requests in all, to each replica in turn and on both roads. */
function crowd(replicas: Replica[], count: number): Promise<number[]> {
  const numbers = Array.from({ length: count }, (_, index) => index)
  return Promise.all(
    numbers.map((index) => statusOf(replicas[index % replicas.length]!, routes[index % 2])),
  )
}

async function kill({ program }: Replica): Promise<void> {
  program.process.kill('SIGKILL')
  await program.exit
}

describe('three replicas on one account', { skip, concurrency: 4, timeout: 300_000 }, () => {
  test('200 requests that find no token cause one refresh, and so do 200 whose token is refused', async (t) => {
    const { tokens, three } = await setting(t)
    const gate = deferred()
    tokens.faults.push({ waitFor: gate.promise })
    const replicas = await three()

    const waiting = crowd(replicas, 200)
    await until(async () => {
      const healths = await Promise.all(replicas.map(healthOf))
      return healths.reduce((sum, { in_flight: count }) => sum + count, 0) === 200
    })
    gate.resolve()
    const first = await waiting
    assert.equal(tokens.refreshes, 1)
    tokens.revokeAccess()
    const second = await crowd(replicas, 200)

    assert.deepEqual([...new Set([...first, ...second])], [200])
    assert.equal(tokens.refreshes, 2)
    assert.deepEqual(tokens.reused, [])
  })

  for (const chain of ['first', 'second']) {
    test(`five are killed at random moments of a renewal, and the others go on (${chain} chain)`, async (t) => {
      const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
      t.diagnostic(`again with SEED=${seed}`)
      const random = randomNumbers(seed)
      const { tokens, redis, three, start } = await setting(t)
      tokens.grace = true
      const replicas: Replica[] = await three()
      await crowd(replicas, 3)

      for (let death = 0; death < 5; death += 1) {
        const [asked, gate] = [tokens.requests.length, deferred()]
        tokens.faults.push({ waitFor: gate.promise })
        tokens.revokeAccess()
        const victim = replicas.splice(Math.floor(random() * 3), 1)[0]!
        // alone it is sure to be the one that renews; with the others it may be one that waits for its turn
        const lastWords = statusOf(victim).catch(() => 0)
        const others = random() < 0.5 ? crowd(replicas, 10) : Promise.resolve([200])
        await until(() => tokens.requests.length > asked)
        // before the answer, or as many milliseconds after it as it takes to come, to be saved and to be used
        const moment = random() * 7 - 1
        if (moment > 0) gate.resolve()
        await wait(Math.max(0, moment))
        await kill(victim)
        gate.resolve()
        await lastWords

        const answers = [...(await others), ...(await crowd(replicas, 10))]
        assert.deepEqual([...new Set(answers)], [200], `after death ${death}`)
        replicas.push(await start())
      }

      assert.deepEqual(await crowd(replicas, 3), [200, 200, 200])
      assert.deepEqual(tokens.reused, [], 'no spent token was shown')
      const [key] = (await redis.command('KEYS', '*:pair')) as string[]
      const saved = Number(await redis.command('HGET', key!, 'generation'))
      t.diagnostic(`${tokens.refreshes - saved} of ${tokens.refreshes} pairs died unsaved`)
    })
  }

  test('a replica that was paused beyond its turn does not undo the login of another', async (t) => {
    const { tokens, three } = await setting(t)
    tokens.grace = true
    const [paused, ...others] = await three()
    await crowd([paused, ...others], 3)
    const gate = deferred()
    tokens.faults.push({ waitFor: gate.promise })
    tokens.revokeAccess()

    const asked = tokens.requests.length
    const late = statusOf(paused)
    await until(() => tokens.requests.length > asked)
    paused.program.process.kill('SIGSTOP')
    gate.resolve()
    await until(() => tokens.refreshes === 2)
    const answers = await crowd(others, 20)
    paused.program.process.kill('SIGCONT')

    assert.equal(await late, 200)
    await paused.program.line(
      'another process renewed the login at the same time; its token is used',
    )
    assert.equal(tokens.refreshes, 3)
    tokens.revokeAccess()
    const later = await crowd([paused, ...others], 30)
    assert.deepEqual([...new Set([...answers, ...later])], [200])
    assert.deepEqual(tokens.reused, [])
  })

  test('while Redis is away the token in memory serves, no refresh token is spent, and all is well when it is back', async (t) => {
    const { tokens, redis, three } = await setting(t, { persistent: true })
    const replicas = await three()
    await crowd(replicas, 3)
    await redis.stop()

    assert.deepEqual([...new Set(await crowd(replicas, 30))], [200])
    await until(async () => (await healthOf(replicas[0])).account.last_error !== null)
    const served = await healthOf(replicas[0])
    assert.equal(served.status, 'ok')
    assert.match(served.account.last_error ?? '', /the token store redis:.* cannot be used/)
    tokens.revokeAccess()
    const refused = await crowd(replicas, 30)
    assert.deepEqual([...new Set(refused)], [503])
    assert.equal(tokens.requests.length, 1)
    await redis.start()

    assert.deepEqual([...new Set(await crowd(replicas, 30))], [200])
    await until(async () => (await healthOf(replicas[0])).account.last_error === null)
    assert.equal(tokens.refreshes, 2)
    assert.deepEqual(tokens.reused, [])
  })

  test('a replica that starts without Redis is degraded, says why, and serves as soon as there is one', async (t) => {
    const { tokens, redis, start } = await setting(t)
    await redis.stop()
    const replica = await start()

    assert.equal(await statusOf(replica), 503)
    const { status, account } = await healthOf(replica)
    assert.equal(status, 'degraded')
    assert.match(account.last_error ?? '', /the token store .* cannot be used/)
    assert.equal(tokens.requests.length, 0)
    await redis.start()

    assert.equal(await statusOf(replica), 200)
  })

  for (const what of ['FLUSHALL', 'a restart without persistence']) {
    test(`after ${what} those that live give the login back before a new one shows the spent token`, async (t) => {
      const { tokens, redis, three, start } = await setting(t)
      const replicas: Replica[] = await three()
      await crowd(replicas, 3)
      tokens.revokeAccess()
      await crowd(replicas, 3)
      if (what === 'FLUSHALL') await redis.command('FLUSHALL')
      else await redis.stop().then(() => redis.start())

      await until(async () => ((await redis.command('KEYS', '*:pair')) as string[]).length === 1)
      await kill(replicas.pop()!)
      replicas.push(await start())
      const answers = await crowd(replicas, 30)
      tokens.revokeAccess()

      assert.deepEqual([...new Set([...answers, ...(await crowd(replicas, 30))])], [200])
      assert.equal(tokens.refreshes, 3)
      assert.deepEqual(tokens.reused, [])
    })
  }
})
