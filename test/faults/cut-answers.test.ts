/** An answer that breaks off never looks whole: on each road, to clients of HTTP/1.0 and 1.1, for whatever reason. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { proxyStopped } from '../../pipelines/errors.ts'
import { oneUpstream, post, startProxy, type TestProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import { startUpstream, type Step } from '../helpers/upstream.ts'
import { asks } from './asks.ts'
import { begun, chatFailure, roads, type Road } from './roads.ts'

const chunk = (choice: object) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [choice] })}\n\n`

const common: Omit<Road, 'body'> = {
  name: 'chat with a model of its own',
  path: '/v1/chat/completions',
  ask: { ...asks['/v1/chat/completions'], model: 'glm-4.6' },
  stream: (text) => [
    ...text.map((content) => chunk({ index: 0, delta: { content }, finish_reason: null })),
    chunk({ index: 0, delta: {}, finish_reason: 'stop' }),
    'data: [DONE]\n\n',
  ],
  end: 'data: [DONE]',
  failure: chatFailure,
}

/** What a client of this version sees of the answer to a stream, and how its connection ended. */
async function seen(
  { url }: TestProxy,
  { path, ask }: Pick<Road, 'path' | 'ask'>,
  version: '1.0' | '1.1',
  onFirst: () => void = () => undefined,
  header = '',
) {
  const body = JSON.stringify({ ...ask, stream: true })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let text = ''
  let error: string | undefined
  socket.on('error', ({ code }: NodeJS.ErrnoException) => (error = code))
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString()
    if (text.includes('first')) onFirst()
  })
  socket.write(
    `POST ${path} HTTP/${version}\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer caller\r\n${header}content-length: ${body.length}\r\n\r\n${body}`,
  )
  await new Promise((resolve) => socket.once('close', resolve))
  return { text, error, isWhole: version === '1.0' ? !error : text.endsWith('\r\n0\r\n\r\n') }
}

// Node takes a reset that arrives together with the last bytes for an end; hence the pauses.
const faults: [what: string, last: Step[], code: string][] = [
  ['the upstream hangs up', [{ waitMs: 20 }, 'hang-up'], 'upstream_truncated'],
  ['the upstream ends it cleanly, without its last event', [{ waitMs: 50 }], 'upstream_truncated'],
  ['the upstream falls silent', ['hang'], 'upstream_timeout'],
  ['the proxy is stopped', ['hang'], 'shutting_down'],
]

/**
 * By what agents tell from an error in mid-answer that asking again may help, each in its own source.
 * @see https://github.com/earendil-works/pi/issues/3317
 */
const asksAgain: Record<string, RegExp> = {
  pi: /connection.?lost|timed? out|terminated|server.?error|network.?error/i,
  opencode: /connection lost|\b(?:response|connection|stream) timed out\b|terminated|server error/i,
  Continue: /premature close|connection reset|socket hang up|aborted|overloaded/i,
}

/** What a stream ends with behind a front proxy, by the route whose bytes pass. */
const toldBehind: Record<string, RegExp> = {
  '/v1/messages': /\n\nevent: error\ndata: \{"type":"error",.*"Connection lost/,
  '/v1/responses': /\n\nevent: error\ndata: [^\n]*\n\nevent: response\.failed\ndata: [^\n]*\n\n/,
}

for (const road of [...roads, common]) {
  for (const version of ['1.0', '1.1'] as const) {
    for (const [what, last, code] of faults) {
      test(`O20: ${road.name}, HTTP/${version}: where ${what}, the client can tell`, async (t) => {
        const upstream = await startUpstream(t, [
          { sse: [...begun(road, ['first', 'second']), ...last] },
        ])
        const proxy = await startProxy(t, {
          config: oneUpstream(upstream.url, {
            timeouts: { idle_s: code === 'upstream_timeout' ? 0.3 : 5 },
          }),
        })
        const stop = () => {
          const reason = proxyStopped()
          if (code === 'shutting_down')
            for (const call of proxy.app.calls) call.signal.cancel(reason)
        }

        const { text, error, isWhole } = await seen(proxy, road, version, stop)

        if (road.failure) {
          const [failure = ''] = road.failure.exec(text) ?? []
          for (const again of Object.values(asksAgain)) assert.match(failure, again)
          assert.ok(!text.includes(road.end))
          assert.equal(error, undefined)
        } else {
          assert.equal(isWhole, false)
          assert.equal(error, version === '1.0' ? 'ECONNRESET' : undefined)
        }
        await until(() => proxy.logs.some(({ error: told }) => told === code))
      })
    }

    if (!road.failure) {
      test(`contract §6.6: ${road.name}, HTTP/${version}: behind a front proxy, which may end its own answer cleanly, an error comes before the break`, async (t) => {
        const sse = [...begun(road, ['first', 'second']), { waitMs: 20 }, 'hang-up' as const]
        const upstream = await startUpstream(t, [{ sse }])
        const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })

        const { text, isWhole } = await seen(proxy, road, version, undefined, 'via: 1.1 front\r\n')

        assert.match(text, toldBehind[road.path]!)
        assert.equal(isWhole, false)
      })
    }

    test(`O20: ${road.name}, HTTP/${version}: a whole answer ends as it should`, async (t) => {
      const upstream = await startUpstream(t, [{ sse: road.stream(['first', 'second']) }])
      const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })

      const { text, isWhole, error } = await seen(proxy, road, version)

      assert.ok(text.includes('second'))
      assert.deepEqual([isWhole, error], [true, undefined])
    })
  }

  test(`contract §6.8: ${road.name}: a stream that came with its length is whole or cut like any other`, async (t) => {
    const whole = road.stream(['first', 'second']).join('')
    const cut = begun(road, ['first']).join('')
    const headers = { 'content-type': 'text/event-stream' }
    const sized = (body: string) => ({
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      body,
    })
    const upstream = await startUpstream(t, [sized(whole), sized(cut)])
    const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })

    const good = await seen(proxy, road, '1.1')
    const broken = await seen(proxy, road, '1.1')

    assert.equal(good.isWhole, true)
    assert.ok(good.text.includes(road.end))
    assert.doesNotMatch(good.text, /^content-length/im)
    if (road.failure) assert.match(broken.text, road.failure)
    assert.equal(broken.isWhole, road.failure !== undefined)
  })

  test(`contract §6.8: ${road.name}: a stream is asked for unpacked, so that its end can be seen`, async (t) => {
    const upstream = await startUpstream(t, () => ({ sse: road.stream(['first']) }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const packed = { 'accept-encoding': 'gzip, br' }

    await (await post(url + road.path, { ...road.ask, stream: true }, packed)).text()

    assert.equal(upstream.requests[0]!.headers['accept-encoding'], 'identity')
  })
}

test('contract §6.8: a body is asked for unpacked, too, and a stream that is packed all the same passes', async (t) => {
  const bytes = gzipSync('data: {"type":"message_start"}\n\n')
  const type = { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }
  const upstream = await startUpstream(t, [{ body: {} }, { headers: type, body: bytes }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const packed = { 'accept-encoding': 'gzip' }
  const ask = asks['/v1/messages']

  await (await post(`${url}/v1/messages`, ask, packed)).text()
  const answer = await post(`${url}/v1/messages`, { ...ask, stream: true }, packed)

  assert.equal(upstream.requests[0]!.headers['accept-encoding'], 'identity')
  assert.match(await answer.text(), /message_start/)
})

for (const [path, ask] of [
  ['/v1/responses/compact', asks['/v1/responses']],
  ['/v1/messages/count_tokens', asks['/v1/messages']],
] as const) {
  test(`contract §6.8: ${path}: of a stream that nobody knows the end of, the bytes pass`, async (t) => {
    const upstream = await startUpstream(t, [{ sse: ['event: x\ndata: {}\n\n'] }])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    assert.match(await (await post(url + path, ask)).text(), /event: x/)
  })
}

test('contract §6.8: an error that comes as a stream is no cut answer', async (t) => {
  const sse = ['data: {"detail":"slow down"}\n\n']
  const upstream = await startUpstream(t, [{ status: 429, sse }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  const answer = await post(`${url}/v1/messages`, asks['/v1/messages'])

  assert.deepEqual([answer.status, await answer.text()], [429, sse[0]])
})
