import assert from 'node:assert/strict'
import { request, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { endOfAny } from '../faults/serving.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicStream, startUpstream } from '../helpers/upstream.ts'

/** Spaces, escapes, number forms and key order that no serialiser would write. */
const oddBody = Buffer.from(
  '{ "max_tokens" :1e1,\n "model":"claude-sonnet-4-5", "messages":[{"role":"user","content":"\\u00e9\\/ü"}],"1":0.10}',
)

test('contract §1.1, contract §7: with nothing to change the body goes up and comes back byte for byte', async (t) => {
  const answer = Buffer.from('{"b":1.0 , "a":"\\u0041"}\n')
  const upstream = await startUpstream(t, () => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: answer,
  }))
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  for (const route of ['/v1/messages', '/v1/messages/count_tokens']) {
    const back = await post(url + route, oddBody)
    assert.deepEqual(Buffer.from(await back.arrayBuffer()), answer)
  }
  const gpt = Buffer.from(oddBody.toString().replace('claude-sonnet-4-5', 'gpt-5.1'))
  await post(`${url}/v1/responses`, gpt)

  assert.deepEqual(upstream.requests[0]?.body, oddBody)
  assert.deepEqual(upstream.requests[1]?.body, oddBody)
  assert.deepEqual(upstream.requests[2]?.body, gpt)
})

test('contract §6.3: a stream comes back byte for byte, with comments and odd line ends', async (t) => {
  const pieces = [
    ': hello\r\n\r\n',
    'event: ping\ndata: {"type":"ping"}\n\n',
    'data: caf',
    'é\n\n',
    endOfAny,
  ]
  const upstream = await startUpstream(t, [{ sse: pieces }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  const answer = await post(`${url}/v1/messages`, oddBody)

  assert.equal(await answer.text(), pieces.join(''))
  assert.equal(answer.headers.get('x-accel-buffering'), 'no')
  assert.match(answer.headers.get('content-type') ?? '', /text\/event-stream/)
})

test('contract §6.3: a stream tells front proxies not to buffer or pack it', async (t) => {
  const given = ['', 'no-store', 'No-Transform, no-cache']
  const upstream = await startUpstream(t, () => {
    const cache = given[upstream.requests.length - 1]
    const sse = anthropicStream({ text: ['Hi'] })
    return cache ? { sse, headers: { 'cache-control': cache } } : { sse }
  })
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const told = async (path: string) => {
    const ask = { ...JSON.parse(oddBody.toString()), stream: true }
    const { headers } = await post(url + path, ask)
    return [headers.get('cache-control'), headers.get('x-accel-buffering')]
  }

  assert.deepEqual(await told('/v1/messages'), ['no-cache, no-transform', 'no'])
  assert.deepEqual(await told('/v1/messages'), ['no-store, no-transform', 'no'])
  assert.deepEqual(await told('/v1/messages'), ['No-Transform, no-cache', 'no'])
  assert.deepEqual(await told('/v1/chat/completions'), ['no-cache, no-transform', 'no'])
})

test('row 36: status, body, retry-after, rate limits and request ids of an upstream error pass unchanged', async (t) => {
  const body = '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
  const headers = {
    'content-type': 'application/json',
    'retry-after': '7',
    'anthropic-ratelimit-requests-remaining': '0',
    'request-id': 'req_1',
    'x-should-retry': 'true',
  }
  const upstream = await startUpstream(t, [{ status: 529, headers, body }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  const answer = await post(`${url}/v1/messages`, oddBody)

  assert.equal(answer.status, 529)
  assert.equal(await answer.text(), body)
  for (const [name, value] of Object.entries(headers)) {
    assert.equal(answer.headers.get(name), value, name)
  }
})

test('contract §7.3, row 65: hop-by-hop headers, cookies, addresses and the caller’s credential do not go up or come back', async (t) => {
  const upstream = await startUpstream(t, [
    {
      headers: {
        'set-cookie': 'spy=1',
        'proxy-authenticate': 'Basic',
        'keep-alive': 'timeout=5',
        connection: 'x-hop',
        'x-hop': '1',
        'x-stays': '1',
      },
      body: {},
    },
  ])
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url, { api_keys: ['key-of-alice-1234'] }),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })

  const answer = await send(url, oddBody, {
    authorization: 'Bearer caller',
    'x-api-key': 'key-of-alice-1234',
    cookie: 'a=b',
    'x-forwarded-for': '10.0.0.1',
    te: 'trailers',
    connection: 'close, x-private',
    'x-private': '1',
    'anthropic-beta': 'one,two',
    'anthropic-version': '2026-10-21',
    'x-unknown': 'passes',
  })

  const up = upstream.requests[0]!.headers
  assert.equal(up.authorization, 'Bearer fk-the-account-key')
  for (const name of ['x-api-key', 'cookie', 'x-forwarded-for', 'te', 'x-private']) {
    assert.equal(up[name], undefined, name)
  }
  assert.equal(up['anthropic-beta'], 'one,two')
  assert.equal(up['anthropic-version'], '2026-10-21')
  assert.equal(up['x-unknown'], 'passes')
  assert.equal(up.host, new URL(upstream.url).host)
  for (const name of ['set-cookie', 'proxy-authenticate', 'x-hop']) {
    assert.equal(answer.headers[name], undefined, name)
  }
  assert.equal(answer.headers['x-stays'], '1')
})

test('row 23: a chunked body behind Expect: 100-continue goes up with its length', async (t) => {
  const upstream = await startUpstream(t, [{ body: {} }])
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })

  const answer = await send(url, oddBody, {
    expect: '100-continue',
    authorization: 'Bearer caller',
    'transfer-encoding': 'chunked',
  })

  assert.equal(answer.statusCode, 200)
  const up = upstream.requests[0]!
  assert.equal(up.headers.authorization, 'Bearer fk-the-account-key')
  assert.equal(up.headers.expect, undefined)
  assert.equal(up.headers['transfer-encoding'], undefined)
  assert.equal(up.headers['content-length'], String(oddBody.length))
  assert.deepEqual(up.body, oddBody)
})

test('contract §7.4, row 42: a redirect is not followed', async (t) => {
  const other = await startUpstream(t, [])
  const upstream = await startUpstream(t, [{ status: 307, headers: { location: other.url } }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': 'caller' },
    body: oddBody,
    redirect: 'manual',
  })

  assert.equal(answer.status, 307)
  assert.equal(other.requests.length, 0)
})

test('the model goes up as its upstream id, through aliases, with every other byte kept', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: {} }))
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url, {
      models: [
        { name: 'S', id: 'claude-sonnet-4-5', type: 'anthropic', upstream_id: 'claude-s-2099' },
      ],
      model_redirects: { 'claude-haiku*': 'claude-sonnet-4-5' },
    }),
  })

  await post(`${url}/v1/messages`, oddBody)
  await post(
    `${url}/v1/messages`,
    Buffer.from(oddBody.toString().replace('claude-sonnet-4-5', 'claude-haiku-9')),
  )

  const expected = oddBody.toString().replace('claude-sonnet-4-5', 'claude-s-2099')
  assert.equal(upstream.requests[0]?.body.toString(), expected)
  assert.equal(upstream.requests[1]?.body.toString(), expected)
})

test('the endpoint’s headers go along, filled in', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: {} }))
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url, {
      endpoints: [
        {
          name: 'factory',
          type: 'anthropic',
          base_url: `${upstream.url}/v1/messages`,
          headers: {
            'x-factory-client': 'cli',
            'x-session-id': '{session_id}',
            'x-assistant-message-id': '{message_id}',
            'x-api-provider': '{provider}',
          },
        },
      ],
      models: [{ name: 'S', id: 'claude-sonnet-4-5', type: 'anthropic' }],
    }),
  })

  await post(`${url}/v1/messages`, oddBody)
  await post(`${url}/v1/messages`, oddBody, { 'x-session-id': 'mine' })

  const [first, second] = upstream.requests
  assert.equal(first?.headers['x-factory-client'], 'cli')
  assert.equal(first?.headers['x-api-provider'], 'anthropic')
  assert.match(String(first?.headers['x-session-id']), /^[0-9a-f-]{36}$/)
  assert.match(String(first?.headers['x-assistant-message-id']), /^[0-9a-f-]{36}$/)
  assert.equal(second?.headers['x-session-id'], 'mine')
})

test('a body of 5 MB passes whole', async (t) => {
  const upstream = await startUpstream(t, [{ sse: anthropicStream({ text: ['ok'] }) }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const body = JSON.stringify({
    model: 'claude-sonnet-4-5',
    messages: [{ role: 'user', content: 'äx'.repeat(1_700_000) }],
  })

  const answer = await post(`${url}/v1/messages`, body)

  assert.match(await answer.text(), /message_stop/)
  assert.equal(upstream.requests[0]?.body.toString(), body)
})

/** A POST with headers that fetch would not let through. */
function send(
  url: string,
  body: Buffer,
  headers: Record<string, string>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/v1/messages`, { method: 'POST', headers }, (answer) => {
      answer.resume()
      resolve(answer)
    })
    sent.once('error', reject)
    if (headers.expect) sent.once('continue', () => sent.end(body))
    else sent.end(body)
  })
}
