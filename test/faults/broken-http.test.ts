/** What is no HTTP at all, or too much of it: refused at once, and nothing goes upstream. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, anthropicStream, startUpstream } from '../helpers/upstream.ts'
import { endOfAny } from './serving.ts'

const post = 'POST /v1/messages HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer x\r\n'

const broken: [what: string, bytes: string, status: RegExp][] = [
  [
    'row 20: two lengths',
    `${post}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`,
    /^HTTP\/1\.1 400/,
  ],
  [
    'row 20: length and chunks',
    `${post}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    /^HTTP\/1\.1 400/,
  ],
  ['row 20: a bad chunk', `${post}transfer-encoding: chunked\r\n\r\nzz\r\n`, /^HTTP\/1\.1 400/],
  [
    'row 20: a list of codings that does not end in chunked',
    `${post}transfer-encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    /^HTTP\/1\.1 400/,
  ],
  [
    'row 20: a chunk larger than any number',
    `${post}transfer-encoding: chunked\r\n\r\n${'f'.repeat(40)}\r\n`,
    /^HTTP\/1\.1 400/,
  ],
  [
    'row 20: a chunk extension of 64 KB',
    `${post}transfer-encoding: chunked\r\n\r\n2;x=${'y'.repeat(65_536)}\r\n{}\r\n0\r\n\r\n`,
    /^HTTP\/1\.1 413/,
  ],
  ['row 21: a bare CR', 'GET / HTTP/1.1\rhost: localhost\r\n\r\n', /^HTTP\/1\.1 400/],
  ['row 21: a bare LF', `${post}x: a\nb: c\r\n\r\n`, /^HTTP\/1\.1 400/],
  ['row 21: a folded header', `${post}x: a\r\n b\r\n\r\n`, /^HTTP\/1\.1 400/],
  ['row 21: NUL in a header', `${post}x: a\u0000b\r\n\r\n`, /^HTTP\/1\.1 400/],
  ['row 21: the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 400/],
  [
    'row 25: TRACE',
    'TRACE / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
    /^HTTP\/1\.1 405/,
  ],
  [
    'row 25: CONNECT',
    'CONNECT x.test:443 HTTP/1.1\r\nhost: localhost\r\n\r\n',
    /^(?:HTTP\/1\.1 40|$)/,
  ],
  [
    'row 27: an upgrade to h2c',
    'GET /v1/messages HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n',
    /^HTTP\/1\.1 405/,
  ],
  [
    'row 18: three thousand headers',
    `GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${'x: y\r\n'.repeat(3000)}\r\n`,
    /^HTTP\/1\.1 431/,
  ],
  ['row 21: no host', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400/],
  ['row 21: a space before the colon', 'GET / HTTP/1.1\r\nhost : x\r\n\r\n', /^HTTP\/1\.1 400/],
  ['row 21: no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400/],
  [
    'row 18: a header of 20 KB',
    `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    /^HTTP\/1\.1 431/,
  ],
  [
    'row 23: an unknown Expect',
    `${post}expect: magic\r\ncontent-length: 0\r\n\r\n`,
    /^HTTP\/1\.1 417/,
  ],
  [
    'row 27: a websocket, on the status on which Codex goes over to HTTP at once,',
    'GET /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\r\n',
    /^HTTP\/1\.1 426 [^]*\r\nupgrade: HTTP\/1\.1\r\n/i,
  ],
]

for (const [what, bytes, status] of broken) {
  test(`${what} is refused at once`, async (t) => {
    const upstream = await startUpstream(t, [])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')

    socket.write(bytes)
    if (what === 'row 23: an unknown Expect') socket.end()
    const answer = await text(socket)

    assert.match(answer, status)
    assert.ok((answer.match(/HTTP\/1\.1 /g)?.length ?? 0) <= 1, answer)
    assert.equal(upstream.requests.length, 0)
    assert.equal((await fetch(`${url}/health`)).status, 200)
  })
}

test('row 20: a bad chunk behind an early answer gets no second one', async (t) => {
  const { url } = await startProxy(t)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')

  socket.write('POST /nowhere HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n')
  const [first] = (await once(socket, 'data')) as [Buffer]
  socket.write('zz\r\n')

  assert.equal(`${first.toString()}${await text(socket)}`.match(/HTTP\/1\.1 /g)?.length, 1)
})

test('row 20: bytes behind a request that are no HTTP put nothing into its stream', async (t) => {
  const upstream = await startUpstream(t, [{ sse: [': begun\n\n', 'hang'] }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined)
  await once(socket, 'connect')

  const body = '{"model":"claude-sonnet-4-5","max_tokens":9,"stream":true,"messages":[]}'
  socket.write(`${post}content-length: ${body.length}\r\n\r\n${body}`)
  let seen = ''
  socket.on('data', (piece) => (seen += piece.toString()))
  while (!seen.includes('begun')) await once(socket, 'data')
  socket.write('not HTTP\r\n\r\n')
  await once(socket, 'close')

  assert.equal(seen.match(/HTTP\/1\.1 /g)?.length, 1)
})

for (const path of [
  '/v1/../admin',
  '/v1/%2e%2e/admin',
  '/v1/messages/../../admin',
  '/v1/responses/../admin',
  '/v1/responses/%2e%2e/admin',
  '/v1/responses/a;b',
  '/v1/responses/a%00b',
  '/v1/responses/a%2fb',
  '//admin',
  'http://elsewhere.test/admin',
]) {
  test(`contract §7.7, row 26: ${path} reaches no path of an upstream`, async (t) => {
    const upstream = await startUpstream(t, () => ({ body: {} }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')

    const body = '{"model":"gpt-5.1","input":"x"}'
    const headers = `host: localhost\r\nconnection: close\r\ncontent-length: ${body.length}`
    socket.write(`POST ${path} HTTP/1.1\r\n${headers}\r\n\r\n${body}`)

    assert.match(await text(socket), /^HTTP\/1\.1 40[34]/)
    assert.equal(upstream.requests.length, 0)
  })
}

test('row 28: HTTP/1.0 and a body byte by byte are served', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: { ok: true } }))
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const body = '{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[]}'
  for (const version of ['1.0', '1.1']) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.setNoDelay(true)
    await once(socket, 'connect')

    socket.write(
      `POST /v1/messages HTTP/${version}\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer x\r\ncontent-length: ${body.length}\r\n\r\n`,
    )
    for (const byte of body) {
      socket.write(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }

    assert.match(await text(socket), /^HTTP\/1\.1 200[\s\S]*\{"ok":true\}/)
  }
})

test('row 28: a client that sends no more, but reads, gets an answer that begins at once, to its end', async (t) => {
  const upstream = await startUpstream(t, (request) => {
    const { stream } = request.json() as { stream?: boolean }
    if (!stream) return { body: anthropicMessage({ text: ['Hello'] }) }
    return {
      sse: anthropicStream({ text: ['Hel', 'lo'] }).flatMap((event) => [event, { waitMs: 5 }]),
    }
  })
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  const ask = {
    model: 'claude-sonnet-4-5',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'Hi' }],
  }
  const streamed = { ...ask, stream: true }
  for (const [path, sent, end] of [
    ['/health', undefined, /\}\n?$/],
    ['/v1/messages', ask, /\}\n?$/],
    ['/v1/messages', streamed, /"message_stop"\}\s+0\r\n\r\n$/],
    ['/v1/chat/completions', ask, /\}\n?$/],
    ['/v1/chat/completions', streamed, /data: \[DONE\]\s+0\r\n\r\n$/],
  ] as const) {
    const body = sent ? JSON.stringify(sent) : ''
    const method = sent ? 'POST' : 'GET'
    const head = `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nx-api-key: caller\r\n`

    const seen = await readHalfClosed(url, `${head}content-length: ${body.length}\r\n\r\n${body}`)

    assert.match(seen, /^HTTP\/1\.1 200 /, path)
    assert.match(seen, end, path)
  }
})

/** What a client reads that has sent this and sends no more. An answer that begins after 200 ms is too late for it. */
async function readHalfClosed(url: string, request: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const socket = halfOpen(url)
    await once(socket, 'connect')
    const closed = performance.now()
    socket.end(request)
    const seen = await text(socket)
    // the first of its kind, or a busy machine, may take so long; a timer may be a little early
    const isLate = seen === '' && performance.now() - closed > 190
    if (!isLate || attempt === 10) return seen
  }
}

function halfOpen(url: string): Socket {
  return connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true })
}

for (const sse of [[], anthropicStream({ text: ['Hel', 'lo'] }).slice(0, 3)]) {
  const when = sse.length === 0 ? 'whose answer does not begin soon' : 'in the middle of its answer'

  test(`row 28: of a client that sends no more, ${when}, the request ends upstream, too`, async (t) => {
    const upstream = await startUpstream(t, [{ sse: [...sse, 'hang'], silent: sse.length === 0 }])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const ask = { model: 'claude-sonnet-4-5', max_tokens: 9, stream: true, messages: [] }
    const body = JSON.stringify(ask)
    const socket = halfOpen(url)
    t.after(() => socket.destroy())
    socket.write(`${post}content-length: ${body.length}\r\n\r\n${body}`)
    if (sse.length > 0) await once(socket, 'data')
    else await upstream.nextRequest()

    const left = performance.now()
    socket.end()
    await upstream.whenClosed(0)

    assert.ok(performance.now() - left < 3000)
    assert.equal(upstream.closedEarly, 1)
  })
}

test('row 28: five hundred idle connections keep nobody out', async (t) => {
  const { url } = await startProxy(t)
  const sockets = Array.from({ length: 500 }, () => connect(Number(new URL(url).port), '127.0.0.1'))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))

  assert.equal((await fetch(`${url}/health`)).status, 200)
  for (const socket of sockets) socket.destroy()
})

test('row 22: requests sent at once are answered in order, the slow one first', async (t) => {
  const slow = '{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[]}'
  const upstream = await startUpstream(t, [{ sse: [{ waitMs: 100 }, 'data: slow\n\n', endOfAny] }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')

  socket.write(`${post}content-length: ${slow.length}\r\n\r\n${slow}`)
  socket.write('GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n')
  socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  const answer = await text(socket)

  assert.match(answer, /1\.1 200[\s\S]*data: slow[\s\S]*1\.1 404[\s\S]*1\.1 200[\s\S]*uptime_s/)
  assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 3)
})

test('contract §8.7, row 28: connections above the limit are closed, and those below go on', async (t) => {
  const { url, server } = await startProxy(t)
  assert.equal(server.maxConnections, 8192)
  server.maxConnections = 2
  const port = Number(new URL(url).port)
  const held = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  await Promise.all(held.map((socket) => once(socket, 'connect')))

  const refused = connect(port, '127.0.0.1').on('error', () => undefined)
  await once(refused, 'close')
  held[0]!.write('GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')

  assert.match(await text(held[0]!), /^HTTP\/1\.1 200/)
  held[1]!.destroy()
})
