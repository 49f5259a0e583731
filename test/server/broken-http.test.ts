/** What is no HTTP at all, or too much of it: refused at once, and nothing goes upstream. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const post = 'POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer x\r\n'

const broken: [what: string, bytes: string, status: RegExp][] = [
  ['two lengths', `${post}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, /^HTTP\/1\.1 400/],
  [
    'length and chunks',
    `${post}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    /^HTTP\/1\.1 400/,
  ],
  ['a bad chunk', `${post}transfer-encoding: chunked\r\n\r\nzz\r\n`, /^HTTP\/1\.1 400/],
  ['no host', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400/],
  ['a space before the colon', 'GET / HTTP/1.1\r\nhost : x\r\n\r\n', /^HTTP\/1\.1 400/],
  ['no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400/],
  [
    'a header of 20 KB',
    `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    /^HTTP\/1\.1 431/,
  ],
  ['an unknown Expect', `${post}expect: magic\r\ncontent-length: 0\r\n\r\n`, /^HTTP\/1\.1 417/],
  [
    'an upgrade',
    'GET /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\r\n',
    /^HTTP\/1\.1 405/,
  ],
]

for (const [what, bytes, status] of broken) {
  test(`${what} is refused at once`, async (t) => {
    const upstream = await startUpstream(t, [])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')

    socket.write(bytes)
    if (what === 'an unknown Expect') socket.end()
    const answer = await text(socket)

    assert.match(answer, status)
    assert.equal(upstream.requests.length, 0)
    assert.equal((await fetch(`${url}/health`)).status, 200)
  })
}

test('two requests sent at once are answered in order', async (t) => {
  const { url } = await startProxy(t)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')

  socket.write(
    'GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\nGET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
  )
  const answer = await text(socket)

  assert.match(answer, /HTTP\/1\.1 404[\s\S]*HTTP\/1\.1 200[\s\S]*uptime_s/)
})
