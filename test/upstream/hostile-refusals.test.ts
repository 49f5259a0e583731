/** Refusals that were made to be slow to look through, or that repeat so what a client wrote: all other requests wait meanwhile. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { pastTurns } from '../../pipelines/providers/anthropic/past.ts'
import { refusedParts } from '../../pipelines/providers/common/refused.ts'
import { pastItems } from '../../pipelines/providers/openai/past.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const size = 100_000
const much = (text: string) => text.repeat(Math.ceil(size / text.length))

const words = [
  'clear_thinking_',
  'clear_thinking_a ',
  'extra inputs are not permitted: ',
  'does not support effort ',
  'temperature ',
  'tool_choice ',
  'thinking.signature ',
  'messages.1.content.0.image.source.',
  'maximum context length is 1 tokens. However, you requested ',
  'model limit of 1',
  '`max_tokens` must be at most ',
  'encrypted content ',
  "item with id 'rs_",
  'unknown parameter: ',
  '"param": "a.',
  'input should be ',
  'only a',
  'role ',
]

const begun = [
  ['extra inputs are not permitted ', 'a'],
  ['extra inputs are not permitted a', "'"],
  ['extra inputs are not permitted ', "a'"],
  ['for the anthropic-beta header `', '-1'],
  ['for the anthropic-beta header ', '`a-1'],
  ['maximum context length is ', '1'],
  ['maximum context length of 1 tokens. You requested a total of ', '1'],
  ['model limit of ', '1'],
  ["item with id 'rs_", 'a'],
  ['unknown parameter "param": "', 'a'],
  ['only ', 'a'],
] as const

const body = Buffer.from(
  JSON.stringify({
    model: 'm',
    max_tokens: 100,
    temperature: 0,
    messages: [{ role: 'user', content: 'Hi' }],
    input: [{ type: 'message', role: 'user', content: 'Hi' }],
    thinking: { type: 'adaptive' },
    context_management: { edits: [{ type: 'clear_thinking_20251015' }] },
  }),
)

const pasts = { pastTurns, pastItems, refusedParts, inText: refusedParts.inText! }

for (const [name, past] of Object.entries(pasts)) {
  test(`${name} looks through a long refusal in a moment, whatever it repeats`, () => {
    const refusals = [...words.map(much), ...begun.map(([front, text]) => front + much(text))]
    for (const refusal of refusals) {
      const startMs = performance.now()
      past.isRefused(refusal)
      past.isOwn(refusal)
      past.headers?.(refusal, () => 'a-2025-01-01,b-2025-01-01')
      past.leaveOut(body, refusal)
      const ms = performance.now() - startMs
      assert.ok(ms < 1500, `${refusal.slice(0, 60)}: ${Math.round(ms)} ms`)
    }
  })
}

test('a packed refusal of a megabyte is passed on, and is not looked through to its end', async (t) => {
  const message = `${'a'.repeat(1_000_000)} temperature is not supported`
  const upstream = await startUpstream(t, () => ({
    status: 400,
    headers: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
    body: gzipSync(JSON.stringify({ error: { message } })),
  }))
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

  const answer = await post(`${url}/v1/messages`, {
    model: 'claude-sonnet-4-5',
    max_tokens: 9,
    temperature: 0,
    messages: [{ role: 'user', content: 'Hi' }],
  })

  assert.equal(answer.status, 400)
  assert.match(await answer.text(), /temperature is not supported/)
  assert.equal(upstream.requests.length, 1)
})
