/** The last requests to models, as an operator sees them: which there are, for whom, and what never gets in. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { CallRecord, ownCopy, RecentCalls } from '../../lib/app.ts'
import type { RequestShown } from '../../lib/status/requests.ts'
import { collect } from '../helpers/collect.ts'
import { oneUpstream, post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import {
  anthropicMessage,
  anthropicStream,
  responsesBody,
  startUpstream,
} from '../helpers/upstream.ts'
import { good, refusal, spent, twoAccounts } from '../routing/setting.ts'

const messages = [{ role: 'user', content: 'Hi' }]

interface Shown {
  kept: number
  requests: RequestShown[]
}

async function look({ url }: TestProxy, path: string, headers: Record<string, string> = {}) {
  const asked = request(url + path, { headers }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const body = await text(answer)
  return { status: answer.statusCode, headers: answer.headers, body }
}

async function recent(proxy: TestProxy, query = ''): Promise<Shown> {
  const { status, body, headers } = await look(proxy, `/requests${query}`)
  assert.equal(status, 200, body)
  assert.equal(headers['cache-control'], 'no-store')
  return JSON.parse(body) as Shown
}

test('contract §19.3: of strangers the last ten are kept, and they push nothing out', async (t) => {
  const upstream = await startUpstream(t, () => good)
  const proxy = await startProxy(t, {
    config: oneUpstream(upstream.url, {
      recent_requests: 12,
      clients: [
        { name: 'alice', key: 'the-key-of-alice-1' },
        { name: 'bob', key: 'the-key-of-bob-123', enabled: false },
      ],
    }),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })
  const url = `${proxy.url}/v1/messages`
  const ask = { model: 'claude-sonnet-4-5', max_tokens: 9, messages }
  const send = async (id: string, key: string, more = {}) =>
    (await post(url, ask, { 'x-api-key': key, 'x-request-id': id, ...more })).text()
  await send('a', 'the-key-of-alice-1')
  await send('b', 'the-key-of-bob-123')

  for (let count = 0; count < 20; count += 1) await send(`s${count}`, 'not-a-key')
  for (let count = 0; count < 5; count += 1) {
    await send(`o${count}`, 'not-a-key', { origin: 'https://evil.test' })
  }

  const ids = (await recent(proxy)).requests.map(({ id }) => id)
  const last = ['o4', 'o3', 'o2', 'o1', 'o0', 's19', 's18', 's17', 's16', 's15']
  assert.deepEqual(ids, [...last, 'b', 'a'])
})

test('contract §19.3: the last requests to models are shown, the newest first, and looks at the proxy are none', async (t) => {
  const upstream = await startUpstream(t, ({ url }) =>
    url.endsWith('messages')
      ? { sse: anthropicStream({ text: ['Hi'] }) }
      : { body: responsesBody({ text: ['Hi'] }) },
  )
  const proxy = await startProxy(t, {
    config: oneUpstream(upstream.url, { clients: [{ name: 'alice', key: 'the-key-of-alice-1' }] }),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })
  const alice = { 'x-api-key': 'the-key-of-alice-1' }
  const ask = { model: 'claude-sonnet-4-5', messages, stream: true }
  const before = Date.now()
  await (
    await post(`${proxy.url}/v1/chat/completions`, ask, {
      ...alice,
      'x-request-id': 'r-1',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    })
  ).text()
  await (await post(`${proxy.url}/v1/responses`, { model: 'gpt-5.1', input: 'Hi' }, alice)).text()
  await (await post(`${proxy.url}/v1/responses`, { model: 'gpt-5.1', input: 'Hi' })).text()
  for (const path of [
    '/',
    '/health',
    '/v1/models',
    '/usage',
    '/status.json',
    '/requests',
    '/v1/messages',
  ]) {
    await look(proxy, path)
  }

  const { kept, requests } = await recent(proxy)

  assert.equal(kept, 200)
  assert.deepEqual(
    requests.map(({ status, error, client }) => [status, error, client]),
    [
      [401, 'invalid_api_key', undefined],
      [200, undefined, 'alice'],
      [200, undefined, 'alice'],
    ],
  )
  const { at, first_byte_ms: firstMs = -1, duration_ms: ms, ...first } = requests[2]!
  assert.ok(
    Date.parse(at) >= before - 1000 &&
      Date.parse(at) <= Date.now() &&
      firstMs >= 0 &&
      ms >= firstMs,
  )
  assert.deepEqual(first, {
    id: 'r-1',
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    route: '/v1/chat/completions',
    client: 'alice',
    model: 'claude-sonnet-4-5',
    endpoint: 'claude',
    attempts: ['claude=200'],
    stream: true,
    status: 200,
    input: 10,
    output: 7,
  })
})

test('contract §19.3: each place that was tried is shown, and who served in the end', async (t) => {
  const { ask, proxy } = await twoAccounts(t, (account) => (account === 'one' ? spent : good))
  const answer = await ask()
  await answer.text()

  const [first] = (await recent(proxy)).requests

  assert.equal(answer.headers.get('x-droid2api-attempts'), 'claude=429, claude=200')
  assert.deepEqual(first?.attempts, ['claude/one=429', 'claude/two=200'])
  assert.deepEqual([first?.account, first?.status], ['two', 200])
})

test('contract §19.3: why there was no answer is shown as an attempt', async (t) => {
  const proxy = await startProxy(t, { config: oneUpstream('http://127.0.0.1:1') })
  await (await post(`${proxy.url}/v1/responses`, { model: 'gpt-5.1', input: 'Hi' })).text()
  await fetch(`${proxy.url}/v1/responses`, {
    method: 'POST',
    body: '{"model":"gpt-5.1","input":""}',
  })

  const { requests } = await recent(proxy)

  assert.deepEqual(
    requests.map(({ status, error, attempts }) => [status, error, attempts]),
    [
      [401, 'missing_credential', []],
      [502, 'upstream_unreachable', ['gpt=connect']],
    ],
  )
})

test('contract §19.3: only so many are kept, as many as a reload says, and none at 0', async (t) => {
  const proxy = await startProxy(t, { config: { recent_requests: 3 } })
  const ask = async () =>
    await (await post(`${proxy.url}/v1/responses`, { model: 'made-up', input: 'Hi' })).text()
  for (let count = 0; count < 5; count++) await ask()
  assert.equal((await recent(proxy)).requests.length, 3)

  proxy.app.config = { ...proxy.app.config, recent_requests: 2 }
  assert.deepEqual([(await recent(proxy)).kept, (await recent(proxy)).requests.length], [2, 2])
  proxy.app.config = { ...proxy.app.config, recent_requests: 0 }
  assert.deepEqual(await recent(proxy), { kept: 0, requests: [] })
  await ask()
  assert.equal(proxy.app.recent.all.length, 0)
})

test('contract §19.3: however many are kept, the status tells of 200', async (t) => {
  const proxy = await startProxy(t, { config: { recent_requests: 1000 } })
  for (let count = 0; count < 300; count++) {
    const record = new CallRecord(`r-${count}`, 'POST', '/v1/messages')
    proxy.app.recent.add({ record, tried: undefined }, 1000)
  }

  const { recent: inStatus } = JSON.parse((await look(proxy, '/status.json')).body) as {
    recent: Shown
  }

  assert.equal((await recent(proxy)).requests.length, 300)
  assert.equal(inStatus.requests.length, 200)
  assert.deepEqual([inStatus.kept, inStatus.requests[0]?.id], [1000, 'r-299'])
})

test('contract §19.3: three thousand made-up models of any length fill no memory', async (t) => {
  const config = oneUpstream('http://127.0.0.1:1', { log_level: 'silent' })
  const proxy = await startProxy(t, { config })
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const ask = async (number: number) => {
    const sent = request(`${proxy.url}/v1/responses`, { method: 'POST', agent })
    sent.end(JSON.stringify({ model: `made-up-${number}-${'x'.repeat(number)}`, input: 'Hi' }))
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    assert.equal(answer.statusCode, 404)
    await text(answer)
  }
  for (let count = 0; count < 3000; count += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => ask(count + index)))
  }

  const requests = await look(proxy, '/requests')
  const { body } = await look(proxy, '/status.json')

  assert.equal((JSON.parse(requests.body) as Shown).requests.length, 200)
  assert.ok(requests.body.length < 100_000, `${requests.body.length}`)
  assert.ok(body.length < 150_000, `${body.length}`)
  const { usage } = JSON.parse(body) as { usage: { models: object[] } }
  assert.equal(usage.models.length, 1)
})

test('contract §19.3: a piece cut out of a long text does not keep the whole text in memory', () => {
  const held = (name: (text: string) => string) => {
    collect()
    const before = process.memoryUsage().heapUsed
    const recentCalls = new RecentCalls()
    for (let count = 0; count < 20; count++) {
      const record = new CallRecord('id', 'POST', '/v1/responses')
      const long = Buffer.alloc(1_000_000, `${count} `).toString('latin1')
      record.model = name(long)
      if (count % 2 === 0) record.error = long.slice(10, 900)
      else record.traceId = long.slice(20, 52)
      recentCalls.add({ record, tried: undefined }, 200)
    }
    collect()
    assert.equal(recentCalls.all.length, 20)
    return (process.memoryUsage().heapUsed - before) / 1e6
  }

  const mb = held((long) => ownCopy(long, 100))

  assert.ok(mb < 2, `${mb} MB`)
})

test('contract §19.6: no secret is shown, wherever a client or an upstream put it', async (t) => {
  const secrets = {
    account: 'fk-the-secret-of-the-account',
    client: 'ck-the-"secret"-of-alice\\1',
    admin: 'ak-the-secret-of-who-looks',
    header: 'hk-the-secret-in-a-header',
  }
  const upstream = await startUpstream(t, () =>
    refusal(
      400,
      { 'anthropic-ratelimit-unified-5h-utilization': '0.5' },
      {
        type: secrets.account,
        code: secrets.header,
        message: Object.values(secrets).join(' '),
      },
    ),
  )
  const { endpoints, ...config } = oneUpstream(upstream.url)
  const proxy = await startProxy(t, {
    config: {
      ...config,
      endpoints: [
        ...endpoints,
        {
          name: 'own',
          type: 'common',
          base_url: upstream.url,
          headers: { authorization: `Bearer ${secrets.header}` },
        },
      ],
      clients: [{ name: 'alice', key: secrets.client }],
      admin_key: secrets.admin,
    },
    env: { FACTORY_API_KEY: secrets.account },
  })
  const { client } = secrets
  for (const model of ['claude-sonnet-4-5', 'gpt-5.1', ...Object.values(secrets)]) {
    for (const path of [
      '/v1/chat/completions',
      '/v1/messages',
      '/v1/responses',
      `/v1/responses/${secrets.header}`,
    ]) {
      const ask = { model, messages, input: 'Hi', max_tokens: 9, user: secrets.account }
      await (
        await post(proxy.url + path, ask, {
          authorization: `Bearer ${client}`,
          'x-request-id': secrets.admin,
        })
      ).text()
    }
  }

  const admin = { 'x-api-key': secrets.admin }
  const paths = [
    '/status.json',
    '/status',
    '/requests',
    '/requests?status=error',
    `/requests/${secrets.admin}`,
    '/health',
  ]
  const bodies = await Promise.all(paths.map(async (path) => (await look(proxy, path, admin)).body))

  assert.match(bodies[0]!, /\[redacted\]/)
  assert.match(bodies[2]!, /\[redacted\]/)
  for (const [index, body] of bodies.entries()) {
    for (const secret of Object.values(secrets)) {
      assert.ok(!body.includes(secret), `${paths[index]}: ${secret}`)
      assert.ok(!body.includes(JSON.stringify(secret).slice(1, -1)), `${paths[index]}: ${secret}`)
    }
  }
})

test('contract §19.6: markup that an upstream writes for browsers is shown as text of JSON, or not at all', async (t) => {
  const html = '<script>alert(1)</script>'
  const upstream = await startUpstream(t, [
    { status: 502, headers: { 'content-type': 'text/html' }, body: html },
    refusal(418, {}, { type: html, code: html, message: html }),
  ])
  const proxy = await startProxy(t, {
    config: oneUpstream(upstream.url),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })
  for (const model of ['gpt-5.1', 'gpt-5.1', html]) {
    await (await post(`${proxy.url}/v1/chat/completions`, { model, messages })).text()
  }

  for (const path of ['/requests', '/status.json']) {
    const { headers, body } = await look(proxy, path, { accept: 'text/html' })
    assert.match(headers['content-type'] ?? '', /^application\/json/)
    assert.doesNotThrow(() => JSON.parse(body))
  }
  const { requests } = await recent(proxy)
  assert.deepEqual(
    requests.map(({ status, model }) => [status, model]),
    [
      [404, html],
      [418, 'gpt-5.1'],
      [502, 'gpt-5.1'],
    ],
  )
})

async function threeRequests(t: Parameters<typeof startProxy>[0]): Promise<TestProxy> {
  const upstream = await startUpstream(t, [
    { body: anthropicMessage({ text: ['Hi'] }) },
    { ...refusal(529) },
  ])
  const proxy = await startProxy(t, {
    config: oneUpstream(upstream.url, {
      clients: [
        { name: 'alice', key: 'the-key-of-alice-1' },
        { name: 'bob', key: 'the-key-of-bob-123' },
      ],
    }),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })
  const ask = { model: 'claude-sonnet-4-5', max_tokens: 9, messages }
  for (const [id, key] of [
    ['one', 'the-key-of-alice-1'],
    ['two', 'the-key-of-bob-123'],
    ['three', 'no-key-at-all'],
  ]) {
    await (
      await post(`${proxy.url}/v1/messages`, ask, {
        'x-api-key': key!,
        authorization: '',
        'x-request-id': id!,
      })
    ).text()
  }
  return proxy
}

test('contract §19.7: requests are found by how they went, by client and by id', async (t) => {
  const proxy = await threeRequests(t)
  const ids = async (query: string) => (await recent(proxy, query)).requests.map(({ id }) => id)

  assert.deepEqual(await ids(''), ['three', 'two', 'one'])
  assert.deepEqual(await ids('?status=5xx'), ['two'])
  assert.deepEqual(await ids('?status=529&client=bob'), ['two'])
  assert.deepEqual(await ids('?status=error'), ['three', 'two'])
  assert.deepEqual(await ids('?client=none'), ['three'])
  assert.deepEqual(await ids('?client=alice&status=4xx'), [])
  assert.deepEqual(await ids('?limit=1'), ['three'])
  assert.deepEqual(await ids('?status=error&limit=99999'), ['three', 'two'])
  const one = JSON.parse((await look(proxy, '/requests/one')).body) as RequestShown
  assert.deepEqual([one.id, one.client, one.status], ['one', 'alice', 200])
  const gone = await look(proxy, '/requests/four')
  assert.equal(gone.status, 404)
  assert.match(gone.body, /"code":"unknown_request"/)
})

for (const [query, said] of [
  ['status=500x', /status is \\"500x\\", expected 5xx, 429 or error/],
  ['status=', /status is \\"\\"/],
  ['limit=0', /limit is \\"0\\", expected a whole number from 1/],
  ['limit=-1', /limit is \\"-1\\"/],
  ['limit=1e3', /limit is/],
  ['limit=100000000000000000000', /limit is/],
  ['stauts=5xx', /there is no \\"stauts\\", only status, client, limit/],
  ['client=a&client=b', /client is given twice/],
] as const) {
  test(`contract §19.7: ?${query} is refused`, async (t) => {
    const proxy = await startProxy(t)

    const { status, body } = await look(proxy, `/requests?${query}`)

    assert.equal(status, 400)
    assert.match(body, said)
  })
}

const looks = ['/status', '/status.json', '/requests', '/requests/one']

test('contract §16.1: nobody else than this machine, by its own name, finds anything to look at', async (t) => {
  const proxy = await startProxy(t)
  const strangers: Record<string, string>[] = [
    { host: 'evil.example' },
    { host: 'localhost.evil.example:3000' },
    { 'x-forwarded-for': '192.0.2.1' },
    { via: '1.1 door' },
  ]

  for (const path of looks) {
    for (const headers of strangers) {
      const { status, body } = await look(proxy, path, headers)
      assert.ok(status === 404 || status === 403, `${path} ${JSON.stringify(headers)}: ${status}`)
      assert.doesNotMatch(body, /uptime|requests"/)
    }
  }
})

test('contract §16.3: ten wrong admin keys are refused as such, the eleventh as one too many, and the right one passes', async (t) => {
  const proxy = await startProxy(t, { env: { ADMIN_KEY: 'ak-the-key-of-who-looks' } })
  const codes: (number | undefined)[] = []
  for (let count = 0; count < 12; count++) {
    codes.push((await look(proxy, looks[count % 4]!, { 'x-api-key': 'wrong' })).status)
  }

  assert.deepEqual(codes, [...Array.from({ length: 10 }, () => 401), 429, 429])
  assert.equal(
    (await look(proxy, '/status.json', { 'x-api-key': 'ak-the-key-of-who-looks' })).status,
    200,
  )
})

test('contract §16.6: looks that succeed are logged at debug, those that fail at info', async (t) => {
  const proxy = await startProxy(t, { config: { log_level: 'debug' } })

  for (const path of looks) await (await fetch(proxy.url + path)).text()

  const lines = proxy.logs.filter(({ msg }) => msg === 'request')
  assert.deepEqual(
    lines.map(({ route, status, level }) => [route, status, level]),
    [
      ['/status', 200, 'debug'],
      ['/status.json', 200, 'debug'],
      ['/requests', 200, 'debug'],
      ['/requests/{id}', 404, 'info'],
    ],
  )
})

test('contract §16: the pages for the operator accept GET and HEAD alone', async (t) => {
  const proxy = await startProxy(t)

  for (const path of looks) {
    const answer = await fetch(proxy.url + path, { method: 'POST' })
    assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'GET, HEAD'], path)
    assert.equal((await fetch(proxy.url + path, { method: 'DELETE' })).status, 405)
  }
})
