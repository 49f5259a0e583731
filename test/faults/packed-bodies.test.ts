/** Request bodies that come compressed, as Codex sends them: served on every road, and never more than fits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as zlib from 'node:zlib'
import { isObject } from '../../pipelines/json/value.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, responsesBody, startUpstream } from '../helpers/upstream.ts'
import { zstd } from '../helpers/zstd.ts'

const packers: [encoding: string, pack: typeof zlib.gzipSync][] = [
  ['gzip', zlib.gzipSync],
  ['X-GZIP', zlib.gzipSync],
  ['deflate', zlib.deflateSync],
  ['deflate', zlib.deflateRawSync],
  ['br', zlib.brotliCompressSync],
  ['identity, gzip', zlib.gzipSync],
  ['br, gzip', (bytes) => zlib.gzipSync(zlib.brotliCompressSync(bytes))],
  ...(zstd ? [['zstd', zstd] as [string, typeof zlib.gzipSync]] : []),
]

const asks = {
  '/v1/responses': { model: 'gpt-5.1', input: 'Hi' },
  '/v1/messages': { model: 'gpt-5.1', max_tokens: 99, messages: [{ role: 'user', content: 'Hi' }] },
  '/v1/chat/completions': { model: 'gpt-5.1', messages: [{ role: 'user', content: 'Hi' }] },
}

test('row 28: a compressed body is served as if it had come plain, and goes up plain', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: responsesBody({ text: ['Hello.'] }) }))
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  for (const [route, ask] of Object.entries(asks)) {
    const plain = await post(url + route, ask)
    assert.equal(plain.status, 200)
    const before = upstream.requests.at(-1)
    for (const [encoding, pack] of packers) {
      const answer = await post(url + route, pack(JSON.stringify(ask)), {
        'content-encoding': encoding,
      })
      assert.equal(answer.status, 200, `${route} ${encoding}: ${await answer.text()}`)
      const sent = upstream.requests.at(-1)
      assert.deepEqual(sent?.json(), before?.json(), `${route} ${encoding}`)
      assert.equal(sent?.headers['content-encoding'], undefined)
      assert.equal(sent?.headers['content-length'], String(sent?.body.length))
    }
  }
})

test('row 28: a packed body of a model of another API is translated', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hello.'] }) }))
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const ask = JSON.stringify({ model: 'claude-sonnet-4-5', input: 'Grüße' })

  const answer = await post(`${url}/v1/responses`, zlib.gzipSync(`\ufeff${ask}`), {
    'content-encoding': 'gzip',
  })

  assert.equal(answer.status, 200, await answer.text())
  assert.match(upstream.requests[0]?.body.toString() ?? '', /Grüße/)
})

const bad: [what: string, encoding: string, body: Buffer, status: number, says: RegExp][] = [
  ['a bomb', 'gzip', zlib.gzipSync(Buffer.alloc(9_000_000)), 413, /max_body_mb/],
  ['a bomb in a bomb', 'br, gzip', bombInBomb(), 413, /max_body_mb/],
  [
    'plain JSON that is said to be packed',
    'gzip',
    Buffer.from('{"model":"x"}'),
    400,
    /unpacked as gzip/,
  ],
  [
    'a cut body',
    'gzip',
    zlib.gzipSync('{"model":"gpt-5.1"}').subarray(0, 20),
    400,
    /unpacked as gzip/,
  ],
  ['an empty body', 'br', Buffer.alloc(0), 400, /unpacked as br|empty/],
  ['an unknown encoding', 'lzma', Buffer.from('x'), 415, /lzma.*gzip.*uncompressed/],
  ['three layers', 'gzip, gzip, gzip', Buffer.from('x'), 415, /uncompressed/],
]

function bombInBomb(): Buffer {
  return zlib.gzipSync(zlib.brotliCompressSync(Buffer.alloc(9_000_000)))
}

test('row 28: a packed body that is too large, broken or unknown is refused', async (t) => {
  const upstream = await startUpstream(t, [])
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url, { max_body_mb: 1 }) })

  for (const [what, encoding, body, status, says] of bad) {
    for (const route of Object.keys(asks)) {
      const answer = await post(url + route, body, { 'content-encoding': encoding })
      const text = await answer.text()
      assert.equal(answer.status, status, `${what}: ${text}`)
      assert.match(text, says, what)
      assert.ok(isObject(JSON.parse(text)), what)
    }
  }
  assert.equal(upstream.requests.length, 0)
})

test('row 28: many bodies that grow as far as they may are unpacked one at a time', async (t) => {
  const { url } = await startProxy(t, { config: oneUpstream('http://127.0.0.1:9') })
  const grows = zlib.gzipSync(Buffer.alloc(40_000_000))
  const before = process.memoryUsage().external
  let peak = 0
  const look = () => (peak = Math.max(peak, process.memoryUsage().external - before))
  const looking = setInterval(look, 5)
  t.after(() => clearInterval(looking))

  const asked = Array.from({ length: 20 }, () =>
    post(`${url}/v1/responses`, grows, { 'content-encoding': 'gzip' }),
  )
  const statuses = await Promise.all(asked.map(async (answer) => (await answer).status))

  assert.deepEqual(new Set(statuses), new Set([400]))
  assert.ok(peak < 400_000_000, `${peak} bytes`)
})

test(
  'row 28: where Node has no zstd, Codex is told what to set',
  { skip: zstd !== undefined && 'Node knows zstd' },
  async (t) => {
    const { url } = await startProxy(t, { config: oneUpstream('http://127.0.0.1:9') })

    const answer = await post(`${url}/v1/responses`, Buffer.from('(\xb5/\xfd', 'latin1'), {
      'content-encoding': 'zstd',
    })

    assert.equal(answer.status, 415)
    assert.match(await answer.text(), /Node 22\.15 .*features\.enable_request_compression=false/)
  },
)
