/** What bounds a request that several may serve: sends, waiting, the rests of accounts, and what its client may use. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { Bench } from '../../lib/account/bench.ts'
import { freePort } from '../helpers/free-port.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { startUpstream, type Answer } from '../helpers/upstream.ts'
import { good, question, refusal, spent, twoAccounts } from './setting.ts'

const claude = { name: 'C', id: 'claude-sonnet-4-5', type: 'anthropic' }

test('contract §17: a refused connection does not count as a send', async (t) => {
  const upstream = await startUpstream(t, () => good)
  const proxy = await startProxy(t, {
    config: {
      retry: { attempts: 1 },
      endpoints: [
        { name: 'gone', type: 'anthropic', base_url: `http://127.0.0.1:${await freePort()}` },
        { name: 'there', type: 'anthropic', base_url: upstream.url },
      ],
      models: [
        { ...claude, fallback: ['other'] },
        { ...claude, id: 'other', endpoint: 'there' },
      ],
    },
  })

  for (const path of ['/v1/messages', '/v1/chat/completions']) {
    const answer = await post(proxy.url + path, question)

    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('x-droid2api-attempts'), 'gone=connect, there=200')
  }
})

test('contract §17: as many accounts as may be asked leave no listeners behind', async (t) => {
  const warnings: string[] = []
  const warn = (warning: Error) => warnings.push(warning.name)
  process.on('warning', warn)
  t.after(() => process.off('warning', warn))
  const accounts = Array.from({ length: 20 }, (_, index) => `a${index}`)
  const { ask, asked } = await twoAccounts(t, () => spent, {
    accounts,
    config: { retry: { attempts: 20 } },
  })

  const answer = await ask()

  assert.equal(answer.status, 429)
  assert.equal(asked().length, 20)
  assert.deepEqual(warnings, [])
})

interface Login {
  attempts: number
  /** the answer to a request with that token */
  by: (token: string) => Answer
}

async function oneLogin(t: Parameters<typeof startTokenServer>[0], { attempts, by }: Login) {
  const tokens = await startTokenServer(t)
  const upstream = await startUpstream(t, ({ headers }) =>
    by(String(headers.authorization).replace('Bearer ', '')),
  )
  const proxy = await startProxy(t, {
    config: {
      retry: { attempts },
      accounts: [{ name: 'work', login: tokens.refreshToken, token_url: tokens.url }],
      endpoints: [{ name: 'c', type: 'anthropic', base_url: upstream.url, accounts: ['work'] }],
      models: [claude],
    },
  })
  return { tokens, upstream, proxy, ask: () => post(`${proxy.url}/v1/messages`, question) }
}

test('contract §17: a replay after 401 counts as a send', async (t) => {
  const { upstream, ask } = await oneLogin(t, { attempts: 1, by: () => refusal(401) })

  assert.equal((await ask()).status, 401)
  assert.equal(upstream.requests.length, 1)
})

test('contract §17: a login that was refused serves again once it is renewed', async (t) => {
  let taken = ''
  const { tokens, proxy, ask } = await oneLogin(t, {
    attempts: 3,
    by: (token) => (token === taken ? good : refusal(401)),
  })
  const refused = [(await ask()).status, (await ask()).status]
  const [member] = proxy.app.pool.all

  await wait(5)
  taken = String(await member!.own.account.renew(tokens.accessToken))
  const renewed = await ask()

  assert.deepEqual(refused, [401, 400])
  assert.equal(renewed.status, 200)
})

test('contract §17: the account without a name serves again, too, once it is renewed', async (t) => {
  const tokens = await startTokenServer(t)
  let taken = ''
  const upstream = await startUpstream(t, ({ headers }) =>
    headers.authorization === `Bearer ${taken}` ? good : refusal(401),
  )
  const other = await startUpstream(t, () => refusal(503))
  const proxy = await startProxy(t, {
    env: { DROID_REFRESH_KEY: tokens.refreshToken, TOKEN_URL: tokens.url },
    config: {
      endpoints: [
        { name: 'c', type: 'anthropic', base_url: upstream.url, auth: 'account' },
        { name: 'o', type: 'anthropic', base_url: other.url, auth: 'none' },
      ],
      models: [
        { ...claude, fallback: ['other'] },
        { ...claude, id: 'other', endpoint: 'o' },
      ],
    },
  })
  const ask = () => post(`${proxy.url}/v1/messages`, question)
  const shown = async () => (await ask()).headers.get('x-droid2api-attempts')
  const before = [await shown(), await shown()]

  await wait(5)
  taken = String(await proxy.app.account.renew(tokens.accessToken))
  const renewed = await ask()

  assert.deepEqual(before, ['c=401, o=503', null])
  assert.equal(renewed.headers.get('x-droid2api-endpoint'), 'c')
  assert.equal(renewed.status, 200)
})

test('contract §17: waits are counted together', async (t) => {
  const short = refusal(429, { 'retry-after-ms': '60' })
  const config = { retry: { wait_s: 0.1, attempts: 9 } }
  const { ask, asked } = await twoAccounts(t, () => short, { config })

  assert.equal((await ask()).status, 429)
  assert.deepEqual(asked(), ['one', 'one', 'two'])
})

test('contract §17: a request that tried an account lets others in, however its try went', async (t) => {
  let answer = refusal(429, { 'retry-after-ms': '20' })
  const { ask } = await twoAccounts(t, () => answer, {
    accounts: ['one'],
    config: { retry: { attempts: 1 } },
  })
  await ask()
  await wait(40)
  answer = refusal(400)
  await ask()
  const begun = performance.now()

  assert.equal((await ask()).status, 400)
  assert.ok(performance.now() - begun < 2000)
})

test('contract §17: a request that takes its time with trying an account gets no other request refused', async (t) => {
  let isOver = false
  const { ask, upstream } = await twoAccounts(
    t,
    async () => {
      if (!isOver) return refusal(429, { 'retry-after-ms': '20' })
      await wait(400)
      return good
    },
    { accounts: ['one'], config: { retry: { attempts: 1, wait_s: 0.05 } } },
  )
  await ask()
  isOver = true
  await wait(40)

  const answers = await Promise.all([ask(), ask(), ask()])

  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  )
  assert.equal(upstream.requests.length, 4)
})

test('contract §17: of several rests the longest counts; rests without a time double, up to a bound', (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  const lines: string[] = []
  const bench = new Bench((line) => lines.push(line))
  bench.rest({ kind: 'told', ms: 3_600_000, why: '429' })
  bench.rest({ kind: 'told', ms: 60_000, why: '429' })

  assert.equal(Math.round(bench.leftMs('m') / 1000), 3600)
  assert.equal(lines.length, 1)
  t.mock.timers.tick(3_600_000)
  bench.served('m')
  const spans = Array.from({ length: 7 }, () => {
    bench.rest({ kind: 'untold', why: '429' })
    bench.rest({ kind: 'untold', why: '429' })
    const left = Math.round(bench.leftMs('m') / 1000)
    t.mock.timers.tick(left * 1000 + 1000)
    return left
  })
  assert.deepEqual(spans, [30, 60, 120, 240, 480, 600, 600])
  bench.served('m')
  bench.rest({ kind: 'untold', why: '429' })
  assert.equal(Math.round(bench.leftMs('m') / 1000), 30)
})

test('contract §17: rests without a time double by kind: a rate limit makes no empty balance longer', (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  const bench = new Bench(() => undefined)
  const spans = (['untold', 'unpaid', 'untold', 'unpaid'] as const).map((kind) => {
    bench.rest({ kind, why: kind })
    const left = Math.round(bench.leftMs('m') / 1000)
    t.mock.timers.tick(left * 1000 + 1000)
    return left
  })

  assert.deepEqual(spans, [30, 3600, 60, 7200])
})

const clients = [{ name: 'alice', key: 'key-of-alice-0123456789', models: ['claude-*'] }]
const asAlice = { authorization: 'Bearer key-of-alice-0123456789' }

test('contract §18: a model that the client may not use does not stand in for it', async (t) => {
  const upstream = await startUpstream(t, () => refusal(503))
  const other = await startUpstream(t, () => good)
  const proxy = await startProxy(t, {
    config: {
      clients,
      endpoints: [
        { name: 'c', type: 'anthropic', base_url: upstream.url, auth: 'none' },
        { name: 'o', type: 'anthropic', base_url: other.url, auth: 'none' },
      ],
      models: [
        { ...claude, fallback: ['secret', 'claude-other'] },
        { ...claude, id: 'secret', endpoint: 'o' },
        { ...claude, id: 'claude-other', endpoint: 'o' },
      ],
    },
  })

  const answer = await post(`${proxy.url}/v1/messages`, question, asAlice)

  assert.equal(answer.headers.get('x-droid2api-model'), 'claude-other')
  assert.equal(other.requests.length, 1)
})

test('contract §17: a request that is refused since all accounts rest counts for no limit of the client', async (t) => {
  const limited = [{ ...clients[0], requests_per_minute: 2 }]
  const { ask } = await twoAccounts(t, () => spent, { config: { clients: limited } })

  const texts: string[] = []
  for (let count = 0; count < 4; count++) texts.push(await (await ask({}, asAlice)).text())

  assert.ok(
    texts.slice(1).every((text) => text.includes('cooling down')),
    texts.join('\n'),
  )
})

test('contract §17: the secrets of all accounts are known to the log', async (t) => {
  const { proxy } = await twoAccounts(t, () => good)
  const { tokens, proxy: other, ask } = await oneLogin(t, { attempts: 1, by: () => good })
  await ask()

  assert.ok(proxy.app.secrets().includes('key-of-two'))
  assert.ok(other.app.secrets().includes(tokens.accessToken))
})

test('contract §18: another provider at the same host gets no thinking that the first one signed', async (t) => {
  const thinking = { type: 'thinking', thinking: 'Hm.', signature: 'c2lnbmVk' }
  const answers = [refusal(503), good, refusal(503), good]
  const upstream = await startUpstream(t, answers)
  const endpoints = [{ name: 'c', type: 'anthropic', base_url: upstream.url, auth: 'none' }]
  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: [thinking, { type: 'text', text: 'Yes?' }] },
    { role: 'user', content: 'Go on' },
  ]

  for (const provider of ['bedrock', 'anthropic']) {
    const models = [
      { ...claude, fallback: ['other'] },
      { ...claude, id: 'other', provider },
    ]
    const proxy = await startProxy(t, { config: { endpoints, models, system_prompt: '' } })
    await post(`${proxy.url}/v1/messages`, { ...question, messages })
  }

  const sent = upstream.requests.map(({ body }) => body.includes('c2lnbmVk'))
  assert.deepEqual(sent, [true, false, true, true])
})

test('contract §17.9: a request is searched for what binds it to an account only where it would move', async (t) => {
  let isSpent = false
  const { ask } = await twoAccounts(t, (account) => (account === 'one' && isSpent ? spent : good))
  const searches = t.mock.method(Buffer.prototype, 'includes').mock as {
    readonly calls: readonly { arguments: readonly unknown[] }[]
  }
  const isSearched = () => searches.calls.some((call) => call.arguments[0] === '"container"')

  await ask()
  const before = isSearched()
  isSpent = true
  await ask()

  assert.deepEqual([before, isSearched()], [false, true])
})
