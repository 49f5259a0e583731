/** Whatever a client gets wrong: a 4xx in the dialect of its route, saying what and where, and nothing goes upstream. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const routes = {
  '/v1/chat/completions': 'gpt-5.1',
  '/v1/messages': 'claude-sonnet-4-5',
  '/v1/messages/count_tokens': 'claude-sonnet-4-5',
  '/v1/responses': 'gpt-5.1',
}

const bad: [what: string, body: (model: string) => unknown, status: number, says: RegExp][] = [
  ['malformed JSON', () => '{"model": "x",', 400, /JSON/],
  ['an empty body', () => '', 400, /empty/],
  ['an array', () => '[1]', 400, /object/],
  ['a number', () => '3', 400, /object/],
  ['no model', () => ({ messages: [] }), 400, /model/],
  ['a model that is no string', () => ({ model: 3, messages: [] }), 400, /model/],
  [
    'an unknown model',
    () => ({ model: 'gpt-5.0', messages: [hello], input: 'x' }),
    404,
    /gpt-5\.1/,
  ],
]
const hello = { role: 'user', content: 'hi' }

for (const [route, model] of Object.entries(routes)) {
  test(`row 15: ${route} refuses what it cannot read`, async (t) => {
    const upstream = await startUpstream(t, [])
    const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })

    for (const [what, body, status, says] of bad) {
      const answer = await post(proxy.url + route, body(model))
      const text = await answer.text()
      assert.equal(answer.status, status, `${what}: ${text}`)
      const { error, type } = JSON.parse(text) as { type?: string; error: { message: string } }
      assert.match(error.message, says, what)
      assert.equal(type, route.startsWith('/v1/messages') ? 'error' : undefined, what)
      assert.doesNotMatch(text, /\bat \S+ \(|\.ts:/, what)
    }
    assert.equal(upstream.requests.length, 0)
    assert.doesNotMatch(proxy.rawLog(), /"level":"error"/)
  })
}

test('KO4: a body that a program on Windows saved with a byte order mark is read on every route', async (t) => {
  const upstream = await startUpstream(t, () => ({ status: 400, body: {} }))
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  for (const [route, model] of Object.entries(routes)) {
    const ask = { model, messages: [hello], input: 'hi', max_tokens: 9 }
    await (await post(url + route, `\uFEFF${JSON.stringify(ask)}`)).text()
  }

  assert.equal(upstream.requests.length, 4)
  for (const { body } of upstream.requests) assert.doesNotThrow(() => JSON.parse(body.toString()))
})

test('row 16: wrong types in any field are a 4xx or pass, never a 5xx of ours', async (t) => {
  const upstream = await startUpstream(t, () => ({ status: 400, body: {} }))
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const names =
    'messages input system instructions max_tokens temperature stream stop tools tool_choice thinking reasoning output_config metadata response_format context_management'
  const wrong = [1, -1, 1e99, '', 'x', true, null, [], [null], [1], {}, { type: 1 }, [{ role: 3 }]]

  const statuses = new Set<number>()
  for (const [route, model] of Object.entries(routes)) {
    for (const name of names.split(' ')) {
      const bodies = wrong.map((value) => ({ model, messages: [hello], input: 'x', [name]: value }))
      const answers = await Promise.all(bodies.map((body) => post(url + route, body)))
      for (const { status } of answers) statuses.add(status)
    }
  }

  assert.deepEqual([...statuses], [400])
})

test('contract §2.5: below an API’s own route a model of another type is refused, and the error names its type', async (t) => {
  const upstream = await startUpstream(t, [])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  for (const model of ['claude-sonnet-4-5', 'glm-4.6']) {
    const path = '/v1/responses/resp_1/cancel'
    const back = await post(url + path, { model, input: 'x' })
    const { error } = (await back.json()) as { error: { code: string; message: string } }

    assert.deepEqual([back.status, error.code], [400, 'wrong_route'])
    assert.equal(error.message, `${path} is served for models of type openai only.`)
  }
  assert.equal(upstream.requests.length, 0)
})

test('row 14: a body above max_body_mb is refused with 413, announced or not', async (t) => {
  const upstream = await startUpstream(t, [])
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url, { max_body_mb: 1 }),
  })
  const large = JSON.stringify({ model: 'gpt-5.1', input: 'x'.repeat(1024 * 1024) })

  const announced = await post(`${url}/v1/responses`, large)
  const chunked = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    body: new Blob([large]).stream(),
    duplex: 'half',
  } as RequestInit)

  assert.equal(announced.status, 413)
  assert.match(await announced.text(), /max_body_mb/)
  assert.equal(chunked.status, 413)
  assert.equal(((await chunked.json()) as { type: string }).type, 'error')
  assert.equal(upstream.requests.length, 0)
})

test('row 17: a body nested a hundred thousand levels deep does no harm', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: {} }))
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)

  const from = performance.now()
  const chat = await post(
    `${url}/v1/chat/completions`,
    `{"model":"gpt-5.1","messages":[{"role":"user","content":"x"}],"metadata":{"deep":${deep}}}`,
  )
  const messages = await post(`${url}/v1/messages`, `{"model":"claude-sonnet-4-5","x":${deep}}`)

  assert.ok(performance.now() - from < 2000)
  assert.equal(chat.status, 400)
  assert.match(await chat.text(), /nested in more than 1000 levels/)
  assert.equal(messages.status, 200)
  assert.equal((await fetch(`${url}/health`)).status, 200)
})

test('row 59: no credential anywhere is a 401 that says what to set', async (t) => {
  const upstream = await startUpstream(t, [])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  const answer = await fetch(`${url}/v1/responses`, {
    method: 'POST',
    body: JSON.stringify({ model: 'gpt-5.1', input: 'x' }),
  })

  assert.equal(answer.status, 401)
  assert.match(await answer.text(), /FACTORY_API_KEY/)
  assert.equal(upstream.requests.length, 0)
})

test('row 14: a client that goes on sending reads its 413 before the connection closes', async (t) => {
  const { url } = await startProxy(t, {
    config: oneUpstream('http://127.0.0.1:1', { max_body_mb: 1 }),
  })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const errors: Error[] = []
  socket.on('error', (error) => errors.push(error))
  let answer = ''
  socket.setEncoding('utf8').on('data', (piece: string) => {
    answer += piece
  })

  socket.write('POST /v1/responses HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2000000\r\n\r\n')
  while (!answer.includes('request_too_large')) await once(socket, 'data')
  socket.write('x'.repeat(2_000_000))
  await once(socket, 'close')

  assert.match(answer, /^HTTP\/1\.1 413 [\s\S]*"code":"request_too_large"\}\}\n$/)
  assert.deepEqual(errors, [])
})
