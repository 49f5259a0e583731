/** `x-droid2api-explain` at a running proxy: who may, what is not done, and what is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { startTokenServer } from '../helpers/token-server.ts'
import { until } from '../helpers/until.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'
import { twoAccounts, refusal, spent } from '../routing/setting.ts'
import { explained, recorded, send, type Answered } from './setting.ts'

const admin = 'the-key-of-whoever-looks'
const body = {
  model: 'claude-sonnet-4-5',
  max_tokens: 9,
  messages: [{ role: 'user', content: 'What nobody else is to read' }],
}
const order = { 'x-droid2api-explain': '1' }
const account = 'fk-of-the-account-77aa'

function asking(url: string, headers: Record<string, string> = {}): Promise<Answered> {
  return send(`${url}/v1/messages`, body, { ...order, ...headers })
}

test('contract §22.3: without an admin key this machine asks, and nobody whom a proxy speaks for', async (t) => {
  const setting = await recorded(t, (url) => ({
    config: oneUpstream(url),
    env: { FACTORY_API_KEY: account },
  }))
  const { url } = setting.proxy

  assert.equal((await asking(url)).status, 200)
  for (const name of ['forwarded', 'x-forwarded-for', 'via', 'x-real-ip', 'host']) {
    const refused = await asking(url, { [name]: 'rebound.example' })
    assert.equal(refused.status, 403, name)
    assert.match(refused.text, /"type":"permission_error"/)
  }
  assert.deepEqual(setting.sent, [])
})

test('contract §22.3: with an admin key only that asks, however it comes, and a client key does not', async (t) => {
  const clients = [{ name: 'alice', key: 'the-key-of-alice-1' }]
  const setting = await recorded(t, (url) => ({
    config: oneUpstream(url, { clients, admin_key: admin }),
    env: { FACTORY_API_KEY: account },
  }))
  const { url } = setting.proxy
  const basic = `Basic ${Buffer.from(`me:${admin}`).toString('base64')}`

  for (const authorization of [`Bearer ${admin}`, basic]) {
    assert.equal((await asking(url, { authorization })).status, 200)
  }
  assert.equal((await asking(url, { 'x-api-key': admin, host: 'proxy.lan' })).status, 200)
  assert.equal((await asking(url)).status, 403)
  for (let count = 0; count < 12; count++) {
    assert.equal((await asking(url, { 'x-api-key': 'the-key-of-alice-1' })).status, 403)
  }
  assert.deepEqual(setting.sent, [])
})

test('contract §22.3: ten wrong keys of one peer in a minute are all, and the right one passes', async (t) => {
  const setting = await recorded(t, (url) => ({ config: oneUpstream(url, { admin_key: admin }) }))
  const { url } = setting.proxy
  const wrong = { authorization: 'Bearer a-guess-at-the-key' }
  const statuses: unknown[] = []

  for (let count = 0; count < 11; count++) statuses.push((await asking(url, wrong)).status)

  assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 403), 429])
  const right = { authorization: `Bearer ${admin}`, 'x-api-key': 'sk-of-the-caller-itself' }
  assert.equal((await asking(url, right)).status, 200)
  assert.deepEqual(setting.sent, [])
})

test('contract §22.2: whatever value the header has, on whichever model route, nothing is sent', async (t) => {
  const setting = await recorded(t, (url) => ({
    config: oneUpstream(url),
    env: { FACTORY_API_KEY: account },
  }))
  const paths = [
    '/v1/messages',
    '/messages/',
    '/v1/v1/messages',
    '/v1/messages/count_tokens',
    '/v1/chat/completions',
    '/v1/responses',
    '/v1/responses/compact',
    '/v1/responses/resp_1/cancel',
  ]

  for (const path of paths) {
    for (const value of ['0', '', 'false', 'no, 1']) {
      const model = path.includes('responses') ? 'gpt-5.1' : body.model
      const answer = await send(
        setting.proxy.url + path,
        { ...body, model, input: 'x' },
        { 'X-Droid2API-Explain': value },
      )
      assert.equal(answer.status, 200, `${path} ${answer.text}`)
      assert.match(answer.text, /^\{"explain":/)
      assert.equal(answer.headers['cache-control'], 'no-store')
    }
  }
  assert.deepEqual(setting.sent, [])
  const health = await fetch(`${setting.proxy.url}/health`, { headers: order })
  assert.equal(((await health.json()) as { status: string }).status, 'ok')
})

test('contract §22.2: a request that is explained is counted nowhere, and nothing of it is logged', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }))
  const clients = [{ name: 'alice', key: 'the-key-of-alice-1', requests_per_day: 1, parallel: 1 }]
  const proxy = await startProxy(t, {
    config: oneUpstream(upstream.url, { clients, admin_key: admin, log_level: 'debug' }),
    env: { FACTORY_API_KEY: account },
  })
  const both = { authorization: `Bearer ${admin}`, 'x-api-key': 'the-key-of-alice-1' }

  for (let count = 0; count < 3; count++) assert.equal((await asking(proxy.url, both)).status, 200)

  assert.equal(upstream.requests.length, 0)
  assert.deepEqual(proxy.app.recent.all, [])
  const today = new Date().toISOString().slice(0, 10)
  assert.deepEqual(await proxy.app.usage.rows('2000-01-01', today), [])
  assert.ok(!proxy.rawLog().includes('nobody else'))
  assert.ok(!proxy.rawLog().includes(account))
  assert.deepEqual(
    [...new Set(proxy.logs.filter(({ msg }) => msg === 'request').map(({ level }) => level))],
    ['debug'],
  )
  // the one request of the day is still there
  const alice = { 'x-api-key': 'the-key-of-alice-1' }
  const real = await send(`${proxy.url}/v1/messages`, body, alice)
  assert.equal(real.status, 200, real.text)
  const [over, overReal] = [
    await asking(proxy.url, both),
    await send(`${proxy.url}/v1/messages`, body, alice),
  ]
  assert.deepEqual([over.status, overReal.status], [429, 429])
  assert.equal(over.headers['retry-after'] !== undefined, true)
  assert.equal(withoutId(over.text), withoutId(overReal.text))
  assert.equal((await asking(proxy.url, { authorization: `Bearer ${admin}` })).status, 200)
})

function withoutId(text: string): string {
  return text.replace(/"request_id":"[^"]*"/, '').replace(/\d+ s\b/g, '')
}

test('contract §22.3: with a client key in the other header its models count, and its own key stays out', async (t) => {
  const clients = [
    { name: 'bob', key: 'the-key-of-bob-12', models: ['gpt-*'] },
    { name: 'eve', key: 'the-key-of-eve-12', enabled: false },
  ]
  const setting = await recorded(t, (url) => ({
    config: oneUpstream(url, { clients, admin_key: admin }),
    env: { FACTORY_API_KEY: account },
  }))
  const { url } = setting.proxy
  const as = (key: string) => asking(url, { authorization: `Bearer ${admin}`, 'x-api-key': key })

  const bob = await as('the-key-of-bob-12')
  assert.equal(bob.status, 403)
  assert.match(bob.text, /The client bob may not use/)
  const eve = await as('the-key-of-eve-12')
  assert.equal(eve.status, 401)
  assert.match(eve.text, /is disabled/)
})

test('contract §22.1: the admin key is no credential of the request that is explained', async (t) => {
  const setting = await recorded(t, (url) => ({
    config: {
      endpoints: [{ name: 'e', type: 'anthropic', base_url: url, auth: 'client' }],
      models: [{ name: 'M', id: body.model, type: 'anthropic' }],
      admin_key: admin,
    },
  }))
  const own = { 'x-api-key': 'sk-of-the-caller-itself' }

  const shown = await explained(setting, '/v1/messages', body, {
    authorization: `Bearer ${admin}`,
    ...own,
  })

  assert.equal(shown.account, 'caller')
  assert.equal(shown.headers!['x-api-key'], '***self')
  assert.equal(shown.headers!.authorization, undefined)
  assert.ok(!JSON.stringify(shown).includes(admin))
  const none = await asking(setting.proxy.url, { authorization: `Bearer ${admin}` })
  assert.equal(none.status, 401)
})

const wrong: [what: string, path: string, body: unknown][] = [
  ['a model that nobody knows', '/v1/messages', { ...body, model: 'claude-sonet-4-5' }],
  ['a model that nobody knows, in chat', '/v1/chat/completions', { ...body, model: 'nothing' }],
  ['no model', '/v1/responses', { input: 'x' }],
  ['no JSON', '/v1/messages', '{"model":'],
  ['no object', '/v1/chat/completions', '[]'],
  ['a body that is too large', '/v1/messages', `{"a":"${'x'.repeat(1_100_000)}"}`],
  ['tokens that nobody counts', '/v1/messages/count_tokens', { ...body, model: 'glm-4.6' }],
  ['a path of another API', '/v1/responses/resp_1/cancel', { model: 'glm-4.6' }],
  [
    'what cannot be translated',
    '/v1/chat/completions',
    { ...body, messages: [{ role: 'user', content: [{ type: 'nonsense' }] }] },
  ],
]

for (const [what, path, asked] of wrong) {
  test(`contract §22.5: ${what} is the very error that a request gets`, async (t) => {
    const setting = await recorded(t, (url) => ({
      config: oneUpstream(url, { max_body_mb: 1 }),
      env: { FACTORY_API_KEY: account },
    }))
    const id = { 'x-request-id': 'the-same' }

    const told = await send(setting.proxy.url + path, asked, { ...id, ...order })
    const real = await send(setting.proxy.url + path, asked, id)

    assert.ok(told.status! >= 400)
    assert.deepEqual([told.status, told.text], [real.status, real.text])
    assert.deepEqual(setting.sent, [])
  })
}

test('contract §22.5: where all accounts rest, the error and the time are those of a request', async (t) => {
  const setting = await twoAccounts(t, () => spent)
  await (await setting.ask()).text()
  const asked = setting.upstream.requests.length

  const told = await asking(setting.proxy.url)
  const real = await setting.ask()

  assert.equal(told.status, 429)
  assert.equal(withoutId(told.text), withoutId(await real.text()))
  assert.equal(
    Math.abs(Number(told.headers['retry-after']) - Number(real.headers.get('retry-after'))) <= 1,
    true,
  )
  assert.equal(setting.upstream.requests.length, asked)
})

test('contract §22.4: explain says which account serves, and why each other does not', async (t) => {
  const setting = await twoAccounts(
    t,
    (name) =>
      name === 'one'
        ? spent
        : name === 'two'
          ? refusal(401)
          : { body: anthropicMessage({ text: ['Hi'] }) },
    {
      accounts: ['one', 'two', 'three', 'four'],
      config: {
        accounts: ['one', 'two', 'three', 'four', 'five'].map((name) => ({
          name,
          key: `key-of-${name}`,
          header: 'x-api-key',
          enabled: name !== 'five',
        })),
      },
      endpoint: { accounts: ['one', 'two', 'three', 'four', 'five'] },
    },
  )
  await (await setting.ask()).text()

  const shown = await explained(setting, '/v1/messages', body)

  assert.equal(shown.account, 'three')
  assert.equal(shown.headers!['x-api-key'], '***')
  assert.deepEqual(
    shown.others.map(({ name }) => name),
    ['one', 'two', 'four', 'five'],
  )
  const why = Object.fromEntries(shown.others.map((one) => [one.name, one.why]))
  assert.match(why.one!, /^cools down until 20\S+Z \(429, rate limit\)$/)
  assert.match(why.two!, /^needs_login until 20\S+Z \(401\)$/)
  assert.match(why.four!, /^ok, but three comes first \(`choose`: first\)$/)
  assert.match(why.five!, /^disabled/)
})

test('contract §22.4: the way from the name to the model is told, with those that stand in', async (t) => {
  const setting = await recorded(t, (url) => ({
    config: oneUpstream(url, {
      model_redirects: { sonnet: 'claude-sonnet-4-5' },
      models: [
        {
          name: 'A',
          id: 'claude-sonnet-4-5',
          type: 'anthropic',
          fallback: ['gpt-5.1', 'blind', 'later'],
        },
        { name: 'B', id: 'gpt-5.1', type: 'openai' },
        { name: 'C', id: 'blind', type: 'common', images: false },
        { name: 'D', id: 'later', type: 'common' },
      ],
    }),
    env: { FACTORY_API_KEY: account },
  }))
  const image = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }
  const asked = { ...body, model: 'sonnet', messages: [{ role: 'user', content: [image] }] }
  setting.proxy.app.pool
    .unnamed('default')
    .bench.rest({ kind: 'told', ms: 60_000, why: '429, rate limit', model: 'claude-sonnet-4-5' })

  const shown = await explained(setting, '/v1/messages', asked)

  assert.equal(shown.model, 'gpt-5.1')
  assert.deepEqual(shown.chain, [
    { model: 'sonnet', why: 'leads to claude-sonnet-4-5' },
    {
      model: 'claude-sonnet-4-5',
      endpoint: 'claude',
      type: 'anthropic',
      why: 'none of its accounts can serve',
    },
    { model: 'gpt-5.1', endpoint: 'gpt', type: 'openai', why: 'serves' },
    { model: 'blind', endpoint: 'other', type: 'common', why: 'it refuses images (`images`)' },
    {
      model: 'later',
      endpoint: 'other',
      type: 'common',
      why: 'stands in where gpt-5.1 cannot serve',
    },
  ])
})

test('contract §22.2: an explained request does not count as a turn of round-robin', async (t) => {
  const setting = await twoAccounts(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }), {
    endpoint: { choose: 'round-robin' },
  })
  const accounts: unknown[] = []

  for (let count = 0; count < 4; count++) {
    accounts.push((await explained(setting, '/v1/messages', body)).account)
    accounts.push((await explained(setting, '/v1/messages', body)).account)
    await (await setting.ask()).text()
  }

  assert.deepEqual(accounts, ['one', 'one', 'two', 'two', 'one', 'one', 'two', 'two'])
  assert.deepEqual(setting.asked(), ['one', 'two', 'one', 'two'])
})

test('contract §22.2: a login is not renewed, and one without a token is shown as such', async (t) => {
  const tokens = await startTokenServer(t)
  const setting = await recorded(t, (url) => ({
    config: {
      ...oneUpstream(url),
      accounts: [{ name: 'mine', login: tokens.refreshToken, token_url: tokens.url }],
      endpoints: [{ name: 'claude', type: 'anthropic', base_url: url, accounts: ['mine'] }],
      models: [{ name: 'M', id: body.model, type: 'anthropic' }],
    },
  }))
  // the one of the proxy's start
  await until(() => tokens.refreshes === 1)
  // as the login of a proxy that has only begun
  const [member] = setting.proxy.app.pool.all
  member!.own.account.peek = () => Promise.resolve(null)
  const before = tokens.requests.length

  const shown = await explained(setting, '/v1/messages', body)

  assert.equal(shown.headers!.authorization, 'Bearer ***')
  assert.match(shown.changes.join('\n'), /renewed first/)
  assert.equal(tokens.requests.length, before)
})

test('contract §22.4: a request that the proxy answers by itself goes nowhere', async (t) => {
  const setting = await recorded(t, (url) => ({
    config: oneUpstream(url),
    env: { FACTORY_API_KEY: account },
  }))
  const empty = { ...body, model: 'gpt-5.1', max_tokens: 0 }

  const shown = await explained(setting, '/v1/messages', empty)

  const { account: who, method, url, headers, body: sent } = shown
  assert.deepEqual([who, method, url, headers, sent], [null, null, null, null, null])
  assert.deepEqual(shown.changes, [
    'Nothing goes up: the request wants no answer, and gets it from the proxy.',
  ])
})

const short = 'short-key'
const long = 'a-key-of-sixteen'

test('contract §22.6: of a secret no more is shown than its end, of a short one nothing', async (t) => {
  const setting = await recorded(t, (url) => ({
    config: {
      endpoints: [
        {
          name: 'e',
          type: 'anthropic',
          base_url: `${url}/v1/messages?api_key=${long}-of-the-address&v=1`,
          auth: { env: 'KEY', header: 'authorization' },
          headers: { 'x-other-token': short, 'x-plain': `says ${long}` },
        },
      ],
      models: [{ name: 'M', id: body.model, type: 'anthropic' }],
      api_keys: [`${long}-of-a-client`],
      admin_key: admin,
    },
    env: { KEY: `Basic ${long}` },
  }))
  const headers = { authorization: `Bearer ${admin}`, 'x-mine': `${long}-of-a-client` }

  const shown = await explained(setting, '/v1/messages', body, headers)

  assert.equal(shown.url, `${setting.url}/v1/messages?api_key=***ress&v=1`)
  assert.equal(shown.headers!.authorization, '***teen')
  assert.equal(shown.headers!['x-other-token'], '***')
  assert.equal(shown.headers!['x-plain'], 'says ***teen')
  assert.equal(shown.headers!['x-mine'], '***ient')
  const { body: _same, ...all } = shown
  assert.ok(!JSON.stringify(all).includes(short))
  assert.ok(!JSON.stringify(all).includes('a-key'))
})

test('contract §22.4: a model whose endpoint could not be reached is told to be tried last', async (t) => {
  const setting = await recorded(t, (url) => ({
    config: oneUpstream(url, {
      models: [
        { name: 'A', id: 'claude-sonnet-4-5', type: 'anthropic', fallback: ['gpt-5.1'] },
        { name: 'B', id: 'gpt-5.1', type: 'openai' },
      ],
    }),
    env: { FACTORY_API_KEY: account },
  }))
  for (let count = 0; count < 5; count++) setting.proxy.app.refusals.refused('claude')

  const { model, chain } = await explained(setting, '/v1/messages', body)

  assert.equal(model, 'gpt-5.1')
  assert.deepEqual(
    chain.map(({ why }) => why),
    ['tried last: its endpoint could not be reached', 'serves'],
  )
})

test('contract §22.1: with conversations that stay with their accounts, the account is the one that serves', async (t) => {
  const setting = await twoAccounts(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }), {
    accounts: ['one', 'two', 'three'],
    endpoint: { choose: 'sticky' },
  })
  const accounts: unknown[] = []

  for (let count = 0; count < 9; count++) {
    const session = { 'x-session-id': `session-${count}` }
    const { account: shown, others } = await explained(setting, '/v1/messages', body, session)
    await (await setting.ask({}, session)).text()
    accounts.push(shown)
    assert.match(others[0]!.why, new RegExp(`this conversation is with ${shown}`))
  }

  assert.deepEqual(setting.asked(), accounts)
  assert.ok(new Set(accounts).size > 1)
})

test('contract §22.1: a request that is bound to an account is shown at the one that served its conversation', async (t) => {
  const setting = await twoAccounts(
    t,
    (name) => (name === 'one' ? spent : { body: anthropicMessage({ text: ['Hi'] }) }),
    {},
  )
  const session = { 'x-session-id': 's-1' }
  await (await setting.ask({}, session)).text()
  const bound = { ...body, container: 'container_1' }

  const shown = await explained(setting, '/v1/messages', bound, session)
  await (await setting.ask({ container: 'container_1' }, session)).text()

  assert.equal(shown.account, 'two')
  assert.equal(setting.asked().at(-1), 'two')
  assert.match(shown.others[0]!.why, /holds an id that lives in the account/)
})

test('contract §22.1: the token of a login is the one that a request carries', async (t) => {
  const tokens = await startTokenServer(t)
  const setting = await recorded(t, (url) => ({
    config: oneUpstream(url, { auth: { token_url: tokens.url } }),
    env: { DROID_REFRESH_KEY: tokens.refreshToken },
  }))
  await send(`${setting.proxy.url}/v1/messages`, body)
  const renewals = tokens.requests.length

  const shown = await explained(setting, '/v1/messages', body)
  await send(`${setting.proxy.url}/v1/messages`, body)

  const [, real] = setting.sent
  assert.ok(real!.includes(`authorization: Bearer ${tokens.accessToken}`))
  assert.equal(shown.headers!.authorization, `Bearer ***${tokens.accessToken.slice(-4)}`)
  assert.equal(tokens.requests.length, renewals)
})
