/** Refusals of an upstream whose reason breaks off, trickles in or has an odd form. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { CancelSignal, type Call } from '../../lib/app.ts'
import { answerTo } from '../../lib/upstream/attempt.ts'
import { readBeginning } from '../../lib/translated/read-answer.ts'
import { upstreamRefusal } from '../../lib/translated/answer.ts'
import { head, rawUpstream } from '../faults/raw-upstream.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { providers } from '../../pipelines/index.ts'
import { startUpstream } from '../helpers/upstream.ts'

const claude = { model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'x' }] }
const refused = JSON.stringify({ error: { message: 'Slow down.' } })

test('§10.2 a refusal whose reason breaks off stays the refusal that it is', async (t) => {
  const upstream = await rawUpstream(t, (socket) => {
    socket.end(head('429 Slow', 'retry-after: 7', 'content-length: 900') + refused)
  })
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  const back = await post(`${url}/v1/chat/completions`, claude)

  assert.equal(back.status, 429)
  assert.equal(back.headers.get('retry-after'), '7')
  assert.match(await back.text(), /Slow down/)
})

test('§10.2 a refusal whose reason cannot be decoded stays the refusal that it is', async (t) => {
  const body = gzipSync(refused).subarray(0, 20)
  const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' }
  const upstream = await startUpstream(t, [{ status: 529, headers, body }])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  const back = await post(`${url}/v1/chat/completions`, claude)

  assert.equal(back.status, 529)
})

test('§10.2 the reason of a refusal is read for so long, and to such a size', async (t) => {
  const timeouts = { idle_s: 60, connect_s: 10, first_byte_s: 60, shutdown_s: 1 }
  const signal = new CancelSignal()
  const call = {
    app: { bodyBytes: 0 },
    bodyBytes: 0,
    config: { timeouts },
    signal,
    log: { debug: () => undefined },
  } as unknown as Call
  const read = async (answers: (res: http.ServerResponse) => void, bytes: number) => {
    const upstream = await startUpstream(t, (_request, { res }) => answers(res))
    const answer = await answerTo(http.get(upstream.url), { timeouts, signal })
    const text = await readBeginning(answer, call, { bytes, ms: 100 })
    await upstream.whenClosed(0)
    return text
  }
  const trickle = (res: http.ServerResponse) => {
    const timer = setInterval(() => res.write('.'), 10)
    res.once('close', () => clearInterval(timer))
  }

  assert.match(await read(trickle, 1_000_000), /^\.+$/)
  assert.ok((await read((res) => void res.write('.'.repeat(300_000)), 100)).length < 200_000)
})

const rows: [body: unknown, message: string][] = [
  [{ error: { message: ['One', { text: 'x', message: 'Two' }] } }, 'One; Two'],
  [{ error: { message: { detail: 'Deep' }, code: 7 } }, 'Deep'],
  [{ error: ['One', 'Two'] }, 'One; Two'],
  [{ detail: [{ loc: ['body', 'x'], msg: 'field required' }] }, 'field required'],
  [[{ error: { message: 'In a list' } }], 'In a list'],
  [['x'], 'Upstream answered HTTP 400: ["x"]'],
  [{ error: { message: {} } }, 'Upstream answered HTTP 400'],
]

for (const [body, message] of rows) {
  test(`KT9: a refusal says what ${JSON.stringify(body)} says`, () => {
    assert.equal(
      upstreamRefusal(providers.openai, 400, JSON.stringify(body), false).message,
      message,
    )
  })
}

const events: [body: string, message: string][] = [
  ['event: error\ndata: {"type":"error","error":{"message":"Slow down"}}\n\n', 'Slow down'],
  ['data:{"error":{"message":"Slow down"}}\r\n\r\n', 'Slow down'],
  [
    ': ping\n\nid: 1\ndata: {"type":"response.failed","response":{"error":{"message":"Slow down"}}}\n\n',
    'Slow down',
  ],
  ['data: [DONE]\n\n', 'Upstream answered HTTP 429: data: [DONE]'],
]

for (const [body, message] of events) {
  test(`KT9: a refusal that comes as a stream says what ${JSON.stringify(body)} says`, () => {
    for (const type of ['anthropic', 'openai', 'common', 'google'] as const) {
      assert.equal(upstreamRefusal(providers[type], 429, body, true).message, message)
    }
  })
}
