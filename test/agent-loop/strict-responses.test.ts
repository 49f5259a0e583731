/** The strict Responses provider itself: one bad request for each of its rules, and a good one that it takes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { picture } from './manner.ts'
import type { IssuedAnswer, Part } from './issued.ts'
import { refusedResponses } from './strict-responses.ts'

const gpt = 'gpt-5.1'

const summary = [{ type: 'summary_text', text: 'Two.' }]
const reasoning: Part = { type: 'reasoning', summary, encrypted_content: 'e1==' }
const hidden: Part = { type: 'reasoning', summary: [], encrypted_content: 'e2==' }
const called: Part = { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{}' }
const again: Part = { ...called, call_id: 'call_2' }
const said = message('assistant', { type: 'output_text', text: 'I look.', annotations: [] })
const parts: Part[] = [reasoning, said, called, hidden, again].map((part, index) =>
  Object.assign({ id: `id_${index}` }, part),
)
const issued: IssuedAnswer[] = [{ model: gpt, parts }]
const elsewhere: IssuedAnswer[] = [{ model: 'gpt-5.4', parts }]

const image: Part = {
  type: 'input_image',
  image_url: `data:image/png;base64,${picture}`,
  detail: 'auto',
}
const hello = message('user', { type: 'input_text', text: 'Hello.' }, image)
const output: Part = { type: 'function_call_output', call_id: 'call_1', output: '' }
const other: Part = { type: 'function_call_output', call_id: 'call_2', output: [image] }
const tool = { type: 'function', name: 'look', parameters: { type: 'object' }, strict: false }
const input = [hello, reasoning, said, called, hidden, again, other, output]

const good: JsonObject = {
  model: gpt,
  store: false,
  stream: true,
  include: ['reasoning.encrypted_content'],
  instructions: 'Be brief.',
  max_output_tokens: 16,
  reasoning: { effort: 'high', summary: 'auto' },
  tools: [tool],
  tool_choice: { type: 'function', name: 'look' },
  parallel_tool_calls: false,
  text: { format: { type: 'json_schema', name: 'a', schema: {}, strict: false } },
  input,
}
const plain: JsonObject = { ...good, input: [hello] }

function message(role: string, ...content: Part[]): Part {
  return { type: 'message', role, content }
}

function holding(...items: unknown[]): JsonObject {
  return { ...good, input: items }
}

/** A call with its output. */
function calling(call: Part): JsonObject {
  return holding(hello, call, { ...output, call_id: call.call_id })
}

function withTool(more: JsonObject): JsonObject {
  return { ...plain, tools: [{ ...tool, ...more }] }
}

test('takes good requests', () => {
  assert.deepEqual(refusedResponses(good, issued), [])
  assert.deepEqual(refusedResponses(plain, issued), [])
  assert.deepEqual(refusedResponses(calling(called), issued), [])
})

const closed = { type: 'object', properties: { a: {} }, additionalProperties: false }
const bad: [rule: string, body: JsonObject][] = [
  ...['stop', 'n', 'seed', 'presence_penalty', 'max_tokens', 'messages', 'response_format'].map(
    (name): [string, JsonObject] => ['field', { ...plain, [name]: 1 }],
  ),
  ['field', { ...plain, previous_response_id: 'resp_1' }],
  ['model', { ...plain, model: 'claude-sonnet-4-5' }],
  ['max_output_tokens', { ...plain, max_output_tokens: 15 }],
  ['store', { ...plain, store: true }],
  ['store', { ...plain, store: undefined }],
  ['stream', { ...plain, stream: null }],
  ['sampling', { ...plain, temperature: 1 }],
  ['sampling', { ...plain, top_p: 1 }],
  ['instructions', { ...plain, instructions: '' }],
  ['include', { ...plain, include: undefined }],
  ['reasoning', { ...plain, reasoning: { effort: 'auto' } }],
  ['reasoning', { ...plain, reasoning: { effort: 'low', max_tokens: 9 } }],
  ['reasoning', { ...plain, reasoning: { effort: 'low', summary: true } }],
  ['reasoning', { ...plain, reasoning: 'low' }],
  ['text', { ...plain, text: 'json' }],
  ['text', { ...plain, text: { format: 'json' } }],
  ['text', { ...plain, text: { format: { type: 'json_schema', json_schema: {} } } }],
  ['tools', withTool({ strict: undefined })],
  ['tools', withTool({ strict: true, parameters: closed })],
  ['tools', withTool({ parameters: undefined })],
  ['tools', withTool({ parameters: {} })],
  ['tools', { ...plain, tools: {} }],
  ['tools', { ...plain, tools: [{ name: 'look', input_schema: {} }] }],
  ['tools', withTool({ function: {} })],
  ['tools', { ...plain, tools: [tool, tool] }],
  ['tool_choice', { ...plain, tool_choice: { type: 'function', function: { name: 'look' } } }],
  ['tool_choice', { ...plain, tool_choice: { type: 'function', name: 'run' } }],
  ['tool_choice', { ...plain, tool_choice: { type: 'tool', name: 'look' } }],
  ['tool_choice', { ...plain, tools: undefined, parallel_tool_calls: undefined }],
  ['parallel_tool_calls', { ...plain, tools: undefined, tool_choice: undefined }],
  ['input', holding()],
  ['item', holding(hello, { type: 'tool_result' })],
  ['item', holding({ ...hello, id: 'msg_1' })],
  ['item', holding(hello, { ...reasoning, id: 'rs_1' }, said)],
  ['message', holding(message('tool', { type: 'input_text', text: 'a' }))],
  ['part', holding(message('user'))],
  ['part', holding(message('user', { type: 'text', text: 'a' }))],
  ['part', holding(hello, message('assistant', { type: 'input_text', text: 'a' }))],
  ['part', holding(message('user', { type: 'output_text', text: 'a', annotations: [] }))],
  ['part', holding(message('developer', image))],
  ['part', holding(hello, called, { ...output, output: [said] })],
  ['image', holding(message('user', { type: 'input_image', image_url: { url: 'https://a' } }))],
  ['image', holding(message('user', { ...image, detail: 'fine' }))],
  ['call-id', calling({ ...called, call_id: 'a'.repeat(65) })],
  ['call-id', calling({ ...called, call_id: '' })],
  ['call', calling({ ...called, arguments: {} })],
  ['call', calling({ ...called, arguments: '' })],
  ['id-twice', holding(hello, called, called, output)],
  ['unanswered', holding(hello, called)],
  ['orphan', holding(hello, output)],
  ['orphan', holding(hello, output, called)],
  ['output-twice', holding(hello, called, output, output)],
  ['reasoning-seal', holding(hello, { ...reasoning, encrypted_content: 'e3==' }, said)],
  ['reasoning-seal', holding(hello, { type: 'reasoning', summary }, said)],
  [
    'reasoning-summary',
    holding(hello, { ...reasoning, summary: [{ type: 'summary_text', text: 'One.' }] }, said),
  ],
  ['reasoning-summary', holding(hello, { type: 'reasoning', encrypted_content: 'e1==' }, said)],
  ['reasoning-summary', holding(hello, { ...reasoning, summary: ['Two.', {}] }, said)],
  ['reasoning-order', holding(hello, reasoning, called, output)],
  ['reasoning-order', holding(hello, reasoning)],
  ['reasoning-order', holding(hello, hidden, called, again, output, other)],
]

for (const [index, [rule, body]] of bad.entries()) {
  test(`refuses ${rule}, bad request ${index + 1}`, () => {
    const refused = refusedResponses(body, issued)

    assert.ok(
      refused.some((reason) => reason.startsWith(`${rule}:`)),
      JSON.stringify(refused),
    )
  })
}

test('refuses reasoning of another model', () => {
  const refused = refusedResponses(good, elsewhere)

  assert.deepEqual(new Set(refused), new Set(['reasoning-model: made by gpt-5.4']))
})
