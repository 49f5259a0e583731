import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../helpers/free-port.ts'
import { oneUpstream, post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import { anthropicMessage, anthropicStream, startUpstream } from '../helpers/upstream.ts'

/** The request lines, once there are `count` of them. */
async function requestLines(proxy: TestProxy, count: number) {
  for (;;) {
    const lines = proxy.logs.filter((line) => line.msg === 'request')
    if (lines.length >= count) return lines
    await wait(5)
  }
}

test('contract §9.1: each request is one line: what was asked, of whom, how it went, and the tokens on both roads', async (t) => {
  const usage = { input_tokens: 10, output_tokens: 7, cache_read_input_tokens: 5 }
  const upstream = await startUpstream(t, [
    { sse: anthropicStream({ text: ['Hi'], usage }) },
    { sse: anthropicStream({ text: ['Hi'], usage }) },
    { body: anthropicMessage({ text: ['Hi'], usage }) },
  ])
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })
  const ask = { model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'x' }] }

  await (await post(`${proxy.url}/v1/chat/completions`, { ...ask, stream: true })).text()
  await (await post(`${proxy.url}/v1/messages`, { ...ask, stream: true, max_tokens: 9 })).text()
  await (await post(`${proxy.url}/v1/messages`, { ...ask, max_tokens: 9 })).text()

  const lines = await requestLines(proxy, 3)
  for (const [index, line] of lines.entries()) {
    assert.equal(line.level, 'info')
    assert.equal(line.method, 'POST')
    assert.equal(line.model, 'claude-sonnet-4-5')
    assert.equal(line.upstream, 'claude')
    assert.equal(line.status, 200)
    assert.equal(line.stream, index < 2)
    assert.equal(line.inputTokens, 15)
    assert.equal(line.outputTokens, 7)
    assert.equal(line.cachedTokens, 5)
    assert.equal(typeof line.ttfbMs, 'number')
    assert.equal(typeof line.durationMs, 'number')
    assert.equal(typeof line.reqId, 'string')
  }
  assert.deepEqual(
    lines.map((line) => line.route),
    ['/v1/chat/completions', '/v1/messages', '/v1/messages'],
  )
})

test('contract §9.1: where no upstream was reached the line says why, also where another place served', async (t) => {
  const upstream = await startUpstream(t, [{ body: anthropicMessage({ text: ['Hi'] }) }])
  const gone = `http://127.0.0.1:${await freePort()}`
  const here = { name: 'here', type: 'anthropic', base_url: upstream.url, auth: 'none' }
  const away = { name: 'away', type: 'anthropic', base_url: gone, auth: 'none' }
  const model = (id: string, endpoint: string, fallback: string[] = []) => ({
    name: id,
    id,
    type: 'anthropic',
    endpoint,
    fallback,
  })
  const models = [model('a', 'away'), model('b', 'away', ['c']), model('c', 'here')]
  const proxy = await startProxy(t, { config: { endpoints: [here, away], models } })
  const ask = { max_tokens: 9, messages: [{ role: 'user', content: 'x' }] }

  await (await post(`${proxy.url}/v1/messages`, { ...ask, model: 'a' })).text()
  await (await post(`${proxy.url}/v1/messages`, { ...ask, model: 'b' })).text()

  const lines = await requestLines(proxy, 2)
  assert.deepEqual(
    lines.map(({ status, error, cause }) => [status, error, cause]),
    [
      [502, 'upstream_unreachable', 'ECONNREFUSED'],
      [200, undefined, 'ECONNREFUSED'],
    ],
  )
})

test('a client that leaves before the answer is logged as 499', async (t) => {
  const upstream = await startUpstream(t, [{ sse: ['hang'], silent: true }])
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })
  const leave = new AbortController()
  const pending = post(
    `${proxy.url}/v1/responses`,
    { model: 'gpt-5.1', input: 'x' },
    {},
    leave.signal,
  )
  await upstream.nextRequest()

  leave.abort()
  await pending.catch(() => undefined)

  const [line] = await requestLines(proxy, 1)
  assert.equal(line?.status, 499)
  assert.equal(line?.aborted, true)
})

test('contract §9.2, row 66: no secret and no prompt reaches the log, not even at trace', async (t) => {
  const echo = 'invalid token fk-the-account-key for sk-ant-callers-own-key'
  const upstream = await startUpstream(t, () => ({
    status: 400,
    body: { type: 'error', error: { type: 'invalid_request_error', message: echo } },
  }))
  const proxy = await startProxy(t, {
    config: oneUpstream(upstream.url, { log_level: 'trace' }),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })
  const ask = {
    model: 'claude-sonnet-4-5',
    max_tokens: 5,
    messages: [{ role: 'user', content: 'my private prompt' }],
  }

  const chat = await post(`${proxy.url}/v1/chat/completions`, ask)
  await post(`${proxy.url}/v1/messages`, ask, { authorization: 'Bearer sk-ant-callers-own-key' })
  await post(`${proxy.url}/v1/messages`, '{"private prompt": tru', { cookie: 'session=tasty' })

  assert.doesNotMatch(await chat.text(), /fk-the-account-key/)
  await requestLines(proxy, 3)
  assert.doesNotMatch(
    proxy.rawLog(),
    /fk-the-account-key|sk-ant-callers|private prompt|tasty|Bearer/,
  )
})

test('row 66: a request id cannot forge a log line', async (t) => {
  const proxy = await startProxy(t)

  await fetch(proxy.url, { headers: { 'x-request-id': '1","level":"fatal' } })

  const [line] = await requestLines(proxy, 1)
  assert.match(String(line?.reqId), /^[0-9a-f-]{36}$/)
})

test('contract §9.1: the address of who asked is in the line of a key that is not taken, and in no other', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }))
  const proxy = await startProxy(t, {
    config: oneUpstream(upstream.url, { api_keys: ['a-key-of-the-proxy'] }),
  })
  const ask = { model: 'claude-sonnet-4-5', max_tokens: 9, messages: [] }

  for (const key of ['a-guess', 'a-key-of-the-proxy']) {
    await (await post(`${proxy.url}/v1/messages`, ask, { 'x-api-key': key })).text()
  }

  const [guessed, served] = await requestLines(proxy, 2)
  assert.deepEqual([guessed!.status, guessed!.from], [401, '127.0.0.1'])
  assert.deepEqual([served!.status, served!.from], [200, undefined])
  assert.ok(!JSON.stringify(guessed).includes('a-guess'))
})
