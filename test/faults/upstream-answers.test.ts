/** Answers that are no HTTP, too large, too short, too slow or from somebody else. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import {
  anthropicMessage,
  anthropicStream,
  responsesStream,
  startUpstream,
} from '../helpers/upstream.ts'
import { asks, routes, seen } from './asks.ts'
import { head, rawUpstream } from './raw-upstream.ts'
import { selfSigned } from './self-signed.ts'

const isChat = (route: string) => route === '/v1/chat/completions'

for (const route of routes) {
  test(`row 29: ${route}: a certificate that nobody vouches for is a 502, and the key is not sent`, async (t) => {
    let heard = ''
    const server = createServer(selfSigned(), () => undefined).listen(0, '127.0.0.1')
    server.on('connection', (socket: Socket) => {
      socket.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')))
    })
    server.on('request', (req) => (heard += JSON.stringify(req.headers)))
    server.on('tlsClientError', () => undefined)
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const { url } = await startProxy(t, { config: oneUpstream(`https://127.0.0.1:${port}`) })

    const answer = await seen(post(url + route, asks[route], { authorization: 'Bearer the-key-1' }))

    assert.ok(answer !== 'broken' && answer.status === 502, JSON.stringify(answer))
    assert.match(answer.text, /self-signed/)
    assert.doesNotMatch(heard, /the-key-1/)
  })

  const noHeads: [what: string, bytes: string][] = [
    ['garbage', '\u0000\u0001 not HTTP\r\n\r\n'],
    ['an answer of 300 KB of headers', head('200 OK', `x: ${'y'.repeat(300_000)}`)],
    ['two lengths', head('200 OK', 'content-length: 2', 'content-length: 3') + '{}'],
    ['length and chunks', head('200 OK', 'content-length: 2', 'transfer-encoding: chunked')],
  ]
  for (const [what, bytes] of noHeads) {
    test(`row 30, row 43: ${route}: ${what} is a 502, and the next request is served`, async (t) => {
      let count = 0
      const upstream = await rawUpstream(t, (socket) => {
        count += 1
        socket.write(count === 1 ? bytes : `${head('429 Slow', 'content-length: 2')}{}`)
      })
      const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

      const first = await seen(post(url + route, asks[route]))
      const second = await seen(post(url + route, asks[route]))

      assert.ok(first !== 'broken' && first.status === 502, JSON.stringify(first))
      assert.ok(second !== 'broken' && second.status === 429, JSON.stringify(second))
    })
  }

  test(`row 44: ${route}: where all kept connections are dead, the repeat takes a new one`, async (t) => {
    const used = new WeakSet<Socket>()
    const upstream = await rawUpstream(t, (socket) => {
      if (used.has(socket)) socket.resetAndDestroy()
      else socket.write(`${head('429 Slow', 'content-length: 2')}{}`)
      used.add(socket)
    })
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const many = () => Promise.all(Array.from({ length: 5 }, () => post(url + route, asks[route])))

    for (const round of [await many(), await many()]) {
      assert.deepEqual(
        round.map(({ status }) => status),
        [429, 429, 429, 429, 429],
      )
    }
  })

  test(`row 43: ${route}: hints before the answer (103) are not taken for it`, async (t) => {
    const upstream = await rawUpstream(t, (socket) => {
      socket.write(head('103 Early Hints', 'link: </x>'))
      socket.write(`${head('429 Slow', 'content-length: 2')}{}`)
    })
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    const answer = await seen(post(url + route, asks[route]))

    assert.ok(answer !== 'broken' && answer.status === 429, JSON.stringify(answer))
  })

  for (const [how, end] of [
    ['reset', (socket: Socket) => socket.resetAndDestroy()],
    ['closed', (socket: Socket) => socket.end()],
  ] as const) {
    test(`row 31: ${route}: a stream ${how} in the middle is never a clean end`, async (t) => {
      const begun = anthropicStream({ text: ['one ', 'two'] })
        .slice(0, 4)
        .join('')
      const upstream = await rawUpstream(t, (socket) => {
        socket.write(head('200 OK', 'content-type: text/event-stream', 'connection: close'))
        socket.write(begun, () => setTimeout(end, 30, socket))
      })
      const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

      const answer = await seen(post(url + route, { ...asks[route], stream: true }))

      // An answer without length or chunks ends with its connection: bytes alone cannot tell that it was closed too early.
      if (isChat(route)) {
        assert.ok(answer !== 'broken')
        assert.match(answer.text, /"code":"upstream_truncated"/)
        assert.doesNotMatch(answer.text, /\[DONE\]|"finish_reason":"/)
      } else if (how === 'reset') assert.equal(answer, 'broken')
    })
  }

  test(`row 32: ${route}: a body shorter than its length is never whole`, async (t) => {
    const body = JSON.stringify(anthropicMessage({ text: ['Hi'] }))
    const upstream = await rawUpstream(t, (socket) => {
      const length = `content-length: ${body.length + 10}`
      socket.end(head('200 OK', 'content-type: application/json', length) + body)
    })
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    const answer = await seen(post(url + route, asks[route]))

    if (isChat(route))
      assert.ok(answer !== 'broken' && answer.status === 502, JSON.stringify(answer))
    else assert.equal(answer, 'broken')
  })

  test(`row 35: ${route}: a slow stream that gives signs of life is not cut`, async (t) => {
    const stream = route === '/v1/responses' ? responsesStream : anthropicStream
    const [start, ...rest] = stream({ text: ['slow'] })
    const pings = Array.from({ length: 5 }, () => [': ping\n\n', { waitMs: 300 }]).flat()
    const upstream = await startUpstream(t, [{ sse: [start!, ...pings, ...rest] }])
    const { url } = await startProxy(t, {
      config: oneUpstream(upstream.url, { timeouts: { idle_s: 1 } }),
    })

    const answer = await seen(post(url + route, { ...asks[route], stream: true }))

    assert.ok(answer !== 'broken' && answer.status === 200)
    assert.match(answer.text, /slow/)
  })

  test(`row 38: ${route}: a body of 20 MB passes whole`, async (t) => {
    const text = 'word '.repeat(4_000_000)
    const upstream = await startUpstream(t, [{ body: anthropicMessage({ text: [text] }) }])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    const answer = await seen(post(url + route, asks[route]))

    assert.ok(answer !== 'broken' && answer.status === 200)
    assert.ok(answer.text.includes(text))
  })
}

for (const stream of [true, false]) {
  test(`row 32: a compressed ${stream ? 'stream' : 'body'} that is cut is not translated into a whole answer`, async (t) => {
    const said = { text: ['Hi'] }
    const whole = stream ? anthropicStream(said).join('') : JSON.stringify(anthropicMessage(said))
    const headers = {
      'content-encoding': 'gzip',
      ...(stream && { 'content-type': 'text/event-stream' }),
    }
    const cut = gzipSync(whole).subarray(0, -12)
    const upstream = await startUpstream(t, [{ headers, body: cut }])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    const route = '/v1/chat/completions'
    const answer = await seen(post(url + route, { ...asks[route], stream }))

    assert.ok(answer !== 'broken')
    assert.match(answer.text, /"code":"upstream_(?:protocol_error|truncated)"/)
    assert.doesNotMatch(answer.text, /\[DONE\]|"finish_reason":"/)
    if (!stream) assert.equal(answer.status, 502)
  })
}

test('row 37: the answer of a gateway in place of a `common` model passes as it is', async (t) => {
  const headers = { 'content-type': 'text/html' }
  const upstream = await startUpstream(t, [{ headers, body: '<html>Welcome</html>' }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  const route = '/v1/chat/completions'
  const answer = await seen(post(url + route, { ...asks[route], model: 'glm-4.6' }))

  assert.ok(answer !== 'broken' && answer.status === 200)
  assert.equal(answer.text, '<html>Welcome</html>')
})

test('row 38: a body too large to be translated is refused, and no more of it is read', async (t) => {
  const text = 'x'.repeat(33 * 1024 * 1024)
  const upstream = await startUpstream(t, [{ body: anthropicMessage({ text: [text] }) }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  const route = '/v1/chat/completions'
  const answer = await seen(post(url + route, asks[route]))

  assert.ok(answer !== 'broken' && answer.status === 502)
  assert.match(answer.text, /larger than 32 MB/)
})
