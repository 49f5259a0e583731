/**
 * What a provider's own tools did stands in a history that goes on with a model of another provider. The text that came of it
 * stays; that the rest is lost is said in `x-droid2api-dropped`, by the same rule for every client.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { ask, clients, type Type } from './requests.ts'

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
    // a picture goes to Gemini
    result: type === 'image_generation_call' ? null : marker,
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
  client: string
  /** all models but those that have these words */
  to: Type[]
  body: JsonObject
  dropped: string[]
}

const question = { role: 'user', content: 'What was found?' }
const answer = { type: 'text', text: 'This.' }

const rows: Row[] = [
  {
    name: '§17.2 items of a Responses client',
    client: 'responses',
    to: ['anthropic', 'common', 'google'],
    body: {
      input: [question, ...own(itemTypes), { role: 'assistant', content: 'This.' }, question],
    },
    dropped: itemTypes.map((type) => `input.${type}`),
  },
  {
    name: '§16.4 blocks of a Messages client',
    client: 'messages',
    to: ['openai', 'common', 'google'],
    body: {
      max_tokens: 9000,
      messages: [question, { role: 'assistant', content: [...own(blockTypes), answer] }, question],
    },
    dropped: blockTypes.map((type) => `messages.${type}`),
  },
  {
    name: '§4 blocks of Anthropic in a chat',
    client: 'chat',
    to: ['openai', 'google'],
    body: {
      messages: [question, { role: 'assistant', content: [...own(inChat), answer] }, question],
    },
    dropped: inChat.map((type) => `messages.${type}`),
  },
  {
    name: '§4 items of OpenAI in a chat',
    client: 'chat',
    to: ['anthropic', 'openai', 'google'],
    body: {
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

for (const { name, client, to, body, dropped } of rows) {
  for (const type of to) {
    test(`${name} are dropped by their names on the way to ${type}`, async (t) => {
      // what the upstream answers does not matter: the header stands on a refusal, too
      const asked = await ask(t, { client: clients[client]!, type }, body)

      const sent = JSON.stringify(asked.sent)
      assert.equal(asked.dropped, dropped.join(', '))
      assert.ok(sent.includes('What was found?') && sent.includes('This.'))
      assert.ok(!sent.includes(marker))
    })
  }
}

test('§14 names of a client’s own are dropped in letters that a header can hold', async (t) => {
  const client = clients.messages!
  const hosted = { type: 'code_execution_20250825', name: 'bash\u65e5\nx' }
  const body = { ...client.ask([{ user: 'Hi' }]), tools: [hosted, client.tool('look')] }

  const { dropped, status } = await ask(t, { client, type: 'openai' }, body)

  assert.equal(status, 418)
  assert.equal(dropped, 'tools.bash? x')
})
