/** What clients may use, over real sockets: limits, models, expiry, and what an answer says of them. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { deferred } from '../helpers/deferred.ts'
import { oneUpstream, post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import {
  anthropicMessage,
  anthropicStream,
  startUpstream,
  type Script,
} from '../helpers/upstream.ts'

const aliceKey = 'k-alice-3f9a1c7e55'
const bobKey = 'k-bob-3f9a1c7e5500'
const alice = { name: 'alice', key: aliceKey }
const messages = [{ role: 'user', content: 'Hi' }]
const hello = { model: 'claude-sonnet-4-5', messages, max_tokens: 50 }
const noonMs = Date.parse('2026-11-28T12:00:36Z')

/** A message of 100 tokens of input in all, 60 of them read from a cache, and 30 of output. */
const counted = {
  body: anthropicMessage({
    text: ['Hello'],
    usage: {
      input_tokens: 10,
      cache_read_input_tokens: 60,
      cache_creation_input_tokens: 30,
      output_tokens: 30,
    },
  }),
}

interface Setting {
  proxy: TestProxy
  ask: (path?: string, key?: string, body?: object) => Promise<Response>
  mine: (key?: string) => Promise<OwnUsage>
}

interface OwnUsage {
  client: string
  today: { requests: number; tokens: number }
  under_way: number
  limits: Record<string, { limit: number; used: number; left: number; resets_at?: string }>
}

/** The clock stands at noon until the test moves it. */
async function setting(
  t: TestContext,
  clients: object[],
  script: Script = () => counted,
  more: object = {},
): Promise<Setting & { upstream: Awaited<ReturnType<typeof startUpstream>> }> {
  const zone = process.env.TZ
  process.env.TZ = 'UTC'
  t.after(() => (zone === undefined ? delete process.env.TZ : (process.env.TZ = zone)))
  t.mock.timers.enable({ apis: ['Date'], now: noonMs })
  const upstream = await startUpstream(t, script)
  const proxy = await startProxy(t, {
    config: oneUpstream(upstream.url, { clients, ...more }),
    env: { FACTORY_API_KEY: 'fk-of-the-account' },
  })
  const ask = (path = '/v1/messages', key = aliceKey, body: object = hello) =>
    post(proxy.url + path, body, { authorization: `Bearer ${key}` })
  const mine = async (key = aliceKey) => {
    const headers = { authorization: `Bearer ${key}` }
    return (await (await fetch(`${proxy.url}/usage/me`, { headers })).json()) as OwnUsage
  }
  return { proxy, upstream, ask, mine }
}

async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer
  await response.arrayBuffer()
  return response.status
}

test('contract §14.1: the log says whose key came along, and no key', async (t) => {
  const { proxy, ask } = await setting(t, [alice], undefined, { api_keys: [bobKey] })

  await statusOf(ask())
  await statusOf(ask('/v1/messages', bobKey))
  await statusOf(ask('/v1/messages', 'k-of-nobody'))

  const requests = () => proxy.logs.filter(({ msg }) => msg === 'request')
  await until(() => requests().length === 3)
  assert.deepEqual(
    requests().map(({ client, status }) => [client, status]),
    [
      ['alice', 200],
      ['key-1', 200],
      [undefined, 401],
    ],
  )
  assert.ok(!proxy.rawLog().includes(aliceKey))
})

test('contract §14.1: the key of a client goes to no upstream, also where the caller has to bring one', async (t) => {
  const { proxy, upstream } = await setting(t, [alice])
  const { config } = proxy.app
  const endpoints = config.endpoints.map((endpoint) => ({ ...endpoint, auth: 'client' as const }))
  const places = new Map(
    [...config.prepared.places].map(([model, place]) => [
      model,
      { ...place, endpoint: endpoints.find(({ name }) => name === place.endpoint.name)! },
    ]),
  )
  proxy.app.config = { ...config, endpoints, prepared: { ...config.prepared, places } }

  const without = await post(`${proxy.url}/v1/messages`, hello, {
    'x-api-key': aliceKey,
    authorization: '',
  })
  const both = await post(`${proxy.url}/v1/messages`, hello, { 'x-api-key': aliceKey })

  assert.equal(without.status, 401)
  assert.equal(both.status, 200)
  assert.equal(upstream.requests.length, 1)
  assert.ok(!upstream.requests[0]!.rawHeaders.join().includes(aliceKey))
})

test('contract §14.3: a client is served the models it may use, and sees no others', async (t) => {
  const { proxy, upstream, ask } = await setting(
    t,
    [{ ...alice, models: ['claude-*', 'glm-4.6'] }],
    undefined,
    {
      model_redirects: { opus: 'gpt-5.1', sonnet: 'claude-sonnet-4-5' },
    },
  )
  const get = async (path: string, more: Record<string, string> = {}) =>
    await fetch(proxy.url + path, { headers: { 'x-api-key': aliceKey, ...more } })
  const idsOf = async (answer: Response) =>
    ((await answer.json()) as { data: { id: string }[] }).data.map(({ id }) => id)

  const refused = await ask('/v1/messages', aliceKey, { ...hello, model: 'opus' })
  const body = (await refused.json()) as { error: { type: string; message: string } }
  const chat = await ask('/v1/chat/completions', aliceKey, { model: 'gpt-5.1', messages })
  const { error } = (await chat.json()) as { error: { code: string; param: string } }

  assert.equal(refused.status, 403)
  assert.equal(body.error.type, 'permission_error')
  assert.match(body.error.message, /The client alice may not use the model "gpt-5\.1"/)
  assert.deepEqual([chat.status, error.code, error.param], [403, 'model_not_allowed', 'model'])
  assert.equal(await statusOf(ask('/v1/messages', aliceKey, { ...hello, model: 'sonnet' })), 200)
  assert.equal(upstream.requests.length, 1)
  const allowed = ['claude-sonnet-4-5', 'glm-4.6']
  assert.deepEqual(await idsOf(await get('/v1/models')), allowed)
  assert.deepEqual(await idsOf(await get('/v1/models', { 'anthropic-version': '1' })), allowed)
  assert.equal((await get('/v1/models/gpt-5.1')).status, 403)
})

test('contract §14.4: a key ends with the last second of its day, in the zone of the proxy', async (t) => {
  const { ask } = await setting(t, [{ ...alice, expires: '2026-11-28' }])
  process.env.TZ = 'Asia/Shanghai'
  const midnight = Date.parse('2026-11-28T16:00:00Z')

  t.mock.timers.setTime(midnight - 1)
  assert.equal(await statusOf(ask()), 200)
  t.mock.timers.setTime(midnight)
  const refused = await ask()

  assert.equal(refused.status, 401)
  assert.match(await refused.text(), /The key of the client alice expired on 2026-11-28/)
  // also for what needs no key, an expired one is none
  assert.equal(await statusOf(ask('/v1/chat/completions')), 401)
})

test('contract §14.4: a key that is disabled is refused; beside one that is taken it does no harm', async (t) => {
  const { proxy, ask } = await setting(t, [
    { ...alice, enabled: false },
    { name: 'bob', key: bobKey },
  ])
  const withKeys = (authorization: string, other: string) =>
    statusOf(post(`${proxy.url}/v1/messages`, hello, { authorization, 'x-api-key': other }))

  assert.equal(await statusOf(ask()), 401)
  assert.equal(await withKeys(`Bearer ${bobKey}`, aliceKey), 200)
  assert.equal(await withKeys(`Bearer ${aliceKey}`, bobKey), 200)
})

test('contract §14.4: where all keys are switched off, nobody gets in', async (t) => {
  const { proxy } = await setting(t, [{ ...alice, enabled: false }])

  assert.equal(await statusOf(fetch(`${proxy.url}/v1/models`)), 401)
})

test('contract §14.5: requests of a minute are limited until the next minute of the clock', async (t) => {
  const { ask } = await setting(t, [{ ...alice, requests_per_minute: 2 }])

  assert.deepEqual(
    [await statusOf(ask()), await statusOf(ask()), await statusOf(ask())],
    [200, 200, 429],
  )
  t.mock.timers.setTime(Date.parse('2026-11-28T12:00:59.999Z'))
  assert.equal(await statusOf(ask()), 429)
  t.mock.timers.setTime(Date.parse('2026-11-28T12:01:00Z'))
  assert.equal(await statusOf(ask()), 200)
})

test('contract §14.5: a clock set over midnight and back makes nobody a present', async (t) => {
  const { ask } = await setting(t, [{ ...alice, requests_per_day: 1 }])
  assert.deepEqual([await statusOf(ask()), await statusOf(ask())], [200, 429])

  t.mock.timers.setTime(noonMs + 86_400_000)
  assert.deepEqual([await statusOf(ask()), await statusOf(ask())], [200, 429])
  t.mock.timers.setTime(noonMs)
  assert.equal(await statusOf(ask()), 429)
})

test('contract §14.6: tokens count without those read from a cache, on both roads', async (t) => {
  const { ask, mine } = await setting(t, [alice])

  await statusOf(ask())
  assert.deepEqual((await mine()).today, { requests: 1, tokens: 70 })
  await statusOf(ask('/v1/chat/completions', aliceKey, { model: hello.model, messages }))

  await until(async () => (await mine()).today.tokens === 140)
})

test('contract §14.6: streams count their tokens, also those of a client that asks for packed answers', async (t) => {
  const sse = anthropicStream({ text: ['Hi'], usage: { input_tokens: 10, output_tokens: 7 } })
  const limited = { ...alice, tokens_per_day: 20 }
  const { proxy, upstream, ask, mine } = await setting(t, [limited], () => ({ sse }))

  await statusOf(ask('/v1/messages', aliceKey, { ...hello, stream: true }))
  assert.equal((await mine()).today.tokens, 17)
  const headers = { 'x-api-key': aliceKey, 'accept-encoding': 'gzip' }
  await statusOf(post(`${proxy.url}/v1/messages`, hello, headers))

  assert.equal(upstream.requests[1]!.headers['accept-encoding'], 'identity')
  assert.equal(await statusOf(ask()), 429)
})

test('contract §14.6: what is refused before anybody was asked counts for nothing, a refusal of the upstream counts', async (t) => {
  const refusal = {
    status: 400,
    body: { type: 'error', error: { type: 'invalid_request_error', message: 'No.' } },
  }
  const { ask, mine } = await setting(
    t,
    [{ ...alice, models: ['claude-*'], requests_per_day: 9 }],
    () => refusal,
  )

  await statusOf(ask('/v1/messages', aliceKey, { ...hello, model: 'gpt-5.1' }))
  await statusOf(ask('/v1/messages', aliceKey, { ...hello, model: 'nothing' }))
  await statusOf(ask('/v1/messages/count_tokens', aliceKey))
  assert.equal((await mine()).today.requests, 0)
  await statusOf(ask())

  assert.equal((await mine()).today.requests, 1)
  assert.equal((await mine()).under_way, 0)
})

test('contract §14.7: over a limit of OpenAI clients', async (t) => {
  const { proxy, upstream, ask } = await setting(t, [
    { ...alice, requests_per_day: 1, tokens_per_minute: 500 },
  ])
  const chat = { model: hello.model, messages }
  await statusOf(ask('/v1/chat/completions', aliceKey, chat))

  const refused = await ask('/v1/responses', aliceKey, { model: 'gpt-5.1', input: 'Hi' })
  const { error } = (await refused.json()) as {
    error: { type: string; code: string; message: string; resets_at: number }
  }

  assert.equal(refused.status, 429)
  // so Codex shows the time and ends, in place of waiting for it
  assert.deepEqual([error.type, error.code], ['usage_limit_reached', 'client_limit'])
  assert.equal(error.resets_at, Date.parse('2026-11-29T00:00:00Z') / 1000)
  assert.match(
    error.message,
    /The client alice has reached its limit requests_per_day \(1\)\. The next day begins in 12 h 0 min, at 2026-11-29T00:00:00\+00:00/,
  )
  const head = Object.fromEntries(refused.headers)
  assert.equal(head['retry-after'], '43164')
  assert.equal(head['x-should-retry'], 'false')
  assert.equal(head['x-ratelimit-limit-requests'], '1')
  assert.equal(head['x-ratelimit-remaining-requests'], '0')
  assert.equal(head['x-ratelimit-reset-requests'], '11h59m24s')
  assert.equal(head['x-ratelimit-remaining-tokens'], '430')
  assert.equal(head['x-ratelimit-reset-tokens'], '24s')
  assert.equal(upstream.requests.length, 1)
  await statusOf(ask('/v1/chat/completions', aliceKey, chat))
  const said = () => proxy.logs.filter(({ msg }) => msg === 'requests are refused')
  const lines = () => proxy.logs.filter(({ error: code }) => code === 'client_limit')
  await until(() => lines().length === 2)
  assert.deepEqual(
    said().map(({ level, client }) => [level, client]),
    [['warn', 'alice']],
  )
  assert.deepEqual(
    lines().map(({ level, msg }) => [level, msg]),
    [
      ['info', 'request'],
      ['info', 'request'],
    ],
  )
})

test('contract §14.7: over a limit of Anthropic clients, which are to wait half a minute and no more', async (t) => {
  const { ask } = await setting(t, [{ ...alice, requests_per_minute: 1 }])
  await statusOf(ask())

  const refused = await ask()
  const body = (await refused.json()) as { type: string; error: { type: string } }

  assert.equal(refused.status, 429)
  assert.deepEqual([body.type, body.error.type], ['error', 'rate_limit_error'])
  const head = Object.fromEntries(refused.headers)
  assert.equal(head['retry-after'], '24')
  assert.equal(head['x-should-retry'], undefined)
  assert.equal(head['anthropic-ratelimit-requests-limit'], '1')
  assert.equal(head['anthropic-ratelimit-requests-remaining'], '0')
  assert.equal(head['anthropic-ratelimit-requests-reset'], '2026-11-28T12:01:00Z')
})

test('contract §14.7: of several limits that are reached the one that lasts longest is told', async (t) => {
  const { ask } = await setting(t, [{ ...alice, requests_per_minute: 1, tokens_per_day: 70 }])
  await statusOf(ask())

  const refused = await ask()

  assert.match(await refused.text(), /tokens_per_day/)
  assert.equal(refused.headers.get('retry-after'), '43164')
})

for (const path of ['/v1/messages', '/v1/chat/completions']) {
  test(`contract §14.8: an answer on ${path} shows the client's own limits in place of the upstream's`, async (t) => {
    const headers = {
      'anthropic-ratelimit-requests-limit': '4000',
      'anthropic-ratelimit-requests-remaining': '3999',
      'anthropic-ratelimit-tokens-remaining': '80000',
    }
    const limited = { ...alice, requests_per_minute: 10, requests_per_day: 5 }
    const { ask } = await setting(t, [limited], () => ({ ...counted, headers }))

    const answer = await ask(path)
    await answer.arrayBuffer()

    const name = (figure: string, of: string) =>
      path === '/v1/messages'
        ? `anthropic-ratelimit-${of}-${figure}`
        : `x-ratelimit-${figure}-${of}`
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get(name('limit', 'requests')), '5')
    assert.equal(answer.headers.get(name('remaining', 'requests')), '4')
    assert.equal(answer.headers.get(name('remaining', 'tokens')), '80000')
  })
}

test('contract §14.9: as many requests at a time as a client may have, however they end', async (t) => {
  const gate = deferred()
  const sse = ['event: ping\ndata: {"type": "ping"}\n\n', { until: gate.promise }]
  const { ask, mine } = await setting(t, [{ ...alice, parallel: 2 }], () => ({ sse }))
  const stream = { ...hello, stream: true }
  const first = await ask('/v1/messages', aliceKey, stream)
  const second = await ask('/v1/messages', aliceKey, stream)

  const refused = await ask()

  assert.equal(refused.status, 429)
  assert.equal(refused.headers.get('retry-after'), '1')
  assert.match(await refused.text(), /The client alice has reached its limit parallel \(2\)/)
  assert.deepEqual((await mine()).limits.parallel, { limit: 2, used: 2, left: 0 })
  // one client leaves, the other answer is cut by its upstream
  await first.body!.cancel()
  await until(async () => (await mine()).under_way === 1)
  gate.resolve()
  await second.arrayBuffer().catch(() => undefined)
  await until(async () => (await mine()).under_way === 0)
})

test('contract §14.9: the process answers max_parallel requests at a time, and probes beside them', async (t) => {
  const gate = deferred()
  const sse = ['event: ping\ndata: {"type": "ping"}\n\n', { until: gate.promise }]
  const { proxy, ask } = await setting(t, [], () => ({ sse }), { max_parallel: 1 })
  const first = await ask('/v1/messages', 'any', { ...hello, stream: true })

  const refused = await ask('/v1/messages', 'any')
  const body = (await refused.json()) as { error: { type: string } }

  assert.equal(refused.status, 503)
  assert.equal(refused.headers.get('retry-after'), '1')
  assert.equal(body.error.type, 'overloaded_error')
  for (const path of ['/health', '/ready', '/v1/models']) {
    assert.equal(await statusOf(fetch(proxy.url + path)), 200)
  }
  gate.resolve()
  await first.arrayBuffer().catch(() => undefined)
  await until(async () => {
    const { status, body: rest } = await ask('/v1/messages', 'any')
    await rest?.cancel()
    return status === 200
  })
})

test('contract §14.10: a client reads its own limits, and nobody else does', async (t) => {
  const limited = { ...alice, requests_per_day: 3, tokens_per_minute: 100, expires: '2027-01-31' }
  const { proxy, ask, mine } = await setting(t, [limited, { name: 'bob', key: bobKey }])
  await statusOf(ask())

  assert.deepEqual(await mine(), {
    client: 'alice',
    expires: '2027-01-31',
    today: { requests: 1, tokens: 70 },
    under_way: 0,
    limits: {
      requests_per_day: { limit: 3, used: 1, left: 2, resets_at: '2026-11-29T00:00:00.000Z' },
      tokens_per_minute: { limit: 100, used: 70, left: 30, resets_at: '2026-11-28T12:01:00.000Z' },
    },
  })
  assert.deepEqual((await mine(bobKey)).today, { requests: 0, tokens: 0 })
  assert.equal(await statusOf(fetch(`${proxy.url}/usage/me`)), 401)
})

test('contract §14.10: without client keys there is nothing to read', async (t) => {
  const { proxy } = await setting(t, [])

  assert.equal(await statusOf(fetch(`${proxy.url}/usage/me`)), 404)
})

test('contract §14.11: a reload changes limits and forgets no request', async (t) => {
  const { proxy, ask, mine } = await setting(t, [{ ...alice, requests_per_day: 5 }])
  await statusOf(ask())
  await statusOf(ask())
  const tighter = { ...proxy.app.config.clients[0]!, requests_per_day: 2 }

  const { config } = proxy.app
  const [known] = config.prepared.clientKeys
  const clientKeys = [{ ...known!, caller: tighter }]
  proxy.app.config = { ...config, clients: [tighter], prepared: { ...config.prepared, clientKeys } }

  assert.equal(await statusOf(ask()), 429)
  assert.deepEqual((await mine()).limits.requests_per_day!.used, 2)
})

test('contract §14.6: where a client has a limit of tokens, a model that tells none is told of until it does', async (t) => {
  let isTold = false
  const limited = { ...alice, tokens_per_day: 1000 }
  const silent = () => {
    const { usage: _usage, ...body } = anthropicMessage({ text: ['Hello'] })
    return { body }
  }
  const { proxy, ask, mine } = await setting(t, [limited, { name: 'bob', key: bobKey }], () =>
    isTold ? counted : silent(),
  )
  const warnings = async () => {
    const health = (await (await fetch(`${proxy.url}/health`)).json()) as { warnings?: string[] }
    return (health.warnings ?? []).filter((text) => text.includes('tokens'))
  }
  const lines = () => proxy.logs.filter(({ msg }) => String(msg).includes('tells no tokens'))

  assert.equal((await ask('/v1/messages', bobKey)).status, 200)
  assert.deepEqual([await warnings(), lines().length], [[], 0])
  for (const status of [200, 200]) assert.equal((await ask()).status, status)
  await until(async () => (await warnings()).length > 0)
  const said = 'claude tells no tokens, so no limit of tokens knows what is used there'
  assert.deepEqual(await warnings(), [said])
  assert.deepEqual(
    lines().map(({ client, endpoint, model }) => [client, endpoint, model]),
    [['alice', 'claude', hello.model]],
  )
  assert.equal((await mine()).today.tokens, 0)

  isTold = true
  assert.equal((await ask()).status, 200)
  await until(async () => (await warnings()).length === 0)
})
