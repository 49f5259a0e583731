/** What is counted on every road, held against what the upstream has told. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { post, startProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'
import { models, startMetered } from './metered-upstream.ts'
import { allRows, checkSums, numbers, routes, startWithKeys } from './mixed-requests.ts'

test('contract §15.2: sums are exact over 1000 mixed requests on all roads: whole, refused, unmetered, failed over, broken off, left', async (t) => {
  await checkSums(t, 1000)
})

test('contract §15.2: calls that cannot spend tokens do not count, nor what is refused at the door', async (t) => {
  const upstream = await startMetered(t, numbers(1))
  const proxy = await startWithKeys(t, {
    ...upstream.config,
    api_keys: ['a-client-key-of-the-test'],
  })
  const key = { 'x-api-key': 'a-client-key-of-the-test' }
  const body = { model: models.anthropic, ...routes['/v1/messages']!('END:whole') }

  await (await post(`${proxy.url}/v1/messages/count_tokens`, body, key)).text()
  await (await fetch(`${proxy.url}/v1/models`, { headers: key })).text()
  await (await post(`${proxy.url}/v1/messages`, body)).text()
  await (await post(`${proxy.url}/v1/messages`, { ...body, model: 'of nobody' }, key)).text()
  await (await post(`${proxy.url}/v1/messages`, '{', key)).text()

  const rows = await allRows(proxy, 2)
  assert.deepEqual(
    rows.map(({ model, endpoint, account, requests: all, errors }) => [
      model,
      endpoint,
      account,
      all,
      errors,
    ]),
    [
      ['other', 'none', 'none', 1, 1],
      ['none', 'none', 'none', 1, 1],
    ],
  )
})

test('contract §15.2: a request that is refused over a limit does not count as usage', async (t) => {
  const upstream = await startMetered(t, numbers(1))
  const clients = [{ name: 'alice', key: 'a-key-of-alice-for-this-test', requests_per_day: 1 }]
  const proxy = await startWithKeys(t, { ...upstream.config, clients })
  const body = { model: models.anthropic, ...routes['/v1/messages']!('END:whole') }
  const key = { 'x-api-key': clients[0]!.key }

  const first = await post(`${proxy.url}/v1/messages`, body, key)
  await first.text()
  const second = await post(`${proxy.url}/v1/messages`, body, key)
  await second.text()
  await until(() => proxy.app.calls.size === 0)

  assert.deepEqual([first.status, second.status], [200, 429])
  assert.deepEqual(
    proxy.app.usage.book.counted().map((row) => [row.client, row.model, row.requests, row.errors]),
    [['alice', models.anthropic, 1, 0]],
  )
})

test('contract §15.1: a request that was failed over counts once, for the account and the model that served', async (t) => {
  const spent = { status: 429, headers: { 'retry-after': '3600' }, body: { error: {} } }
  const upstream = await startUpstream(t, ({ headers, body }) => {
    if (headers.authorization === 'Bearer spent') return spent
    return body.includes('claude-opus') ? spent : { body: anthropicMessage({ text: ['Hi'] }) }
  })
  const accounts = ['spent', 'good'].map((name) => ({ name, key: name }))
  const model = { name: 'S', type: 'anthropic', id: 'claude-sonnet-4-5' }
  const opus = { name: 'O', type: 'anthropic', id: 'claude-opus-4-8', fallback: [model.id] }
  const names = accounts.map(({ name }) => name)
  const endpoint = { name: 'e', type: 'anthropic', base_url: upstream.url, accounts: names }
  const proxy = await startProxy(t, {
    config: { system_prompt: '', accounts, endpoints: [endpoint], models: [model, opus] },
  })
  const body = { max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }

  await (await post(`${proxy.url}/v1/messages`, { ...body, model: model.id })).text()
  const second = await startProxy(t, {
    config: {
      system_prompt: '',
      endpoints: [{ ...endpoint, accounts: undefined, auth: 'none' }],
      models: [model, opus],
    },
  })
  await (await post(`${second.url}/v1/messages`, { ...body, model: opus.id })).text()

  for (const [one, account] of [
    [proxy, 'good'],
    [second, 'none'],
  ] as const) {
    const rows = await allRows(one, 1)
    assert.deepEqual(
      rows.map((row) => [row.model, row.account, row.requests, row.errors, row.input]),
      [[model.id, account, 1, 0, 10]],
    )
  }
})

test('contract §15.6: a price makes costs of tokens, by kind, as it stands when the request ends', async (t) => {
  const upstream = await startMetered(t, () => 10)
  const entries = upstream.config.models as object[]
  const price = { input: 3, output: 15, cache_read: 0.3 }
  const priced = entries.map((entry) => Object.assign({ price }, entry))
  const proxy = await startWithKeys(t, { ...upstream.config, models: priced })
  const body = { model: models.anthropic, ...routes['/v1/messages']!('END:whole') }

  await (await post(`${proxy.url}/v1/messages`, body)).text()

  const [row] = await allRows(proxy, 1)
  // 11 plain and 10 written at 3, 10 read at 0.3, 30 out at 15
  assert.equal(row!.cost_micro_usd, 21 * 3 + 10 * 0.3 + 30 * 15)
  assert.equal(row!.unpriced, 0)
})

test('contract §15.6: what is written to a cache for an hour has a price of its own, on both roads', async (t) => {
  const creation = { ephemeral_5m_input_tokens: 600, ephemeral_1h_input_tokens: 400 }
  const counts = { input_tokens: 10, cache_creation_input_tokens: 1000, cache_creation: creation }
  const upstream = await startUpstream(t, () => ({
    body: {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      model: models.anthropic,
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'end_turn',
      usage: { ...counts, output_tokens: 20 },
    },
  }))
  const price = { input: 3, output: 15, cache_write: 3.75 }
  const model = { name: 'C', id: models.anthropic, type: 'anthropic' }
  const endpoints = [{ name: 'e', type: 'anthropic', base_url: upstream.url, auth: 'none' }]

  for (const [hour, cost] of [
    [{ cache_write_1h: 6 }, 10 * 3 + 600 * 3.75 + 400 * 6 + 20 * 15],
    [{}, 10 * 3 + 1000 * 3.75 + 20 * 15],
  ] as const) {
    const entry = { ...model, price: { ...price, ...hour } }
    const proxy = await startProxy(t, { config: { endpoints, models: [entry] } })
    for (const route of ['/v1/messages', '/v1/chat/completions']) {
      const messages = [{ role: 'user', content: 'Hi' }]
      const body = { model: models.anthropic, max_tokens: 50, stream: false, messages }
      await (await post(`${proxy.url}${route}`, body)).text()
    }
    const rows = await allRows(proxy, 2)
    assert.equal(
      rows.reduce((sum, row) => sum + row.cost_micro_usd, 0),
      2 * cost,
    )
  }
})

test('contract §15.6: a longer input than a price is for prices the whole request, caches included, on both roads', async (t) => {
  const usage = (read: number) => ({
    input_tokens: 10,
    cache_read_input_tokens: read,
    output_tokens: 20,
  })
  const content = [{ type: 'text', text: 'Hi' }]
  const message = { type: 'message', id: 'msg_1', role: 'assistant', stop_reason: 'end_turn' }
  let read = 0
  const upstream = await startUpstream(t, () => ({
    body: { ...message, model: models.anthropic, content, usage: usage(read) },
  }))
  const price = {
    input: 3,
    output: 15,
    cache_read: 1,
    above: [
      { tokens: 500, input: 9, output: 50 },
      { tokens: 100, input: 6, output: 22, cache_read: 2 },
    ],
  }
  const model = { name: 'C', id: models.anthropic, type: 'anthropic', price }
  const endpoints = [{ name: 'e', type: 'anthropic', base_url: upstream.url, auth: 'none' }]

  for (const [cached, cost] of [
    [90, 10 * 3 + 90 * 1 + 20 * 15],
    [91, 10 * 6 + 91 * 2 + 20 * 22],
    [491, 10 * 9 + 491 * 9 + 20 * 50],
  ] as const) {
    read = cached
    const proxy = await startProxy(t, { config: { endpoints, models: [model] } })
    for (const route of ['/v1/messages', '/v1/chat/completions']) {
      const messages = [{ role: 'user', content: 'Hi' }]
      const body = { model: models.anthropic, max_tokens: 50, stream: false, messages }
      await (await post(`${proxy.url}${route}`, body)).text()
    }
    const rows = await allRows(proxy, 2)
    assert.equal(
      rows.reduce((sum, row) => sum + row.cost_micro_usd, 0),
      2 * cost,
    )
  }
})

test('contract §15.1: switched off by USAGE, nothing is counted', async (t) => {
  const upstream = await startMetered(t, numbers(1))
  const proxy = await startProxy(t, {
    config: upstream.config,
    env: { USAGE: 'off', KEY_OF_ANTHROPIC: 'key-of-the-upstream' },
  })
  const body = { model: models.anthropic, ...routes['/v1/messages']!('END:whole') }

  await (await post(`${proxy.url}/v1/messages`, body)).text()
  await until(() => proxy.app.calls.size === 0)

  assert.deepEqual(proxy.app.usage.book.counted(), [])
})

test('contract §15.5: where usage cannot be written no request fails, and /health says so', async (t) => {
  const upstream = await startMetered(t, numbers(1))
  const proxy = await startWithKeys(t, upstream.config)
  mkdirSync(path.join(proxy.dir, 'data'), { recursive: true })
  writeFileSync(path.join(proxy.dir, 'data', 'usage'), '')
  const body = { model: models.anthropic, ...routes['/v1/messages']!('END:whole') }

  const first = await post(`${proxy.url}/v1/messages`, body)
  await first.text()
  await allRows(proxy, 1)
  await proxy.app.usage.flush()
  const second = await post(`${proxy.url}/v1/messages`, body)
  await second.text()

  assert.deepEqual([first.status, second.status], [200, 200])
  const { status, warnings } = (await (await fetch(`${proxy.url}/health`)).json()) as {
    status: string
    warnings: string[]
  }
  assert.equal(status, 'ok')
  assert.match(warnings.join(), /usage cannot be written to .*; it is counted in memory/)
})
