/** JSON is read at any depth, and written at a limited one: what an upstream nests too deeply must end its own answer only. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream, type Answer } from '../helpers/upstream.ts'

const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
const hello = { max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }
const details = `"reasoning_details":[{"type":"reasoning.encrypted","data":${deep}}]`
const logprobs = `"logprobs":[${deep}]`

/** From Node 26 on JSON is written at any depth, too, where nothing else has to be asked of a value. */
const isWritten = Number.parseInt(process.versions.node, 10) >= 26

interface Row {
  what: string
  path: string
  ask: object
  /** the answer with the value, and without it */
  sse: (value: string) => string
  body: (value: string) => string
  value: string
}

const rows: Row[] = [
  {
    what: 'reasoning of a chat model',
    path: '/v1/messages',
    ask: { ...hello, model: 'glm-4.6', thinking: { type: 'adaptive' } },
    value: details,
    sse: (value) =>
      `data: {"choices":[{"delta":{"content":"a",${value}},"finish_reason":"stop"}]}\n\n`,
    body: (value) => `{"choices":[{"message":{"content":"a",${value}},"finish_reason":"stop"}]}`,
  },
  {
    what: 'log probabilities of a GPT model',
    path: '/v1/chat/completions',
    ask: { ...hello, model: 'gpt-5.1', logprobs: true },
    value: logprobs,
    sse: (value) =>
      [
        `data: {"type":"response.output_text.delta","output_index":0,"delta":"a",${value}}\n\n`,
        'data: {"type":"response.completed","response":{"output":[]}}\n\n',
      ].join(''),
    body: (value) =>
      `{"output":[{"type":"message","content":[{"type":"output_text","text":"a",${value}}]}]}`,
  },
]

for (const { what, path, ask, value, sse, body } of rows) {
  const answers: [form: string, given: (value: string) => Answer][] = [
    ['a stream', (one) => ({ sse: [sse(one)] })],
    ['a body', (one) => ({ headers: { 'content-type': 'application/json' }, body: body(one) })],
  ]
  for (const [form, given] of answers) {
    for (const stream of [true, false]) {
      const wanted = stream ? 'a stream' : 'a body'
      test(`§10.4 ${what}, nested too deeply in ${form}, fail an answer as ${wanted}`, async (t) => {
        const upstream = await startUpstream(t, [given(value), given('"odd":0')])
        const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

        const failed = await post(url + path, { ...ask, stream })
        const told = await failed.text()
        const next = await post(url + path, { ...ask, stream })

        const isWhole = isWritten && failed.status === 200
        assert.ok(isWhole || failed.status === 502, told)
        if (!isWhole) assert.match(told, /too deeply nested/)
        assert.equal(next.status, 200, await next.text())
      })
    }
  }
}
