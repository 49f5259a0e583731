/** What the bodies of all requests may take together: whatever waits for its upstream is in memory until the answer begins. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { deferred } from '../helpers/deferred.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import { anthropicStream, startUpstream } from '../helpers/upstream.ts'

const kilobyte = 1024

/** A question of some 900 KB, of which two fit into the two megabytes that a test allows. */
function question(route: string, model = 'claude-sonnet-4-5'): string {
  const content = 'x'.repeat(900 * kilobyte)
  const of = { model, max_tokens: 9, stream: true }
  return JSON.stringify(
    route === '/v1/responses'
      ? { ...of, max_tokens: undefined, input: content }
      : { ...of, messages: [{ role: 'user', content }] },
  )
}

/** An upstream that says nothing before it is let go. */
async function waiting(t: TestContext, more: object = {}) {
  const gate = deferred()
  const sse = [{ until: gate.promise }, ...anthropicStream({ text: ['Hello.'] })]
  const upstream = await startUpstream(t, () => ({ sse, silent: true }))
  const { url, app } = await startProxy(t, {
    config: oneUpstream(upstream.url, { max_bodies_mb: 2, ...more }),
  })
  const held = (bodies: number) =>
    until(() => Math.round(app.bodyBytes / kilobyte / 900) === bodies)
  return { gate, upstream, url, app, held }
}

for (const route of ['/v1/messages', '/v1/chat/completions', '/v1/responses']) {
  test(`contract §14.9: ${route}: a body without room beside the others is 503, and has room when an answer begins`, async (t) => {
    const { gate, upstream, url, app, held } = await waiting(t)
    const body = question(route)
    const first = [post(url + route, body), post(url + route, body)]
    await held(2)

    const refused = await post(url + route, body)
    const text = await refused.text()

    assert.equal(refused.status, 503)
    assert.equal(refused.headers.get('retry-after'), '2')
    assert.match(text, /take 2 of the 2 MB that max_bodies_mb allows/)
    await until(() => upstream.requests.length === 2)
    gate.resolve()
    for (const answer of await Promise.all(first)) assert.match(await answer.text(), /Hello\./)
    assert.equal(app.bodyBytes, 0)
    const again = await post(url + route, body)
    assert.equal(again.status, 200)
    await again.arrayBuffer()
    assert.equal(upstream.requests.length, 3)
  })
}

test('contract §14.9: the room is free as soon as an answer begins, however long it goes on', async (t) => {
  const gate = deferred()
  const [head = '', ...rest] = anthropicStream({ text: ['Hello.'] })
  const upstream = await startUpstream(t, () => ({
    sse: [head, { until: gate.promise }, ...rest],
  }))
  const { url, app } = await startProxy(t, {
    config: oneUpstream(upstream.url, { max_bodies_mb: 1 }),
  })

  const answers: Response[] = []
  for (const route of ['/v1/messages', '/v1/chat/completions', '/v1/responses'])
    answers.push(await post(url + route, question(route)))

  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  )
  assert.equal(app.bodyBytes, 0)
  gate.resolve()
  for (const answer of answers) await answer.arrayBuffer()
})

test('contract §14.9: a body in chunks counts as it comes, a packed one as it is unpacked', async (t) => {
  const { gate, upstream, url, held } = await waiting(t)
  const body = question('/v1/messages')
  const first = [post(`${url}/v1/messages`, body), post(`${url}/v1/messages`, body)]
  await held(2)

  const chunked = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    body: new Blob([body]).stream(),
    duplex: 'half',
  } as RequestInit)
  const packed = await post(`${url}/v1/messages`, gzipSync(body), { 'content-encoding': 'gzip' })

  for (const answer of [chunked, packed]) {
    assert.equal(answer.status, 503)
    assert.match(await answer.text(), /max_bodies_mb/)
  }
  await held(2)
  gate.resolve()
  for (const answer of await Promise.all(first)) await answer.arrayBuffer()
  assert.equal(upstream.requests.length, 2)
})

test('contract §14.9: one body alone always has room, and a client that leaves makes some', async (t) => {
  const { gate, upstream, url, app } = await waiting(t, { max_bodies_mb: 0.5 })
  const body = question('/v1/messages')
  const left = new AbortController()
  const first = post(`${url}/v1/messages`, body, {}, left.signal)
  await until(() => upstream.requests.length === 1)
  left.abort()
  await assert.rejects(first)
  await until(() => app.bodyBytes === 0)
  gate.resolve()

  const answer = await post(`${url}/v1/messages`, body)

  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /Hello\./)
})

test('contract §14.9: a body whose client leaves while it is unpacked is not counted for ever', async (t) => {
  const { url, app, upstream } = await waiting(t)
  const packed = gzipSync(Buffer.alloc(40 * kilobyte * kilobyte, ' '))
  const left = new AbortController()
  const asked = post(`${url}/v1/messages`, packed, { 'content-encoding': 'gzip' }, left.signal)
  await until(() => app.bodyBytes > 0)

  left.abort()

  await assert.rejects(asked)
  await until(() => app.calls.size === 0)
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.equal(app.bodyBytes, 0)
  assert.equal(upstream.requests.length, 0)
})

test('contract §14.9: a refused body is read to its end, so that its connection serves the next request', async (t) => {
  const { gate, url, held } = await waiting(t)
  const body = question('/v1/messages')
  const first = [post(`${url}/v1/messages`, body), post(`${url}/v1/messages`, body)]
  await held(2)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const ask = (path: string, sent?: string) =>
    new Promise<{ status: number | undefined; reused: boolean }>((resolve, reject) => {
      const request = http.request(url + path, { agent, method: sent ? 'POST' : 'GET' }, (answer) =>
        answer
          .resume()
          .once('end', () => resolve({ status: answer.statusCode, reused: request.reusedSocket })),
      )
      request.once('error', reject).end(sent)
    })

  const refused = await ask('/v1/messages', body)
  const next = await ask('/health')

  assert.deepEqual([refused.status, next], [503, { status: 200, reused: true }])
  gate.resolve()
  for (const answer of await Promise.all(first)) await answer.arrayBuffer()
})
