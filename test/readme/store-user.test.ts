/** The user that docs/troubleshooting.md has for the server of TOKEN_STORE may do what the program does there, and no more. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { pino } from 'pino'
import { RedisStore } from '../../lib/account/redis-store.ts'
import { storeAddress } from '../../lib/config/store-address.ts'
import { RedisUsage } from '../../lib/usage/redis.ts'
import { noCounts } from '../../lib/usage/row.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { skip, startRedis, type RedisTestServer } from '../helpers/redis-server.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { accountOf, good, question, spent } from '../routing/setting.ts'
import { textOf, troubleshooting } from './page.ts'

const day = '2026-11-28'

test(
  'troubleshooting: a user with the commands and keys of the row is enough, and needs each',
  { skip },
  async (t) => {
    const [, row = ''] =
      /`NOPERM` \(the user may not ([^)]+)\)/.exec(textOf(troubleshooting[0])) ?? []
    const words = Array.from(row.matchAll(/`([^`]+)`/g), ([, word]) => word!)
    const commands = words.filter((word) => /^[A-Z]+$/.test(word))
    const keys = words.filter((word) => word.includes(':')).map((word) => `~${word}`)
    const redis = await startRedis(t)
    const allowed = commands.map((command) => `+${command.toLowerCase()}`)
    await redis.command('ACL', 'SETUSER', 'droid', 'on', '>pw', ...keys, '-@all', ...allowed)
    const store = `redis://droid:pw@127.0.0.1:${redis.port}`

    await renewALogin(t, store)
    await countUsage(t, store, redis)
    await limitAndRest(t, store)

    assert.deepEqual(await redis.command('ACL', 'LOG'), [])
    const stats = String(await redis.command('INFO', 'commandstats'))
    const calls = stats.matchAll(/^cmdstat_(\w+):/gm)
    const used = new Set(Array.from(calls, ([, name]) => name!.toUpperCase()))
    assert.deepEqual(
      commands.filter((command) => !used.has(command)),
      [],
    )
  },
)

function serverAt(store: string) {
  return { createClient, address: storeAddress(store)! }
}

/** It takes longer than a turn may be silent. */
async function renewALogin(t: TestContext, store: string): Promise<void> {
  const log = pino({ level: 'silent' })
  const account = () => Promise.resolve('the-seed')
  const logins = new RedisStore({ server: serverAt(store), account, log })
  t.after(() => logins.close())
  const pair = { access: 'a', refresh: 'r', obtainedAt: 1, expiresAt: 2 }

  await logins.withTurn(async (save) => {
    await logins.read()
    await wait(1500)
    return await save(pair)
  }, new AbortController().signal)

  assert.deepEqual(await logins.read(), pair)
}

/** The oldest day has ended on the server, and leaves the list; another number is another database. */
async function countUsage(t: TestContext, store: string, redis: RedisTestServer): Promise<void> {
  const place = { client: 'alice', model: 'm', endpoint: 'e', account: 'a' }
  const row = { day, ...place, ...noCounts(), requests: 1 }
  for (const url of [store, `${store}/1`]) {
    const usage = new RedisUsage(serverAt(url), () => 13)
    t.after(() => usage.close())

    assert.deepEqual(await usage.append([row]), { left: [] })
    assert.deepEqual(await usage.rows(day, day), [row])
    const [ended] = (await redis.command('KEYS', `droid2api:{usage}*${day}`)) as string[]
    if (ended !== undefined) await redis.command('UNLINK', ended)
    await usage.fold('2026-11-29')
  }
}

async function limitAndRest(t: TestContext, store: string): Promise<void> {
  const upstream = await startUpstream(t, (request) =>
    accountOf(request) === 'one' ? spent : good,
  )
  const accounts = ['one', 'two']
  const key = 'k-alice-3f9a1c7e55'
  const { url } = await startProxy(t, {
    config: {
      system_prompt: '',
      accounts: accounts.map((name) => ({ name, key: `key-of-${name}`, header: 'x-api-key' })),
      endpoints: [{ name: 'claude', type: 'anthropic', base_url: upstream.url, accounts }],
      models: [{ name: 'Claude', id: 'claude-sonnet-4-5', type: 'anthropic' }],
      clients: [{ name: 'alice', key, requests_per_day: 100 }],
    },
    env: { TOKEN_STORE: store },
  })

  const answer = await post(`${url}/v1/messages`, question, { 'x-api-key': key })
  await answer.arrayBuffer()

  const health = await (await fetch(`${url}/health`)).text()
  assert.equal(answer.status, 200)
  assert.doesNotMatch(health, /not shared/)
}
