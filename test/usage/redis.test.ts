/** Usage of replicas in one Redis: sums are exact, whatever happens to the server in between. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { createClient } from '@redis/client'
import { storeAddress } from '../../lib/config/store-address.ts'
import { RedisUsage } from '../../lib/usage/redis.ts'
import { noCounts, type Row } from '../../lib/usage/row.ts'
import { runProgram } from '../helpers/program.ts'
import { post } from '../helpers/proxy.ts'
import { skip, startRedis } from '../helpers/redis-server.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { kinds, models, startMetered } from './metered-upstream.ts'

function row(more: Partial<Row> = {}): Row {
  const place = { client: 'alice', model: 'a "model" of ours', endpoint: 'e', account: 'work' }
  return { day: '2026-11-28', ...place, ...noCounts(), requests: 1, input: 5, ...more }
}

function storeAt(t: TestContext, url: string): RedisUsage {
  const store = new RedisUsage({ createClient, address: storeAddress(url)! }, () => 13)
  t.after(() => store.close())
  return store
}

const ever = ['0000-01-01', '9999-12-31'] as const

test('contract §15.9: replicas add to one sum, by day', { skip }, async (t) => {
  const redis = await startRedis(t)
  const [one, other] = [storeAt(t, redis.url), storeAt(t, redis.url)]

  await one.append([row(), row({ day: '2026-11-29', cost_micro_usd: 7 })])
  await other.append([row({ errors: 1 }), row({ client: 'bob' })])

  assert.deepEqual(await other.rows('2026-11-28', '2026-11-28'), [
    row({ requests: 2, input: 10, errors: 1 }),
    row({ client: 'bob' }),
  ])
  assert.deepEqual(await one.rows('2026-11-29', '2026-12-31'), [
    row({ day: '2026-11-29', cost_micro_usd: 7 }),
  ])
})

test(
  'contract §15.9: what was sent counts once, also when the reply is lost and it is sent again',
  { skip },
  async (t) => {
    const redis = await startRedis(t)
    const between = await deafProxy(t, redis.port)
    const store = storeAt(t, between.url)
    await store.append([row()])

    between.swallowReplies(true)
    const { left, fault } = await store.append([row()])
    assert.deepEqual(left, [])
    assert.match(fault!.message, /cannot be used/)
    const { left: waiting } = await store.append([row()])
    assert.deepEqual(waiting, [row()])
    between.swallowReplies(false)
    await store.append(waiting)

    assert.deepEqual(await store.rows(...ever), [row({ requests: 3, input: 15 })])
  },
)

test(
  'contract §15.9: a server that is gone loses nothing that its replicas live to tell',
  { skip },
  async (t) => {
    const redis = await startRedis(t, { persistent: true })
    const store = storeAt(t, redis.url)
    await store.append([row()])
    await redis.stop()
    const first = await store.append([row()])
    const second = await store.append([row(), row({ client: 'bob' })])
    assert.ok(first.fault && second.fault)
    await assert.rejects(store.rows(...ever), /cannot be used/)

    await redis.start()
    await store.append(second.left)

    assert.deepEqual(await store.rows(...ever), [
      row({ requests: 3, input: 15 }),
      row({ client: 'bob' }),
    ])
  },
)

test(
  'contract §15.9: days end by themselves after the months that are kept, and leave the list',
  { skip },
  async (t) => {
    const redis = await startRedis(t)
    const store = storeAt(t, redis.url)
    await store.append([row(), row({ day: '2026-11-29' })])

    const life = Number(await redis.command('TTL', 'droid2api:{usage}:day:2026-11-28'))
    assert.ok(life > 390 * 86_400 && life <= 403 * 86_400, String(life))
    await redis.command('DEL', 'droid2api:{usage}:day:2026-11-28')
    await store.fold('2026-11-30')

    assert.deepEqual(await redis.command('SMEMBERS', 'droid2api:{usage}:days'), ['2026-11-29'])
  },
)

test(
  'contract §15.9: with TOKEN_STORE replicas count there and in no file, and droid2api usage tells it',
  { skip },
  async (t) => {
    const redis = await startRedis(t)
    const upstream = await startMetered(t, () => 1)
    const dir = tempDir()
    const env = { DATA_DIR: dir, TOKEN_STORE: redis.url }
    const keys = Object.fromEntries(kinds.map((kind) => [`KEY_OF_${kind.toUpperCase()}`, 'k']))
    const replica = () => runProgram(t, { config: upstream.config, env: { ...env, ...keys } })
    const both = [replica(), replica()]
    const messages = [{ role: 'user', content: 'END:whole' }]
    for (const program of both) {
      const body = { model: models.anthropic, max_tokens: 9, messages }
      await (await post(`${await program.url()}/v1/messages`, body)).text()
    }
    for (const { process: child } of both) child.kill('SIGTERM')
    await Promise.all(both.map(({ exit }) => exit))

    const told = runProgram(t, {
      args: ['usage', '--by', 'model'],
      config: upstream.config,
      env: { ...env, ...keys },
    })

    assert.equal(await told.exit, 0, told.stderr())
    const { rows } = JSON.parse(told.stdout()) as { rows: Row[] }
    assert.deepEqual(
      rows.map(({ model, requests }) => [model, requests]),
      [[models.anthropic, 2]],
    )
    assert.equal(existsSync(path.join(dir, 'usage')), false)
    await redis.stop()
    const unread = runProgram(t, {
      args: ['usage'],
      config: upstream.config,
      env: { ...env, ...keys },
    })
    assert.equal(await unread.exit, 1)
    assert.match(unread.stderr(), /^the token store .* cannot be used \(ECONNREFUSED\)\n$/)
  },
)

test(
  'contract §15.9: a start that fails leaves no connection open, which would keep the process',
  { skip },
  async (t) => {
    const redis = await startRedis(t)
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    t.after(() => other.close())
    const { port } = other.address() as AddressInfo

    const program = runProgram(t, { config: { port }, env: { TOKEN_STORE: redis.url } })

    assert.equal(await program.exit, 1, program.stderr())
    assert.match(program.stderr(), /in use/)
  },
)

/** Stands before the server, and can keep its replies to itself. */
async function deafProxy(t: TestContext, port: number) {
  let swallows = false
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
    }
    client.pipe(upstream)
    upstream.on('data', (bytes) => {
      // the connection is closed before the client can wait for long
      if (swallows) client.destroy()
      else client.write(bytes)
    })
    client.once('close', () => upstream.end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    swallowReplies: (on: boolean) => void (swallows = on),
  }
}
