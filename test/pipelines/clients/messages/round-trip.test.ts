/** A Messages request that is read and written in the words of the same API again, though it never takes that road. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import { writeMessages } from '../../../../pipelines/providers/anthropic/write.ts'
import { ask } from './ask.ts'

const model = {
  name: 'test',
  id: 'claude-sonnet-4-5',
  type: 'anthropic',
  reasoning: 'auto',
} as const

function again(body: JsonObject): JsonObject {
  const headers = { 'anthropic-version': '2023-06-01' }
  const context = { model, endpoint: 'test', systemPrompt: '', headers, stream: false }
  return writeMessages(ask({ model: model.id, ...body }).request, context).body
}

test('§16.1 nothing is lost on the way through the neutral request', () => {
  const mark = { type: 'ephemeral' }
  const png = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgoAAAAN' }
  const body = {
    model: model.id,
    max_tokens: 9000,
    system: [
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two', cache_control: mark },
    ],
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look', cache_control: mark },
          { type: 'image', source: png },
          { type: 'image', source: { type: 'url', url: 'https://x/y.png' } },
          {
            type: 'document',
            title: 'T',
            source: { type: 'text', media_type: 'text/plain', data: 'plain' },
          },
          {
            type: 'search_result',
            title: 'T',
            source: 'S',
            content: [{ type: 'text', text: 'found' }],
          },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Looking.' },
          { type: 'tool_use', id: 'a', name: 'look', input: { big: 1 } },
          { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'q' } },
          { type: 'web_search_tool_result', tool_use_id: 's', content: [] },
          { type: 'tool_use', id: 'b', name: 'look', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'image', source: png }] },
          { type: 'tool_result', tool_use_id: 'b', content: 'no', is_error: true },
          { type: 'text', text: 'And now?' },
        ],
      },
    ],
    tools: [
      {
        name: 'look',
        description: 'Looks.',
        input_schema: { type: 'object', properties: {} },
        input_examples: [{}],
        cache_control: mark,
      },
      { type: 'web_search_20250305', name: 'web_search', max_uses: 2, blocked_domains: ['x.org'] },
    ],
    tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    stop_sequences: ['END'],
    temperature: 0.5,
    metadata: { user_id: 'me' },
  }

  const { stream: _stream, ...sent } = again(body)
  assert.deepEqual(sent, body)
})
