/** What GET /metrics counts, held against what the upstream has told and against what was asked. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { proxyStopped } from '../../pipelines/errors.ts'
import { firstBytes, send } from '../faults/roads.ts'
import { head, rawUpstream } from '../faults/raw-upstream.ts'
import { freePort } from '../helpers/free-port.ts'
import { oneUpstream, post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import { randomNumbers } from '../helpers/random.ts'
import { until } from '../helpers/until.ts'
import { anthropicMessage, anthropicStream, startUpstream } from '../helpers/upstream.ts'
import {
  endings,
  kinds,
  models,
  standIns,
  startMetered,
  type Ending,
} from '../usage/metered-upstream.ts'
import { routes, startWithKeys } from '../usage/mixed-requests.ts'
import { settled } from './scraped.ts'

/** `npm test` asks so often; more by hand. */
const requests = Number(process.env.METRICS_TEST_REQUESTS ?? 300)

const price = { input: 3, output: 15, cache_read: 0.3 }

test(`contract §21.4: counts are exact over ${requests} mixed requests on all roads: whole, refused, unmetered, failed over, broken off, left`, async (t) => {
  const random = randomNumbers(11)
  const pick = (limit: number) => Math.floor(random() * limit)
  const upstream = await startMetered(t, pick)
  const entries = (upstream.config.models as object[]).map((entry) =>
    Object.assign({ price }, entry),
  )
  const config = { ...upstream.config, models: entries, metrics: true }
  const proxy = await startWithKeys(t, config)
  const asked = new Map<string, number>()
  let left = requests

  const askOn = async () => {
    while (left > 0) {
      left -= 1
      const key = await askSomething(proxy, pick)
      asked.set(key, (asked.get(key) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: 8 }, askOn))
  const scrape = await settled(proxy)

  const times = (...parts: string[]) =>
    [...asked].reduce(
      (sum, [key, count]) => (parts.every((part) => key.includes(part)) ? sum + count : sum),
      0,
    )
  for (const kind of kinds) {
    const model = models[kind]
    const endpoint = `at-${kind}`
    const book = upstream.books[model]!
    assert.equal(scrape.sum('droid2api_requests_total', { model, endpoint }), book.requests)
    for (const route of Object.keys(routes)) {
      const of = { route, model, client: 'none' }
      const refused = times(` ${route} `, ` ${model} `, ' refused ')
      const all = times(` ${route} `, ` ${model} `)
      const counted = (status: string) =>
        scrape.value('droid2api_requests_total', { ...of, endpoint, status }) ?? 0
      assert.equal(counted('429'), refused)
      assert.equal(counted('200'), all - refused)
      assert.equal(scrape.sum('droid2api_request_duration_seconds_count', { route, model }), all)
    }
    const attempts = (outcome: string) =>
      scrape.value('droid2api_attempts_total', { endpoint, outcome })
    assert.equal(attempts('429'), times(` ${model} `, ' refused '))
    assert.equal(attempts('broken'), times(` ${model} `, ' broken '))
    assert.equal(attempts('left'), times(` ${model} `, ' left '))
    const good = ['whole', 'unmetered', 'moved'].map((ending) => times(` ${model} ${ending} `))
    assert.equal(
      attempts('ok'),
      good.reduce((sum, count) => sum + count),
    )
    const moved = times(` from:${model} `)
    assert.equal(attempts('5xx'), moved)
    assert.equal(scrape.sum('droid2api_fallbacks_total', { from: model }), moved)
    assert.equal(scrape.sum('droid2api_attempts_total', { endpoint }), book.requests + moved)
    const { input, output, cache_read, cache_write, reasoning } = book
    for (const [type, count] of Object.entries({
      input,
      output,
      cache_read,
      cache_write,
      reasoning,
    })) {
      const labels = { model, endpoint, client: 'none', type }
      assert.equal(scrape.value('droid2api_tokens_total', labels), count, `${model} ${type}`)
    }
    const microUsd =
      (input - cache_read - cache_write) * 3 + cache_read * 0.3 + cache_write * 3 + output * 15
    const cost = scrape.value('droid2api_cost_usd_total', { model, client: 'none' })!
    // each request is rounded to a millionth of a dollar
    assert.ok(Math.abs(cost * 1e6 - microUsd) <= book.requests, `${cost * 1e6} ${microUsd}`)
  }
})

/** Asks one thing, and says what: its route, the model that is to serve it, how it ends, and the model that was to be passed. */
async function askSomething({ url }: TestProxy, pick: (limit: number) => number) {
  const [route, body] = Object.entries(routes)[pick(3)]!
  const stream = pick(2) === 0
  const kind = kinds[pick(kinds.length)]!
  const model = models[kind]
  const ending: Ending = endings[pick(stream ? endings.length : 4)]!
  const sent = { model, stream, ...body(`END:${ending}`) }
  if (ending === 'left') {
    const leaving = send(url + route, sent)
    await firstBytes(leaving)
    leaving.destroy()
  } else {
    const answer = await post(url + route, sent)
    await answer.text().catch(() => 'broken off')
  }
  const standIn = ending === 'moved' ? standIns[kind] : undefined
  return standIn
    ? ` ${route} ${models[standIn]} ${ending} from:${model} `
    : ` ${route} ${model} ${ending} `
}

const question = { max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }
const refusal = { type: 'error', error: { type: 'overloaded_error', message: 'no' } }

test('contract §21.5: each send to an upstream counts by what became of it, also where several are tried', async (t) => {
  const spent = { status: 429, headers: { 'retry-after': '3600' }, body: refusal }
  const good = { body: anthropicMessage({ text: ['Hi'] }) }
  const upstream = await startUpstream(t, ({ headers, body }) => {
    if (headers['x-api-key'] === 'key-one') return spent
    return body.includes('"claude-opus"') ? { status: 529, body: refusal } : good
  })
  const entry = { type: 'anthropic', base_url: upstream.url }
  const proxy = await startProxy(t, {
    config: {
      system_prompt: '',
      metrics: true,
      accounts: ['one', 'two'].map((name) => ({ name, key: `key-${name}`, header: 'x-api-key' })),
      endpoints: [
        { ...entry, name: 'two-accounts', accounts: ['one', 'two'] },
        {
          ...entry,
          name: 'nobody',
          base_url: `http://127.0.0.1:${await freePort()}`,
          auth: 'none',
        },
      ],
      models: [
        { id: 'claude-sonnet', endpoint: 'two-accounts' },
        { id: 'claude-opus', endpoint: 'two-accounts', fallback: ['claude-sonnet'] },
        { id: 'claude-far', endpoint: 'nobody', fallback: ['claude-sonnet'] },
        { id: 'claude-lost', endpoint: 'nobody' },
      ].map((model) => Object.assign({ name: model.id, type: 'anthropic' }, model)),
    },
  })
  const ask = async (model: string) => {
    const answer = await post(`${proxy.url}/v1/messages`, { ...question, model })
    await answer.text()
    return answer.status
  }

  const statuses = []
  for (const model of ['claude-sonnet', 'claude-opus', 'claude-far', 'claude-lost']) {
    statuses.push(await ask(model))
  }
  const scrape = await settled(proxy)

  assert.deepEqual(statuses, [200, 200, 200, 502])
  const counted = (name: string) =>
    scrape
      .all(name)
      .filter(({ value }) => value > 0)
      .map(({ labels, value }) => [...Object.values(labels), value].join(' '))
      .toSorted()
  assert.deepEqual(counted('droid2api_attempts_total'), [
    'nobody connect 2',
    'two-accounts 429 1',
    'two-accounts 5xx 1',
    'two-accounts ok 3',
  ])
  assert.equal(upstream.requests.length, 5)
  assert.deepEqual(counted('droid2api_fallbacks_total'), [
    'claude-far claude-sonnet 1',
    'claude-opus claude-sonnet 1',
  ])
  const endpointsOf = (model: string) =>
    scrape
      .all('droid2api_requests_total')
      .flatMap(({ labels, value }) =>
        labels.model === model ? [`${labels.endpoint} ${labels.status} ${value}`] : [],
      )
  assert.deepEqual(endpointsOf('claude-sonnet'), ['two-accounts 200 3'])
  assert.deepEqual(endpointsOf('claude-lost'), ['nobody 502 1'])
  assert.equal(scrape.value('droid2api_account_state', { account: 'one', state: 'cooling' }), 1)
  assert.equal(scrape.value('droid2api_account_state', { account: 'two', state: 'ok' }), 1)
  const rests = scrape.value('droid2api_account_cooldown_until_seconds', { account: 'one' })!
  assert.ok(Math.abs(rests - Date.now() / 1000 - 3600) < 60, `${rests}`)
})

test('contract §21.5: an answer that begins with an error counts as that, one that falls silent as a time-out', async (t) => {
  const sse = [`event: error\ndata: ${JSON.stringify(refusal)}\n\n`]
  const upstream = await startUpstream(t, ({ headers }) => {
    if (headers['x-api-key'] === 'key-one') return { sse }
    return { sse: [...anthropicStream({ text: ['Hi'] }).slice(0, 3), 'hang'] }
  })
  const names = ['one', 'two']
  const proxy = await startProxy(t, {
    config: {
      system_prompt: '',
      metrics: true,
      timeouts: { idle_s: 1 },
      accounts: names.map((name) => ({ name, key: `key-${name}`, header: 'x-api-key' })),
      endpoints: [
        { name: 'first', type: 'anthropic', base_url: upstream.url, accounts: ['one'] },
        {
          name: 'second',
          type: 'anthropic',
          base_url: upstream.url,
          accounts: ['two'],
        },
      ],
      models: [
        { name: 'A', id: 'a', type: 'anthropic', endpoint: 'first', fallback: ['b'] },
        { name: 'B', id: 'b', type: 'anthropic', endpoint: 'second' },
      ],
    },
  })

  const answer = await post(`${proxy.url}/v1/messages`, { ...question, model: 'a', stream: true })
  await answer.text().catch(() => 'broken off')
  const scrape = await settled(proxy)

  const counted = scrape.all('droid2api_attempts_total').filter(({ value }) => value > 0)
  assert.deepEqual(
    counted.map(({ labels, value }) => [labels.endpoint, labels.outcome, value]),
    [
      ['first', '5xx', 1],
      ['second', 'timeout', 1],
    ],
  )
})

test('contract §21.5: an answer that begins with an error counts once, also where nobody else serves and the client gets it', async (t) => {
  const sse = [`event: error\ndata: ${JSON.stringify(refusal)}\n\n`]
  const upstream = await startUpstream(t, () => ({ sse }))
  const nobody = 'http://127.0.0.1:1'
  const proxy = await startProxy(t, {
    config: {
      system_prompt: '',
      metrics: true,
      endpoints: [
        { name: 'first', type: 'anthropic', base_url: upstream.url, auth: 'none' },
        { name: 'second', type: 'anthropic', base_url: nobody, auth: 'none' },
      ],
      models: [
        { name: 'A', id: 'a', type: 'anthropic', endpoint: 'first', fallback: ['b'] },
        { name: 'B', id: 'b', type: 'anthropic', endpoint: 'second' },
      ],
    },
  })

  const answer = await post(`${proxy.url}/v1/messages`, { ...question, model: 'a', stream: true })
  const got = await answer.text()
  const scrape = await settled(proxy)

  assert.match(got, /error/)
  const counted = scrape.all('droid2api_attempts_total').filter(({ value }) => value > 0)
  assert.deepEqual(
    counted.map(({ labels, value }) => [labels.endpoint, labels.outcome, value]),
    [
      ['first', '5xx', 1],
      ['second', 'connect', 1],
    ],
  )
})

test('contract §21.5: a client that leaves before the answer, an upstream that hangs up and one that refuses count as that', async (t) => {
  const silent = await startUpstream(t, () => ({ sse: ['hang'], silent: true }))
  const cut = await rawUpstream(t, (socket) => socket.destroy())
  const shut = await rawUpstream(t, (socket) => {
    socket.end(`${head('403 Forbidden', 'content-length: 2', 'connection: close')}{}`)
  })
  const endpoints = Object.entries({ silent, cut, shut }).map(([name, { url }]) => ({
    name,
    type: 'anthropic',
    base_url: url,
    auth: 'none',
  }))
  const proxy = await startProxy(t, {
    config: {
      metrics: true,
      endpoints,
      models: endpoints.map(({ name }) => ({ name, id: name, type: 'anthropic', endpoint: name })),
    },
  })

  const leaving = send(`${proxy.url}/v1/messages`, { ...question, model: 'silent' })
  await silent.nextRequest()
  leaving.destroy()
  for (const model of ['cut', 'shut']) {
    await (await post(`${proxy.url}/v1/messages`, { ...question, model })).text()
  }
  await until(() => silent.open === 0)
  const scrape = await settled(proxy)

  const value = (endpoint: string, outcome: string) =>
    scrape.value('droid2api_attempts_total', { endpoint, outcome })
  assert.equal(value('silent', 'left'), 1)
  assert.equal(value('cut', 'broken'), 1)
  assert.equal(value('shut', '4xx'), 1)
  assert.equal(scrape.sum('droid2api_attempts_total'), 3)
  assert.equal(scrape.sum('droid2api_requests_total', { model: 'silent', status: '499' }), 1)
})

test('contract §21.5: an answer that this program ends counts as left, whatever the client gets of it', async (t) => {
  const begun = anthropicStream({ text: ['Hi'] }).slice(0, 3)
  const upstream = await startUpstream(t, () => ({ sse: [...begun, 'hang'] }))
  const proxy = await startCounting(t, upstream.url)
  const asked = send(`${proxy.url}/v1/messages`, {
    ...question,
    model: 'claude-sonnet-4-5',
    stream: true,
  })
  await firstBytes(asked)

  const reason = proxyStopped()
  for (const call of proxy.app.calls) call.signal.cancel(reason)
  const scrape = await settled(proxy)

  const counted = scrape.all('droid2api_attempts_total').filter(({ value }) => value > 0)
  assert.deepEqual(
    counted.map(({ labels, value }) => [labels.endpoint, labels.outcome, value]),
    [['claude', 'left', 1]],
  )
})

test('contract §21.6: a request over a limit counts by client and limit, and needs no upstream', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }))
  const clients = [
    { name: 'alice', key: 'a-key-of-alice-for-this-test', requests_per_day: 1, parallel: 4 },
    { name: 'bob', key: 'a-key-of-bob-for-this-test-x', requests_per_minute: 9 },
  ]
  const env = { FACTORY_API_KEY: 'fk-of-the-account' }
  const config = { ...oneUpstream(upstream.url), clients, metrics: true }
  const proxy = await startProxy(t, { config, env })
  const ask = async (key: string) => {
    const body = { ...question, model: 'claude-sonnet-4-5' }
    await (await post(`${proxy.url}/v1/messages`, body, { 'x-api-key': key })).text()
  }

  await ask(clients[0]!.key)
  await ask(clients[0]!.key)
  await ask(clients[1]!.key)
  await ask('the-key-of-nobody')
  const scrape = await settled(proxy)

  assert.deepEqual(
    scrape
      .all('droid2api_client_refusals_total')
      .map(({ labels, value }) => [labels.client, labels.limit, value]),
    [
      ['alice', 'requests_per_day', 1],
      ['alice', 'parallel', 0],
      ['bob', 'requests_per_minute', 0],
    ],
  )
  const of = (client: string, status: string) =>
    scrape.sum('droid2api_requests_total', { client, status, route: '/v1/messages' })
  assert.deepEqual([of('alice', '200'), of('alice', '429'), of('bob', '200')], [1, 1, 1])
  assert.equal(of('none', '401'), 1)
})

test('contract §22.2: a request that is only explained is in no metric', async (t) => {
  const proxy = await startCounting(t, 'http://127.0.0.1:1')
  const body = { ...question, model: 'claude-sonnet-4-5' }

  const explained = { 'x-droid2api-explain': '1' }
  const answer = await post(`${proxy.url}/v1/messages`, body, explained)
  assert.match(await answer.text(), /"explain"/)
  const scrape = await settled(proxy)

  assert.equal(scrape.sum('droid2api_requests_total'), 0)
  assert.equal(scrape.sum('droid2api_attempts_total'), 0)
})

test('contract §21.4: two proxies on one machine count each for itself', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }))
  const proxies = await Promise.all([1, 2].map(() => startCounting(t, upstream.url)))
  const body = { ...question, model: 'claude-sonnet-4-5' }

  await (await post(`${proxies[0]!.url}/v1/messages`, body)).text()
  const [one, other] = await Promise.all(proxies.map(settled))

  const labels = { route: '/v1/messages' }
  assert.equal(one!.sum('droid2api_requests_total', labels), 1)
  assert.equal(other!.sum('droid2api_requests_total', labels), 0)
})

function startCounting(t: TestContext, url: string): Promise<TestProxy> {
  return startProxy(t, { config: { ...oneUpstream(url), metrics: true } })
}
