import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Usage } from '../../../../../pipelines/neutral/delta.ts'
import { responsesBody } from '../../../../../pipelines/providers/openai/answer.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import {
  completed,
  context,
  created,
  done,
  functionCall,
  messageItem,
  only,
  openai,
  outputText,
  textOf,
} from '../../events.ts'

const finishRows: [row: string, response: JsonObject, withCall: string, without: string][] = [
  ['completed', { status: 'completed' }, 'tool-calls', 'stop'],
  ['no status', { status: undefined }, 'tool-calls', 'stop'],
  ...(['max_output_tokens', 'of_the_future'] as const).map(
    (reason): [string, JsonObject, string, string] => [
      `incomplete ${reason}`,
      { status: 'incomplete', incomplete_details: { reason } },
      'length',
      'length',
    ],
  ),
  [
    'incomplete content_filter',
    { status: 'incomplete', incomplete_details: { reason: 'content_filter' } },
    'content-filter',
    'content-filter',
  ],
]

for (const [row, response, withCall, without] of finishRows) {
  test(`§8.2 ${row} ends with ${withCall} after a call, else ${without}`, () => {
    const type = response.status === 'incomplete' ? 'response.incomplete' : 'response.completed'
    const end = { type, response: { id: 'resp_1', ...response } }

    assert.equal(
      only('stop', openai(created(), done(0, functionCall('{}')), end))[0]?.reason,
      withCall,
    )
    assert.equal(only('stop', openai(created(), end))[0]?.reason, without)
  })
}

const usageRows: [
  row: string,
  usage: JsonObject | null | undefined,
  expected: Usage | undefined,
][] = [
  ['none', undefined, undefined],
  ['null', null, undefined],
  ['plain', { input_tokens: 5, output_tokens: 4 }, { inputTokens: 5, outputTokens: 4 }],
  [
    'with details, which are already included',
    {
      input_tokens: 50,
      output_tokens: 40,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 32 },
    },
    {
      inputTokens: 50,
      outputTokens: 40,
      cachedTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 32,
    },
  ],
]

for (const [row, usage, expected] of usageRows) {
  test(`§8.2 usage: ${row}`, () => {
    assert.deepEqual(only('usage', openai(created(), completed({ usage })))[0]?.usage, expected)
  })
}

test('§1.2 the service tier is told as it is', () => {
  assert.equal(only('stop', openai(completed({ service_tier: 'flex' })))[0]?.serviceTier, 'flex')
})

const bodyRows: [row: string, body: JsonObject, code: string | null][] = [
  [
    'failed',
    { status: 'failed', output: [], error: { code: 'server_error', message: 'M' } },
    'server_error',
  ],
  ['failed without an error', { status: 'failed', output: [] }, null],
  ['cancelled', { status: 'cancelled', output: [] }, null],
  ['still queued', { status: 'queued', output: [] }, 'upstream_protocol_error'],
  ['no response at all', { hello: 'world' }, 'upstream_protocol_error'],
  ['an error', { error: { code: 'invalid_prompt', message: 'M' } }, 'invalid_prompt'],
]

for (const [row, body, code] of bodyRows) {
  test(`§8.2 a body that is ${row} is a failure`, () => {
    assert.equal(only('failure', responsesBody(body, context))[0]?.failure.code, code)
  })
}

test('a body of status incomplete keeps what there is', () => {
  const call = functionCall('', { status: 'incomplete' })
  const body = { id: 'resp_1', status: 'incomplete', output: [messageItem(outputText('a')), call] }
  const deltas = responsesBody(body, context)

  assert.equal(textOf('text', deltas), 'a')
  assert.equal(textOf('tool-input', deltas), '')
  assert.equal(only('stop', deltas)[0]?.reason, 'length')
})
