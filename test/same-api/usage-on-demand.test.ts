/** Streams of chat clients whose tokens are limited: their tokens are counted, and they get what they asked for. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { withoutUsage } from '../../pipelines/providers/common/stream-usage.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const key = 'k-alice-3f9a1c7e55'
const event = (data: object | string) =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
const chunk = (more: object) => event({ object: 'chat.completion.chunk', usage: null, ...more })

const text = chunk({ choices: [{ index: 0, delta: { content: 'Say "choices":[] "usage":{}' } }] })
const verdict = event({ choices: [], prompt_filter_results: [{ prompt_index: 0 }] })
const last = chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
const usage = chunk({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 8 } })
const done = event('[DONE]')
const all = [verdict, text, last, usage, done].join('')
const hidden = [verdict, text, last, done].join('')

async function setting(t: TestContext, limits: object) {
  const upstream = await startUpstream(t, (request) => {
    const { stream_options: options } = request.json() as { stream_options?: object }
    return { sse: [options ? all : hidden] }
  })
  const clients = [{ name: 'alice', key, ...limits }]
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url, { clients }),
    env: { FACTORY_API_KEY: 'fk-of-the-account' },
  })
  const ask = async (more: object = {}) => {
    const body = { model: 'glm-4.6', messages: [{ role: 'user', content: 'Hi' }], stream: true }
    const headers = { authorization: `Bearer ${key}` }
    const answer = await post(`${url}/v1/chat/completions`, { ...body, ...more }, headers)
    return await answer.text()
  }
  const tokens = async () => {
    const mine = await fetch(`${url}/usage/me`, { headers: { 'x-api-key': key } })
    return ((await mine.json()) as { today: { tokens: number } }).today.tokens
  }
  const sent = () =>
    (upstream.requests.at(-1)!.json() as { stream_options?: object }).stream_options
  return { ask, tokens, sent }
}

test('contract §14.6: a chat stream of a client with a limit of tokens is counted, and looks as it asked for it', async (t) => {
  const { ask, tokens, sent } = await setting(t, { tokens_per_day: 1000 })

  assert.equal(await ask(), hidden)
  assert.equal(await tokens(), 20)
  assert.equal(await ask({ stream_options: { include_obfuscation: false } }), hidden)
  assert.deepEqual(sent(), { include_obfuscation: false, include_usage: true })
  assert.equal(await ask({ stream_options: { include_usage: true } }), all)
  assert.equal(await tokens(), 60)
})

test('contract §14.6: without a limit of tokens a chat request goes up as it came', async (t) => {
  const { ask, sent } = await setting(t, { requests_per_day: 9 })

  assert.equal(await ask(), hidden)
  assert.equal(sent(), undefined)
})

test('contract §14.6: the chunk is found wherever the bytes are cut, with either line end', async () => {
  const property = fc.asyncProperty(
    fc.array(fc.nat(all.length), { maxLength: 12 }),
    fc.boolean(),
    async (places, isCrlf) => {
      const ends = (written: string) => (isCrlf ? written.replaceAll('\n', '\r\n') : written)
      const bytes = Buffer.from(ends(all))
      const cuts = [0, ...places.toSorted((one, other) => one - other), bytes.length]
      const stage = withoutUsage()
      const seen: Buffer[] = []
      stage.on('data', (piece: Buffer) => seen.push(piece))
      for (const [index, cut] of cuts.slice(1).entries()) {
        stage.write(bytes.subarray(cuts[index], cut))
      }
      stage.end()
      await new Promise((resolve) => stage.once('end', resolve))
      assert.equal(Buffer.concat(seen).toString(), ends(hidden))
    },
  )
  await fc.assert(property, { numRuns: 1000 })
})

test('contract §14.6: an event that does not end is not held for ever', () => {
  const stage = withoutUsage()
  const piece = Buffer.from(`data: ${'x'.repeat(600_000)}`)

  stage.write(piece)
  assert.equal(stage.read(), null)
  stage.write(piece)

  assert.equal((stage.read() as Buffer).length, 2 * piece.length)
})
