/** Web searches that a provider runs: one delta each, and no word of them for chat. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../pipelines/json/value.ts'
import { bodyOf } from '../clients/chat/chat-answers.ts'
import {
  added,
  block,
  claude,
  completed,
  created,
  done,
  messageEnd,
  messageStart,
  only,
  openai,
  textBlock,
  types,
} from './events.ts'

const result = { type: 'web_search_result', url: 'https://a', title: 'A', encrypted_content: 'x' }

function claudeSearch(id: string, content: unknown): JsonObject[] {
  const call = { type: 'server_tool_use', id, name: 'web_search', input: {} }
  const pieces = ['{"query"', ':"node"}'].map((text): [string, JsonObject] => [
    'input_json_delta',
    { partial_json: text },
  ])
  return [
    ...block(1, call, ...pieces),
    ...block(2, { type: 'web_search_tool_result', tool_use_id: id, content }),
  ]
}

test('a search of Claude is complete with its results', () => {
  const deltas = claude(
    messageStart(),
    ...textBlock(0, 'a'),
    ...claudeSearch('srvtoolu_1', [result]),
    ...textBlock(3, 'b'),
    ...messageEnd('end_turn', {
      usage: { output_tokens: 1, server_tool_use: { web_search_requests: 1 } },
    }),
  )

  assert.deepEqual(types(deltas), ['start', 'text', 'search', 'text', 'usage', 'stop'])
  assert.deepEqual(only('search', deltas), [
    {
      type: 'search',
      id: 'srvtoolu_1',
      query: 'node',
      sources: [{ url: 'https://a', title: 'A' }],
    },
  ])
  assert.equal(only('usage', deltas)[0]?.usage.searches, 1)
  assert.equal(bodyOf(deltas)?.choices[0]?.message.content, 'ab')
})

test('a search that failed says so', () => {
  const content = { type: 'web_search_tool_result_error', error_code: 'unavailable' }
  const deltas = claude(messageStart(), ...claudeSearch('s', content), ...messageEnd('end_turn'))

  assert.deepEqual(only('search', deltas), [
    { type: 'search', id: 's', query: 'node', sources: [], failed: true },
  ])
})

test('a search in a body of Claude has its query in the block', () => {
  const content = [
    { type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'node' } },
    { type: 'web_search_tool_result', tool_use_id: 's', content: [result] },
  ]
  const deltas = claude(messageStart({ content }), ...messageEnd('end_turn'))

  assert.equal(only('search', deltas)[0]?.query, 'node')
})

function webSearch(rest: JsonObject = {}): JsonObject {
  const sources = [{ type: 'url', url: 'https://a' }]
  const action = { type: 'search', query: 'node', sources }
  return { type: 'web_search_call', id: 'ws_1', status: 'completed', action, ...rest }
}

test('a search of Responses comes once, and is counted', () => {
  const usage = { input_tokens: 1, output_tokens: 2 }
  const deltas = openai(
    created(),
    added(0, webSearch({ status: 'in_progress', action: undefined })),
    done(0, webSearch()),
    completed({ output: [webSearch()], usage }),
  )

  assert.deepEqual(only('search', deltas), [
    { type: 'search', id: 'ws_1', query: 'node', sources: [{ url: 'https://a', title: '' }] },
  ])
  assert.equal(only('usage', deltas)[0]?.usage.searches, 1)
})

test('a page that was opened is no search, and one that only the last event has is one', () => {
  const opened = webSearch({ id: 'ws_2', action: { type: 'open_page', url: 'https://a' } })
  const failed = webSearch({
    status: 'failed',
    action: { type: 'search', queries: ['node', 'deno'] },
  })
  const deltas = openai(created(), done(0, opened), completed({ output: [opened, failed] }))

  assert.deepEqual(only('search', deltas), [
    { type: 'search', id: 'ws_1', query: 'node', sources: [], failed: true },
  ])
})
