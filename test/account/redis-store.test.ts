/** The token store in Redis by itself: turns, generations, a server that forgets or goes away. */
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { pino } from 'pino'
import { RedisStore } from '../../lib/account/redis-store.ts'
import type { SaveTokens, Tokens } from '../../lib/account/token-store.ts'
import { storeAddress } from '../../lib/config/store-address.ts'
import { deferred } from '../helpers/deferred.ts'
import { skip, startRedis, type RedisTestServer } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'

/** A store as one replica has it. */
function openStore(t: TestContext, url: string, seed = 'the-seed'): RedisStore {
  const store = new RedisStore({
    server: { createClient, address: storeAddress(url)! },
    account: () => Promise.resolve(seed),
    log: pino({ level: 'silent' }),
  })
  t.after(() => store.close())
  return store
}

/** of a process that does not end */
const staying = () => new AbortController().signal

function pair(name: string): Tokens {
  return { access: `access-${name}`, refresh: `refresh-${name}`, obtainedAt: 1, expiresAt: 2 }
}

/** A renewal as the account does it: read what is there, then save what comes after it. */
async function renew(store: RedisStore, next: Tokens): Promise<Tokens> {
  return await store.withTurn(async (save) => {
    await store.read()
    return await save(next)
  }, staying())
}

/** A renewal that has read and not yet saved; its turn is lost where `redis` is told to forget it. */
async function halfway(store: RedisStore) {
  const [reached, go] = [deferred(), deferred()]
  const next: { pair?: Tokens } = {}
  const kept = store.withTurn(async (save: SaveTokens) => {
    await store.read()
    reached.resolve()
    await go.promise
    return await save(next.pair!)
  }, staying())
  await reached.promise
  return {
    async save(saved: Tokens): Promise<Tokens> {
      next.pair = saved
      go.resolve()
      return await kept
    },
  }
}

async function keyOf(redis: RedisTestServer, kind: 'pair' | 'turn'): Promise<string> {
  const keys = (await redis.command('KEYS', `droid2api:*:${kind}`)) as string[]
  return keys[0] ?? ''
}

/** What happens when the owner of a turn is not heard of for too long. */
async function endTurn(redis: RedisTestServer): Promise<void> {
  await redis.command('DEL', await keyOf(redis, 'turn'))
}

/** How often replicas have compared what they know with what the server holds. */
async function comparisons(redis: RedisTestServer): Promise<number> {
  const stats = String(await redis.command('INFO', 'commandstats'))
  return Number(/cmdstat_hmget:calls=(\d+)/.exec(stats)?.[1])
}

describe('a token store in Redis', { skip, timeout: 120_000 }, () => {
  test('contract §5.18: one replica reads what another saved; before that there is nothing', async (t) => {
    const redis = await startRedis(t)
    const [one, other] = [openStore(t, redis.url), openStore(t, redis.url)]

    assert.equal(await other.read(), undefined)
    await renew(one, pair('1'))

    assert.deepEqual(await other.read(), pair('1'))
    assert.equal(await keyOf(redis, 'turn'), '', 'saving ends the turn')
  })

  test('accounts that were set up with different tokens share a server', async (t) => {
    const redis = await startRedis(t)
    const [mine, yours] = [openStore(t, redis.url, 'mine'), openStore(t, redis.url, 'yours')]

    await renew(mine, pair('mine'))

    assert.equal(await yours.read(), undefined)
    await renew(yours, pair('yours'))
    assert.deepEqual(await mine.read(), pair('mine'))
  })

  test('contract §5.18: replicas take turns at renewing the login', async (t) => {
    const redis = await startRedis(t)
    const stores = Array.from({ length: 3 }, () => openStore(t, redis.url))
    let [inside, most] = [0, 0]

    const numbers = Array.from({ length: 12 }, (_, index) => index)
    await Promise.all(
      numbers.map((index) =>
        stores[index % 3]!.withTurn(async () => {
          inside += 1
          most = Math.max(most, inside)
          await wait(5)
          inside -= 1
        }, staying()),
      ),
    )

    assert.equal(most, 1)
  })

  test('a turn lasts as long as its owner lives, and ends by itself when it does not', async (t) => {
    const redis = await startRedis(t)
    const [one, other] = [openStore(t, redis.url), openStore(t, redis.url)]
    const renewal = await halfway(one)
    const turn = await keyOf(redis, 'turn')

    await redis.command('PEXPIRE', turn, '1500')
    const beat = async () => (await redis.command('PTTL', turn)) as number
    await until(async () => (await beat()) > 1500)
    await renewal.save(pair('1'))

    await redis.command('SET', turn, 'a replica that was killed', 'PX', '300')
    assert.deepEqual(await renew(other, pair('2')), pair('2'))
  })

  test('a replica that comes late gets the newer pair and does not replace it', async (t) => {
    const redis = await startRedis(t)
    const [late, other] = [openStore(t, redis.url), openStore(t, redis.url)]
    await renew(late, pair('1'))
    const renewal = await halfway(late)
    await endTurn(redis)
    await renew(other, pair('newer'))

    const kept = await renewal.save(pair('late'))

    assert.deepEqual(kept, pair('newer'))
    assert.deepEqual(await other.read(), pair('newer'))
    assert.deepEqual(await late.read(), pair('newer'))
  })

  test('a late pair is kept when nobody has saved a newer one: it may be the only one that is not spent', async (t) => {
    const redis = await startRedis(t)
    const [late, other] = [openStore(t, redis.url), openStore(t, redis.url)]
    await renew(late, pair('1'))
    const renewal = await halfway(late)
    await endTurn(redis)
    const [, turnOfOther] = [await other.read(), await halfway(other)]

    assert.deepEqual(await renewal.save(pair('late')), pair('late'))

    assert.deepEqual(await openStore(t, redis.url).read(), pair('late'))
    assert.notEqual(await keyOf(redis, 'turn'), '', 'the turn of another is not ended')
    assert.deepEqual(await turnOfOther.save(pair('in-turn')), pair('in-turn'))
  })

  test('a late pair stays late, although its replica has meanwhile heard of the newer one', async (t) => {
    const redis = await startRedis(t)
    const [late, other] = [openStore(t, redis.url), openStore(t, redis.url)]
    const renewal = await halfway(late)
    await endTurn(redis)
    await renew(other, pair('newer'))
    await other.close()
    // the late one compares every few seconds, also in the middle of a renewal; nobody else is left who does
    const before = await comparisons(redis)
    await until(async () => (await comparisons(redis)) > before)

    assert.deepEqual(await renewal.save(pair('late')), pair('newer'))
  })

  test('a server that lost its memory gets the newest pair back, from whoever has it', async (t) => {
    const redis = await startRedis(t)
    const [old, newest] = [openStore(t, redis.url), openStore(t, redis.url)]
    await renew(old, pair('1'))
    await renew(newest, pair('2'))
    await redis.command('FLUSHALL')

    await old.read()
    await newest.read()

    assert.deepEqual(await openStore(t, redis.url).read(), pair('2'))
  })

  test('a server that was set back gets the newest pair back by itself', async (t) => {
    const redis = await startRedis(t)
    await renew(openStore(t, redis.url), pair('1'))
    const key = await keyOf(redis, 'pair')
    await redis.command('COPY', key, 'before')
    await renew(openStore(t, redis.url), pair('2'))

    await redis.command('COPY', 'before', key, 'REPLACE')
    const now = async () => String(await redis.command('HGET', key, 'pair'))
    await until(async () => (await now()).includes('refresh-2'))

    assert.deepEqual(await openStore(t, redis.url).read(), pair('2'))
  })

  test('a pair that could not be saved is saved as soon as the server is back', async (t) => {
    const redis = await startRedis(t)
    const store = openStore(t, redis.url)
    const renewal = await halfway(store)

    await redis.stop()
    await assert.rejects(renewal.save(pair('1')), { message: /127\.0\.0\.1.*cannot be used/ })
    await redis.start()
    await until(async () => (await keyOf(redis, 'pair')) !== '')

    assert.deepEqual(await openStore(t, redis.url).read(), pair('1'))
  })

  test('a pair that could not be saved gets a last chance at the end', async (t) => {
    const redis = await startRedis(t)
    const store = openStore(t, redis.url)
    const renewal = await halfway(store)
    await redis.stop()
    await assert.rejects(renewal.save(pair('1')))
    await redis.start()

    await store.close()

    assert.deepEqual(await openStore(t, redis.url).read(), pair('1'))
  })

  test('a server that is away or silent is said to be so, and is used again when it is back', async (t) => {
    const redis = await startRedis(t)
    const store = openStore(t, redis.url)
    await renew(store, pair('1'))
    redis.process.kill('SIGSTOP')
    await assert.rejects(store.read(), { message: /no answer within 3 s/ })
    assert.match(store.problem ?? '', /no answer within 3 s/)

    redis.process.kill('SIGCONT')

    assert.deepEqual(await store.read(), pair('1'))
    assert.equal(store.problem, undefined)
  })

  test('a password is used; a wrong one is told by its code and never shown', async (t) => {
    const redis = await startRedis(t, { password: 'p@ss/word:1234' })
    const right = `redis://:${encodeURIComponent('p@ss/word:1234')}@127.0.0.1:${redis.port}`

    await renew(openStore(t, right), pair('1'))

    const wrong = openStore(t, `redis://:not-the-pass@127.0.0.1:${redis.port}/0`)
    await assert.rejects(wrong.read(), ({ message }: Error) => {
      assert.match(message, /\(WRONGPASS\)/)
      assert.doesNotMatch(message, /not-the-pass/)
      return true
    })
  })

  test('something else under the key of the account is left alone', async (t) => {
    const redis = await startRedis(t)
    const store = openStore(t, redis.url)
    await renew(store, pair('1'))
    const key = await keyOf(redis, 'pair')
    await redis.command('HSET', key, 'generation', '9', 'pair', 'hello')

    await assert.rejects(store.read(), { message: /holds something else/ })

    await redis.command('SET', key, 'hello')
    await assert.rejects(store.read(), { message: /WRONGTYPE|ERR/ })
    assert.equal(await redis.command('GET', key), 'hello')
  })
})
