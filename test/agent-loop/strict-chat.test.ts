/** The strict chat server itself: a good request passes, and each rule refuses what breaks it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { pictureUrl } from './manner.ts'
import { refusedChat } from './strict-chat.ts'

const look = { name: 'look', parameters: { type: 'object' } }
const call = { id: 'a', type: 'function', function: { name: 'look', arguments: '{}' } }
const system = { role: 'system', content: 'Be brief.' }
const image = { type: 'image_url', image_url: { url: pictureUrl } }
const user = { role: 'user', content: [{ type: 'text', text: 'Hello.' }, image] }
const called = { role: 'assistant', content: null, tool_calls: [call] }
const result = { role: 'tool', tool_call_id: 'a', content: 'x' }
const good: JsonObject = {
  model: 'glm-4.6',
  messages: [system, user, called, result],
  tools: [{ type: 'function', function: look }],
  tool_choice: 'auto',
  stream: true,
  stream_options: { include_usage: true },
  max_tokens: 100,
}

function refused(change: JsonObject): string[] {
  return refusedChat({ ...good, ...change })
}

function saying(...messages: unknown[]): JsonObject {
  return { messages }
}

function calling(change: object): JsonObject {
  const tool = { ...call, ...change }
  return saying(user, { ...called, tool_calls: [tool] }, { ...result, tool_call_id: tool.id })
}

test('a good request is taken', () => {
  assert.deepEqual(refused({}), [])
})

const mistral = { model: 'mistral-large' }
const theirs = { ...call, id: 'D681PevKs' }
const answered = [
  { ...called, tool_calls: [theirs] },
  { ...result, tool_call_id: theirs.id },
]

const bad: [why: string, change: JsonObject][] = [
  ['field: thinking', { thinking: {} }],
  ['messages: none', saying()],
  ['seal: of another party', { user: 'd2a1.x' }],
  ['tools: empty', { tools: [] }],
  [
    'tools: two of the name look',
    {
      tools: [
        { type: 'function', function: look },
        { type: 'function', function: look },
      ],
    },
  ],
  ['tool_choice: without tools', { tools: undefined }],
  [
    'tool_choice: see is not declared',
    { tool_choice: { type: 'function', function: { name: 'see' } } },
  ],
  [
    'parallel_tool_calls: without tools',
    { tools: undefined, tool_choice: undefined, parallel_tool_calls: false },
  ],
  ['stop: more than four', { stop: ['1', '2', '3', '4', '5'] }],
  ['user: too long', { user: 'x'.repeat(65) }],
  ['stream_options: without a stream', { stream: false }],
  ['max_tokens: 0', { max_tokens: 0 }],
  ['tool: type custom', { tools: [{ type: 'custom' }] }],
  ['tool: name a b', { tools: [{ type: 'function', function: { ...look, name: 'a b' } }] }],
  ['tool: parameters', { tools: [{ type: 'function', function: { name: 'look' } }] }],
  ['role: developer', saying({ role: 'developer', content: 'x' })],
  ['messages[0]: name', saying({ ...user, name: 'x' })],
  ['messages[1]: prefix', saying(user, { role: 'assistant', content: 'x', prefix: true })],
  ['messages[1]: system further down', saying(user, system)],
  ['messages[0]: content', saying({ role: 'user', content: null })],
  ['messages[0]: empty', saying({ role: 'user', content: '' })],
  [
    'messages[0]: a part of type input_text',
    saying({ role: 'user', content: [{ type: 'input_text', text: 'x' }] }),
  ],
  ['messages[0]: an empty part', saying({ role: 'user', content: [{ type: 'text', text: '' }] })],
  [
    'messages[0]: no address of an image',
    saying({ role: 'user', content: [{ type: 'image_url', image_url: 'x' }] }),
  ],
  ['messages[1]: id', calling({ id: 'x'.repeat(41) })],
  ['messages[1]: name a b', calling({ function: { name: 'a b', arguments: '{}' } })],
  ['messages[1]: arguments', calling({ function: { name: 'look', arguments: '' } })],
  [
    'messages[1]: an id twice',
    saying(user, { ...called, tool_calls: [call, call] }, result, result),
  ],
  ['messages[1]: result of b', saying(user, { ...result, tool_call_id: 'b' })],
  ['messages[2]: a result is missing', saying(user, called, user)],
  ['messages: a result is missing', saying(user, called)],
  ['messages[1]: user twice', saying(user, user)],
  ['messages[2]: reasoning_content is missing', { model: 'deepseek-v4-pro' }],
  ['mistral: user', { ...mistral, user: 'x' }],
  ['messages[3]: a user behind a tool', { ...mistral, ...saying(user, ...answered, user) }],
  [
    'messages[1]: the assistant is the last',
    { ...mistral, ...saying(user, { role: 'assistant', content: 'x' }) },
  ],
  ['messages[2]: id a', mistral],
  [
    'messages[1]: reasoning_content',
    {
      ...mistral,
      ...saying(user, { role: 'assistant', content: 'x', reasoning_content: 'x' }, user),
    },
  ],
]

for (const [why, change] of bad) {
  test(`refused: ${why}`, () => {
    const reasons = refused(change)

    assert.ok(
      reasons.some((reason) => reason.startsWith(why)),
      reasons.join('\n'),
    )
  })
}
