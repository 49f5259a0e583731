import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Model } from '../../../../lib/config/types.ts'
import { JsonDocument } from '../../../../pipelines/json/document.ts'
import { rewriteResponses } from '../../../../pipelines/providers/openai/rewrite.ts'
import { sentText } from '../../../same-api/sent-text.ts'

type Body = Record<string, unknown>

interface Options extends Partial<Model> {
  systemPrompt?: string
  subPath?: string
}

function rewrite(text: string, { systemPrompt = '', subPath = '', ...entry }: Options) {
  const bytes = Buffer.from(text)
  const document = JsonDocument.parse(bytes)
  const id = entry.id ?? 'gpt-5.1'
  const model: Model = { name: id, id, type: 'openai', reasoning: 'auto', ...entry }
  const headers = rewriteResponses(document, {
    model,
    systemPrompt,
    headers: {},
    subPath,
    stream: false,
  })
  return { headers, text: sentText(document), isSame: document.pieces()[0] === bytes }
}

/** What Codex sends, in small: no instructions, tools of its own kinds, replayed reasoning. */
const codexBody = String.raw`{ "model":"gpt-5.1","input":[{"role":"developer","id":"msg_1",
"content":[{"type":"input_text","text":"caf\u00e9 \/"}]},
{"type":"reasoning","id":"rs_1","summary":[],"content":null,"encrypted_content":"gAAA="}],
"tools":[{"type":"namespace","name":"n","tools":[]},{"type":"web_search"}],"tool_choice":"auto",
"reasoning":{"summary":"auto"},"store":false,"stream":true,"client_metadata":{"x":1.0},
"include":["reasoning.encrypted_content"],"prompt_cache_key":"k" }`

test('auto leaves a request of Codex byte for byte', () => {
  const sent = rewrite(codexBody, {})
  assert.equal(sent.isSame, true)
  assert.deepEqual(sent.headers, {})
})

test('the prompt becomes the only instructions of Codex, every other byte stays', () => {
  const sent = rewrite(codexBody, { systemPrompt: 'You are Droid.\n\n' })
  const instructions = String.raw`"instructions":"You are Droid.\n\n"`
  assert.equal(sent.text, codexBody.replace('{', `{${instructions},`))
})

const prompt = 'You are Droid.'
const instructions: [title: string, client: string, expected: string | undefined][] = [
  ['null', 'null', '"You are Droid."'],
  ['an empty string', '""', '"You are Droid."'],
  ['a blank string', String.raw`" \n"`, '"You are Droid."'],
  [
    'a text, whose bytes stay, behind a blank line',
    String.raw`"caf\u00e9 \/"`,
    String.raw`"You are Droid.\n\ncaf\u00e9 \/"`,
  ],
  ['a text that begins with it', '"You are Droid. More"', undefined],
  ['a form that is the API’s to refuse', '[1]', undefined],
]
for (const [title, client, expected] of instructions) {
  test(`§14 the operator’s prompt is in front once: ${title}`, () => {
    const body = (json: string) => `{"model":"gpt-5.1", "instructions": ${json} ,"x":1.0}`
    const sent = rewrite(body(client), { systemPrompt: prompt })
    assert.equal(sent.text, body(expected ?? client))
    assert.equal(rewrite(sent.text, { systemPrompt: prompt }).isSame, true)
  })
}

test('a prompt that ends its line gets no further blank line behind it', () => {
  const sent = rewrite('{"model":"gpt-5.1","instructions":"own"}', { systemPrompt: 'Droid\n\n' })
  assert.equal(sent.text, String.raw`{"model":"gpt-5.1","instructions":"Droid\n\nown"}`)
})

interface Row extends Options {
  title: string
  body?: Body
  /** what differs from the client's request; `undefined` for what is taken out */
  changes: Body
}

const high = { reasoning: 'high' } as const
const off = { reasoning: 'off' } as const
const fast = { fast: true } as const
const all = { systemPrompt: prompt, upstream_id: 'real', ...high, ...fast }
const thinks = { reasoning: { effort: 'high', summary: 'auto' } }

const rows: Row[] = [
  {
    title: 'the client’s kind of summary and other wishes stay, its effort goes',
    ...high,
    body: { reasoning: { summary: 'detailed', effort: 'minimal', x: 1 } },
    changes: { reasoning: { summary: 'detailed', effort: 'high', x: 1 } },
  },
  { title: 'null for reasoning', ...high, body: { reasoning: null }, changes: thinks },
  {
    title: 'off takes reasoning out, and nothing else',
    ...off,
    id: 'gpt-4o',
    body: { reasoning: { effort: 'high' }, temperature: 0.2, include: ['x'] },
    changes: { reasoning: undefined },
  },
  { title: 'off with nothing to take out', ...off, changes: {} },
  {
    title: 'a level takes sampling out, which reasoning models refuse',
    ...high,
    body: { temperature: 1, top_p: 0.9 },
    changes: { ...thinks, temperature: undefined, top_p: undefined },
  },
  {
    title: 'a level that the model does not know becomes the nearest that it knows',
    reasoning: 'max',
    id: 'gpt-5',
    body: {},
    changes: thinks,
  },
  { title: 'auto keeps sampling as the client sent it', body: { temperature: 0.2 }, changes: {} },
  { title: 'store is the client’s', ...high, body: { store: true }, changes: thinks },
  {
    title: '/compact takes the model and the prompt only',
    ...all,
    subPath: '/compact',
    body: { temperature: 1 },
    changes: { model: 'real', instructions: prompt },
  },
  {
    title: '/input_tokens takes the model and the prompt only',
    ...all,
    subPath: '/input_tokens',
    changes: { model: 'real', instructions: prompt },
  },
  {
    title: '/compact for another model is fitted to it',
    upstream_id: 'gpt-4.1',
    subPath: '/compact',
    body: { reasoning: { effort: 'high' }, text: { verbosity: 'low' } },
    changes: { model: 'gpt-4.1', reasoning: undefined, text: undefined },
  },
  { title: 'off on a sub-path', ...off, subPath: '/compact', body: thinks, changes: {} },
  {
    title: 'any other sub-path takes the model only',
    ...all,
    subPath: '/x',
    changes: { model: 'real' },
  },
]
for (const { title, body, changes, ...options } of rows) {
  test(`§14 the body: ${title}`, () => {
    const request = { model: options.id ?? 'gpt-5.1', input: 'hi', ...body }
    const sent = rewrite(JSON.stringify(request), options)
    const expected = JSON.parse(JSON.stringify({ ...request, ...changes })) as unknown
    assert.deepEqual(JSON.parse(sent.text), expected)
    assert.deepEqual(sent.headers, {})
  })
}
