import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

test('contract §2: GET / names the program, its version and its routes', async (t) => {
  const { url } = await startProxy(t)

  const answer = await fetch(url)
  const body = (await answer.json()) as { name: string; version: string; routes: string[] }

  assert.equal(answer.status, 200)
  assert.equal(body.name, 'droid2api')
  assert.equal(body.version, '0.0.0-test')
  assert.ok(body.routes.includes('POST /v1/chat/completions'))
})

test('row 24: HEAD answers like GET without a body', async (t) => {
  const { url } = await startProxy(t)

  for (const path of ['/', '/v1', '/v1/', '/health', '/ready', '/v1/models']) {
    const answer = await fetch(url + path, { method: 'HEAD' })
    assert.equal(answer.status, 200, path)
    assert.equal(await answer.text(), '', path)
  }
})

test('row 24: probes of clients are answered at once, with 404', async (t) => {
  const { url } = await startProxy(t)

  for (const path of ['/api/hello', '/api/event_logging/batch']) {
    assert.equal((await fetch(url + path, { method: 'HEAD' })).status, 404, path)
  }
})

const forgiven: [given: string, upstreamPath: string][] = [
  ['/v1/messages', '/v1/messages'],
  ['/v1/messages/', '/v1/messages'],
  ['/v1/v1/messages', '/v1/messages'],
  ['/messages', '/v1/messages'],
  ['//v1/messages', '/v1/messages'],
  ['/v1//messages', '/v1/messages'],
  ['//messages//count_tokens', '/v1/messages/count_tokens'],
  ['/v1/messages?beta=true', '/v1/messages?beta=true'],
  ['/v1/v1/messages/count_tokens/?beta=true', '/v1/messages/count_tokens?beta=true'],
]

for (const [given, upstreamPath] of forgiven) {
  test(`contract §2.2: POST ${given} reaches the upstream as ${upstreamPath}`, async (t) => {
    const upstream = await startUpstream(t, [{ body: {} }])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    await fetch(url + given, {
      method: 'POST',
      headers: { 'x-api-key': 'caller' },
      body: JSON.stringify({ model: 'claude-sonnet-4-5', messages: [] }),
    })

    assert.equal(upstream.requests[0]?.url, upstreamPath)
  })
}

const astray: [path: string, hint: RegExp | undefined][] = [
  ['/anthropic/v1/messages', /\/v1\/messages is there: .*base URL/],
  ['/llm/v1/chat/completions', /\/v1\/chat\/completions is there/],
  ['/v1/chat/completions/chat/completions', /\/v1\/chat\/completions is there/],
  ['/openai/models', /\/v1\/models is there/],
  ['/v1/embeddings', undefined],
  ['/v1/responses//x', undefined],
  ['/admin/', undefined],
  ['/proxy/status', undefined],
]

for (const [path, hint] of astray) {
  test(`contract §2.2: ${path} is a 404 that ${hint ? 'names the route that was meant' : 'guesses nothing'}`, async (t) => {
    const { url } = await startProxy(t)

    const answer = await fetch(url + path, { method: 'POST', body: '{}' })
    const text = await answer.text()

    assert.equal(answer.status, 404)
    assert.match(text, hint ?? /"\. GET \/ lists/)
  })
}

test('sub-paths of /v1/responses go upstream', async (t) => {
  const upstream = await startUpstream(t, [{ body: {} }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  await fetch(`${url}/v1/responses/compact`, {
    method: 'POST',
    headers: { authorization: 'Bearer caller' },
    body: JSON.stringify({ model: 'gpt-5.1', input: [] }),
  })

  assert.equal(upstream.requests[0]?.url, '/v1/responses/compact')
})

const refused: [method: string, path: string, status: number][] = [
  ['GET', '/nowhere', 404],
  ['POST', '/v1/responses/../admin', 404],
  ['POST', '/v1/responses/%2e%2e/admin', 404],
  ['POST', '/v1//nowhere', 404],
  ['POST', '/v1/messages;x', 404],
  ['POST', '/v1/messages%2fbatches', 404],
  ['GET', '/v1/messages', 405],
  ['GET', '/v1/chat/completions', 405],
  ['DELETE', '/v1/models', 405],
  ['POST', '/health', 405],
]

test('contract §2.3, row 24: unknown paths are 404, known ones with another method 405, and nothing goes upstream', async (t) => {
  const upstream = await startUpstream(t, [])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  for (const [method, path, status] of refused) {
    const answer = await rawRequest(url, method, path)
    assert.equal(answer.status, status, `${method} ${path}`)
    if (status === 405) assert.ok(answer.headers.allow, path)
    const body = JSON.parse(answer.body) as { error: { message: string } }
    assert.equal(typeof body.error.message, 'string', path)
  }
  assert.equal(upstream.requests.length, 0)
})

test('an error under /v1/messages is in the dialect of Anthropic, elsewhere in that of OpenAI', async (t) => {
  const { url } = await startProxy(t)

  const messages = (await (await fetch(`${url}/v1/messages`)).json()) as Record<string, unknown>
  const chat = (await (await fetch(`${url}/v1/chat/completions`)).json()) as {
    error: Record<string, unknown>
  }

  assert.equal(messages.type, 'error')
  assert.equal(typeof messages.request_id, 'string')
  assert.deepEqual(Object.keys(chat.error).toSorted(), ['code', 'message', 'param', 'type'])
})

test('contract §2.7: every answer carries a request id: that of the client where it is harmless, else a new one', async (t) => {
  const { url } = await startProxy(t)

  const own = await fetch(url, { headers: { 'x-request-id': 'my-id.1' } })
  const odd = await fetch(url, { headers: { 'x-request-id': 'a b"c' } })
  const none = await fetch(`${url}/nowhere`)

  assert.equal(own.headers.get('x-request-id'), 'my-id.1')
  assert.match(odd.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/)
  assert.match(none.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/)
})

/** fetch would tidy the path up before sending it. */
async function rawRequest(url: string, method: string, path: string) {
  const { request } = await import('node:http')
  return await new Promise<{
    status: number | undefined
    headers: import('node:http').IncomingHttpHeaders
    body: string
  }>((resolve, reject) => {
    const { port } = new URL(url)
    const sent = request({ host: '127.0.0.1', port, method, path }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (piece: string) => {
        body += piece
      })
      answer.once('end', () =>
        resolve({ status: answer.statusCode, headers: answer.headers, body }),
      )
    })
    sent.once('error', reject)
    sent.end()
  })
}
