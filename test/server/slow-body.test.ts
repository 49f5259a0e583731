/** Bodies over thin lines: the limit is silence, not the whole, and what is cut is told in the dialect of its route. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { bodyPace } from '../../lib/http/body.ts'
import { asks, routes } from '../faults/asks.ts'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { until } from '../helpers/until.ts'

const pace = { silenceMs: 300, windowMs: 400, minBytes: 40 }

/** Of a machine that stalls for a while: the body below still takes longer than either. */
const patient = { silenceMs: 1500, windowMs: 1000, minBytes: 40 }

async function start(t: TestContext, route: string, size = 400) {
  const upstream = await startUpstream(t, () => ({ status: 429, body: {} }))
  const proxy = await startProxy(t, { config: oneUpstream(upstream.url, { max_body_mb: 1 }) })
  proxy.app.bodyPace = pace
  const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1').setNoDelay(true)
  await once(socket, 'connect')
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const head = (length: string) =>
    socket.write(
      `POST ${route} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer x\r\n${length}\r\n\r\n`,
    )
  return { upstream, proxy, socket, head, closed, body: bodyOf(route, size), text: () => text }
}

/** The request of a route, filled up to this length. */
function bodyOf(route: string, size: number): string {
  const body = JSON.stringify({ ...asks[route as keyof typeof asks], user: '' })
  return body.replace('"user":""', `"user":"${'u'.repeat(Math.max(size - body.length, 1))}"`)
}

/** The error's envelope, as each API has it. */
function assertDialect(route: string, text: string, status: number, code: string): void {
  assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `))
  const body = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) as {
    type?: string
    error: { type: string; code?: string }
  }
  if (route === '/v1/messages') {
    assert.equal(body.type, 'error')
  } else {
    assert.equal(body.error.code, code)
  }
}

for (const route of routes) {
  test(`KO7: ${route}: a body that takes longer than any window, but moves, is served`, async (t) => {
    const { proxy, socket, head, body, closed, text } = await start(t, route)
    proxy.app.bodyPace = patient
    head(`content-length: ${body.length}`)
    for (let at = 0; at < body.length; at += 25) {
      socket.write(body.slice(at, at + 25))
      await wait(100)
    }
    await closed

    assert.match(text(), /^HTTP\/1\.1 429/)
  })

  test(`KO7: ${route}: a body that stops is a 408, in its dialect and in the log`, async (t) => {
    const { upstream, proxy, socket, head, body, closed, text } = await start(t, route)
    head(`content-length: ${body.length}`)
    socket.write(body.slice(0, 100))
    await closed

    assertDialect(route, text(), 408, 'request_timeout')
    assert.match(text(), /nothing came for 0\.3 s/)
    await until(() => proxy.logs.some(({ status }) => status === 408))
    assert.ok(proxy.logs.some(({ error }) => error === 'request_timeout'))
    assert.equal(upstream.requests.length, 0)
  })

  test(`KO7: ${route}: a body that never begins is a 408`, async (t) => {
    const { head, closed, text } = await start(t, route)
    head('transfer-encoding: chunked')
    await closed

    assertDialect(route, text(), 408, 'request_timeout')
  })

  test(`KO7: ${route}: a trickle is a 408`, async (t) => {
    const { socket, head, body, closed, text } = await start(t, route)
    head(`content-length: ${body.length}`)
    const trickle = setInterval(() => socket.write('x'), 50)
    await until(() => text() !== '')
    clearInterval(trickle)
    await closed

    assertDialect(route, text(), 408, 'request_timeout')
    assert.match(text(), /too little of it came in 0\.4 s/)
  })

  test(`KO7: ${route}: a body too large, and one that breaks its chunks, are told in the dialect and in the log`, async (t) => {
    for (const [length, bytes, status, code] of [
      ['content-length: 2000000', '', 413, 'request_too_large'],
      ['transfer-encoding: chunked', 'zz\r\n', 400, 'bad_http'],
      ['transfer-encoding: chunked', '5\r\n{"mod\r\nzz\r\n', 400, 'bad_http'],
    ] as const) {
      const { proxy, socket, head, closed, text } = await start(t, route)
      head(length)
      socket.write(bytes)
      await closed

      assertDialect(route, text(), status, code)
      await until(() => proxy.logs.some(({ error }) => error === code))
      assert.equal(proxy.logs.filter(({ msg }) => msg === 'request').length, 1)
    }
  })

  test(`KO7: ${route}: a client that leaves in the middle of its body is in the log, too`, async (t) => {
    const { proxy, socket, head, body } = await start(t, route)
    head(`content-length: ${body.length}`)
    socket.write(body.slice(0, 50))
    await until(() => proxy.app.calls.size === 1)
    socket.resetAndDestroy()

    await until(() => proxy.logs.some(({ status }) => status === 499))
  })
}

test(
  'KO7: what still comes of a request that was answered without its body has an end, too',
  { timeout: 5000 },
  async (t) => {
    const { socket, closed, text } = await start(t, '/nowhere')
    socket.write('POST /nowhere HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n')
    await closed

    assert.match(text(), /^HTTP\/1\.1 404 /)
  },
)

test('contract §8.8, KO7: the shipped limits of a body are half a minute of silence, and 256 bytes a second over a minute', async (t) => {
  const { app, server } = await startProxy(t)
  assert.deepEqual(bodyPace, { silenceMs: 30_000, windowMs: 60_000, minBytes: 15_360 })
  assert.equal(app.bodyPace, bodyPace)
  assert.deepEqual([server.requestTimeout, server.headersTimeout], [0, 20_000])
})
