/** The strict Messages provider itself: one bad request for each of its rules, and a good one that it takes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { picture } from './manner.ts'
import type { IssuedAnswer, Part } from './issued.ts'
import { refusedMessages } from './strict-messages.ts'

const sonnet = 'claude-sonnet-4-5'
const opus = 'claude-opus-4-8'
const version = { 'anthropic-version': '2023-06-01' }

const thinking: Part = { type: 'thinking', thinking: 'Two.', signature: 's1==' }
const hidden: Part = { type: 'redacted_thinking', data: 'd1==' }
const said: Part = { type: 'text', text: 'I look.' }
const called: Part = { type: 'tool_use', id: 'toolu_1', name: 'look', input: {} }
const again: Part = { type: 'tool_use', id: 'toolu_2', name: 'look', input: { at: 1 } }
const issued: IssuedAnswer[] = [{ model: sonnet, parts: [thinking, said, called, hidden, again] }]

const image: Part = {
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: picture },
}
const result: Part = { type: 'tool_result', tool_use_id: 'toolu_1', content: [image] }
const other: Part = { type: 'tool_result', tool_use_id: 'toolu_2', is_error: true }
const hello: Part = { type: 'text', text: 'Hello.' }
const tool = { name: 'look', description: 'Looks.', input_schema: { type: 'object' } }

function user(...content: Part[]) {
  return { role: 'user', content }
}

function assistant(...content: Part[]) {
  return { role: 'assistant', content }
}

const messages = [
  user(hello, image),
  assistant(thinking, said, called, hidden, again),
  user(result, other),
]
const good: JsonObject = {
  model: sonnet,
  max_tokens: 2048,
  stream: true,
  system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
  messages,
  tools: [tool],
  tool_choice: { type: 'auto', disable_parallel_tool_use: true },
  thinking: { type: 'enabled', budget_tokens: 1024 },
  stop_sequences: ['END'],
  metadata: { user_id: 'someone' },
  service_tier: 'auto',
}
const plain: JsonObject = { model: sonnet, max_tokens: 9, messages: [user(hello)] }
const adaptive: JsonObject = { ...plain, model: opus, thinking: { type: 'adaptive' } }

/** A conversation with one answer, without thinking. */
function talk(answer: Part[], ...rest: object[]): JsonObject {
  return { ...plain, tools: [tool], messages: [user(hello), assistant(...answer), ...rest] }
}

/** The loop of the good request with another answer of the model. */
function loop(...answer: Part[]): JsonObject {
  return { ...good, messages: [messages[0], assistant(...answer), messages[2]] }
}

function withTool(more: JsonObject): JsonObject {
  return { ...plain, tools: [{ ...tool, ...more }] }
}

function withImage(source: unknown): JsonObject {
  return { ...plain, messages: [user({ type: 'image', source })] }
}

test('takes good requests', () => {
  const taken: JsonObject[] = [
    good,
    plain,
    adaptive,
    {
      ...adaptive,
      output_config: { effort: 'medium' },
      tools: [tool],
      tool_choice: { type: 'any' },
    },
    { ...plain, temperature: 0.5, top_k: 3, messages: [{ role: 'user', content: 'Hello.' }] },
    talk([called], user(result, hello)),
    talk([said]),
    withImage({ type: 'url', url: 'https://example.com/a.png' }),
  ]

  for (const body of taken) assert.deepEqual(refusedMessages(body, version, issued), [])
})

const bad: [rule: string, body: JsonObject][] = [
  ['field', { ...plain, reasoning_effort: 'low' }],
  ['model', { ...plain, model: 'claude-9' }],
  ['max_tokens', { ...plain, max_tokens: 64_001 }],
  ['max_tokens', { ...plain, max_tokens: undefined }],
  ['stream', { ...plain, stream: null }],
  ['stop_sequences', { ...plain, stop_sequences: ['\n'] }],
  ['metadata', { ...plain, metadata: { user_id: 'a', b: 'c' } }],
  ['service_tier', { ...plain, service_tier: 'default' }],
  ['system', { ...plain, system: [] }],
  ['system', { ...plain, system: [{ type: 'text', text: ' ' }] }],
  ['sampling', { ...plain, temperature: 0.5, top_p: 0.5 }],
  ['sampling', { ...plain, temperature: 1.5 }],
  ['sampling', { ...good, temperature: 0.5 }],
  ['sampling', { ...good, top_k: 5 }],
  ['sampling', { ...plain, model: opus, top_p: 1 }],
  ['output_config', { ...plain, output_config: 'high' }],
  ['thinking', { ...plain, thinking: { type: 'auto' } }],
  ['thinking', { ...good, thinking: { type: 'enabled', budget_tokens: 1024, effort: 'low' } }],
  ['effort', { ...good, output_config: { effort: 'high' } }],
  ['effort', { ...adaptive, output_config: { effort: 'auto' } }],
  ['output_config', { ...plain, output_config: { format: { type: 'json_object' } } }],
  ['thinking', { ...adaptive, thinking: { type: 'enabled', budget_tokens: 1024 } }],
  ['thinking', { ...plain, thinking: { type: 'adaptive' } }],
  ['thinking', { ...good, tool_choice: { type: 'any' } }],
  ['thinking', { ...good, tool_choice: { type: 'tool', name: 'look' } }],
  ['budget', { ...good, thinking: { type: 'enabled', budget_tokens: 1023 } }],
  ['budget', { ...good, max_tokens: 1024 }],
  ['tools', withTool({ input_schema: {} })],
  ['tools', withTool({ input_schema: { type: 'object', anyOf: [] } })],
  ['tools', withTool({ input_schema: { type: 'object', oneOf: [] } })],
  ['tools', withTool({ input_schema: { type: 'object', allOf: [] } })],
  ['tools', { ...plain, tools: {} }],
  ['tools', { ...plain, tools: ['look'] }],
  ['tools', withTool({ name: 'a b' })],
  ['tools', withTool({ type: 'function' })],
  ['tools', withTool({ parameters: {} })],
  ['tools', { ...plain, tools: [tool, tool] }],
  ['tools', { ...talk([called], user(result)), tools: undefined }],
  ['tool_choice', { ...plain, tool_choice: { type: 'auto' } }],
  ['tool_choice', { ...plain, tools: [tool], tool_choice: 'auto' }],
  ['tool_choice', { ...plain, tools: [tool], tool_choice: { type: 'tool', name: 'run' } }],
  ['cache_control', { ...plain, messages: [user(...Array<Part>(5).fill(marked(hello)))] }],
  ['block', loop(marked(thinking), said, called, hidden, again)],
  ['block', { ...plain, messages: [user({ type: 'input_text', text: 'Hello.' })] }],
  ['block', talk([image])],
  ['block', { ...plain, messages: [user({ ...hello, index: 0 })] }],
  ['turn', { ...plain, messages: [{ role: 'developer', content: 'Be brief.' }] }],
  ['system turn', { ...plain, messages: [user(hello), { role: 'system', content: 'Be brief.' }] }],
  ['turn', { ...plain, messages: [{ ...user(hello), name: 'a' }] }],
  ['turn', { ...plain, messages: ['Hello.'] }],
  ['turn', { ...plain, messages: [{ role: 'user', content: null }] }],
  ['turns', { ...plain, messages: [] }],
  ['empty', { ...plain, messages: [user()] }],
  ['empty', { ...plain, messages: [{ role: 'user', content: '' }] }],
  ['empty-text', { ...plain, messages: [user({ type: 'text', text: '\n' })] }],
  ['first-turn', { ...plain, messages: [assistant(hello), user(hello)] }],
  ['alternation', { ...plain, messages: [user(hello), user(hello)] }],
  ['image', withImage(undefined)],
  ['image', withImage({ type: 'data', data: picture })],
  ['image', withImage({ type: 'base64', media_type: 'image/jpg', data: picture })],
  ['image', withImage({ type: 'base64', media_type: 'image/png', data: 'a b' })],
  ['image', withImage({ type: 'base64', media_type: 'image/png', data: '' })],
  ['image', withImage({ type: 'url', url: `data:image/png;base64,${picture}` })],
  ['tool-id', talk([{ ...called, id: 'call.1' }], user({ ...result, tool_use_id: 'call.1' }))],
  ['tool-id', talk([{ ...called, id: 'a'.repeat(65) }])],
  ['tool-input', talk([{ ...called, input: '{}' }], user(result))],
  ['id-twice', talk([called], user(result), assistant(called), user(result))],
  ['unanswered', talk([called])],
  ['unanswered', talk([called], user(hello))],
  ['unanswered', talk([called, again], user(result), assistant(said), user(other))],
  ['results-first', talk([called], user(hello, result))],
  ['orphan', talk([said], user(result))],
  ['orphan', { ...plain, tools: [tool], messages: [user(result)] }],
  ['result-twice', talk([called], user(result, result))],
  ['prefill', talk([{ type: 'text', text: 'So ' }])],
  ['prefill', { ...talk([said]), model: opus }],
  ['prefill', { ...talk([said]), max_tokens: 2048, thinking: good.thinking }],
  ['loop-thinking', loop(called, again)],
  ['loop-thinking', loop(said, thinking, called, hidden, again)],
  ['thinking-seal', loop({ ...thinking, signature: 's2==' }, said, called, hidden, again)],
  ['thinking-seal', loop(thinking, said, called, { ...hidden, data: 'd2==' }, again)],
  ['thinking-changed', loop({ ...thinking, thinking: 'Two' }, said, called, hidden, again)],
  ['thinking-order', loop(thinking, said, called, again)],
  ['thinking-order', loop(hidden, thinking, said, called, again)],
  ['thinking-order', loop(thinking, called, said, hidden, again)],
  ['thinking-order', loop(thinking, said, called, again, hidden)],
  ['thinking-first', { ...talk([said, thinking, called], user(result)), model: opus }],
  ['thinking-last', talk([said, thinking], user(hello))],
  ['thinking-model', { ...good, model: opus, thinking: { type: 'adaptive' } }],
]

for (const [index, [rule, body]] of bad.entries()) {
  test(`refuses ${rule}, bad request ${index + 1}`, () => {
    const refused = refusedMessages(body, version, issued)

    assert.ok(
      refused.some((reason) => reason.startsWith(`${rule}:`)),
      JSON.stringify(refused),
    )
  })
}

test('refuses a missing version and an empty beta list', () => {
  assert.deepEqual(refusedMessages(plain, {}, issued), ['version: '])
  assert.deepEqual(refusedMessages(plain, { ...version, 'anthropic-beta': '' }, issued), [
    'beta: empty header',
  ])
})

function marked(block: Part): Part {
  return { ...block, cache_control: { type: 'ephemeral' } }
}
