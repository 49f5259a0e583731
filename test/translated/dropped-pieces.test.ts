/**
 * What a provider's own tools did stands in a history that goes on with a model of another provider. The text that came of it
 * stays; that the rest is lost is said in `x-droid2api-dropped`, by the same rule for every client.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const models = {
  anthropic: 'claude-sonnet-4-5',
  openai: 'gpt-5.1',
  common: 'glm-4.6',
  google: 'gemini-3-pro',
}
type Type = keyof typeof models

const marker = 'left by a tool of its own'

/** An item or a block of each type, with something in it that must not go up. */
function own(types: string[]): JsonObject[] {
  return types.map((type, index) => ({
    type,
    id: `own_${index}`,
    name: marker,
    tool_use_id: 'own_0',
    status: 'completed',
    execution: 'server',
    result: marker,
  }))
}

const itemTypes = [
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
  'computer_call',
  'computer_call_output',
  'mcp_list_tools',
  'mcp_approval_request',
  'mcp_call',
  'program',
  'tool_search_call',
  'tool_search_output',
]
const blockTypes = [
  'server_tool_use',
  'web_search_tool_result',
  'mcp_tool_use',
  'mcp_tool_result',
  'mcp_tool_listing',
  'container_upload',
  'fallback',
  'something_new',
]
const inChat = ['server_tool_use', 'web_search_tool_result', 'mcp_tool_use', 'mcp_tool_result']

interface Row {
  name: string
  path: string
  /** all models but those that have these words */
  to: Type[]
  ask: JsonObject
  dropped: string[]
}

const question = { role: 'user', content: 'What was found?' }
const answer = { type: 'text', text: 'This.' }

const rows: Row[] = [
  {
    name: '§17.2 items of a Responses client',
    path: '/v1/responses',
    to: ['anthropic', 'common', 'google'],
    ask: {
      input: [question, ...own(itemTypes), { role: 'assistant', content: 'This.' }, question],
    },
    dropped: itemTypes.map((type) => `input.${type}`),
  },
  {
    name: '§16.4 blocks of a Messages client',
    path: '/v1/messages',
    to: ['openai', 'common', 'google'],
    ask: {
      max_tokens: 9000,
      messages: [question, { role: 'assistant', content: [...own(blockTypes), answer] }, question],
    },
    dropped: blockTypes.map((type) => `messages.${type}`),
  },
  {
    name: '§4 blocks of Anthropic in a chat',
    path: '/v1/chat/completions',
    to: ['openai', 'google'],
    ask: {
      messages: [question, { role: 'assistant', content: [...own(inChat), answer] }, question],
    },
    dropped: inChat.map((type) => `messages.${type}`),
  },
  {
    name: '§4 items of OpenAI in a chat',
    path: '/v1/chat/completions',
    to: ['anthropic', 'openai', 'google'],
    ask: {
      messages: [
        question,
        ...own(['web_search_call', 'image_generation_call']),
        { role: 'assistant', content: [...own(['mcp_call']), answer] },
        question,
      ],
    },
    dropped: ['web_search_call', 'image_generation_call', 'mcp_call'].map(
      (type) => `messages.${type}`,
    ),
  },
]

for (const { name, path, to, ask, dropped } of rows) {
  for (const type of to) {
    test(`${name} are dropped by their names on the way to ${type}`, async (t) => {
      // what the upstream answers does not matter: the header stands on a refusal, too
      const upstream = await startUpstream(t, [{ status: 400, body: { error: { message: 'x' } } }])
      const config = {
        system_prompt: '',
        endpoints: [{ name: 'e', type, base_url: upstream.url, auth: 'none' }],
        models: [{ name: 'M', id: models[type], type }],
      }
      const proxy = await startProxy(t, { config })

      const answered = await post(proxy.url + path, { model: models[type], ...ask })

      const sent = upstream.requests[0]?.body.toString() ?? ''
      assert.equal(answered.headers.get('x-droid2api-dropped'), dropped.join(', '))
      assert.ok(sent.includes('What was found?') && sent.includes('This.'))
      assert.ok(!sent.includes(marker))
    })
  }
}
