import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Usage } from '../../../../../pipelines/neutral/delta.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import { claude, messageEnd, messageStart, only } from '../../events.ts'

const rows: [
  row: string,
  start: JsonObject,
  delta: JsonObject | undefined,
  usage: Usage | undefined,
][] = [
  ['none reported', {}, undefined, undefined],
  [
    'prompt includes cache reads and writes',
    { input_tokens: 1, cache_read_input_tokens: 20, cache_creation_input_tokens: 300 },
    { output_tokens: 7 },
    { inputTokens: 321, outputTokens: 7, cachedTokens: 20, cacheWriteTokens: 300 },
  ],
  [
    'what is written to the cache for an hour is told apart',
    {
      input_tokens: 1,
      cache_creation_input_tokens: 300,
      cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 200 },
    },
    { output_tokens: 7, cache_creation: null },
    { inputTokens: 301, outputTokens: 7, cacheWriteTokens: 300, cacheWrite1hTokens: 200 },
  ],
  [
    'cached 0 is told, cache writes of 0 are not',
    { input_tokens: 1, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 },
    { output_tokens: 7 },
    { inputTokens: 1, outputTokens: 7, cachedTokens: 0 },
  ],
  [
    'a later number replaces a smaller one',
    { input_tokens: 43, output_tokens: 1 },
    { input_tokens: 61, output_tokens: 2 },
    { inputTokens: 61, outputTokens: 2 },
  ],
  [
    'null and absent keep the old',
    { input_tokens: 43, output_tokens: 1, cache_read_input_tokens: 5 },
    { input_tokens: null, output_tokens: 2, cache_read_input_tokens: null },
    { inputTokens: 48, outputTokens: 2, cachedTokens: 5 },
  ],
  [
    'T27: no count falls',
    {
      input_tokens: 1200,
      output_tokens: 3,
      cache_read_input_tokens: 800,
      cache_creation_input_tokens: 30,
      output_tokens_details: { thinking_tokens: 2 },
    },
    {
      input_tokens: 0,
      output_tokens: 1,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
      output_tokens_details: { thinking_tokens: 0 },
    },
    {
      inputTokens: 2030,
      outputTokens: 3,
      cachedTokens: 800,
      cacheWriteTokens: 30,
      reasoningTokens: 2,
    },
  ],
  [
    'KT9: counts in strings, and what is no count',
    { input_tokens: '12', cache_read_input_tokens: ['5'], output_tokens: '' },
    { input_tokens: {}, output_tokens: '7', cache_creation_input_tokens: -3 },
    { inputTokens: 12, outputTokens: 7 },
  ],
  [
    'thinking tokens',
    { input_tokens: 1 },
    { output_tokens: 9, output_tokens_details: { thinking_tokens: 4 } },
    { inputTokens: 1, outputTokens: 9, reasoningTokens: 4 },
  ],
  [
    'iterations are summed, the advisor left out',
    { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 5 },
    {
      output_tokens: 2,
      iterations: [
        { type: 'compaction', input_tokens: 100, output_tokens: 10 },
        { type: 'message', input_tokens: 20, output_tokens: 3 },
        { type: 'advisor_message', input_tokens: 1000, output_tokens: 1000 },
      ],
    },
    { inputTokens: 125, outputTokens: 13, cachedTokens: 5 },
  ],
  [
    'iterations with a fallback are not',
    { input_tokens: 1, output_tokens: 1 },
    {
      output_tokens: 2,
      iterations: [
        { type: 'message', input_tokens: 20, output_tokens: 3 },
        { type: 'fallback_message', input_tokens: 20, output_tokens: 3 },
      ],
    },
    { inputTokens: 1, outputTokens: 2 },
  ],
]

for (const [row, start, delta, expected] of rows) {
  test(`§6.3 ${row}`, () => {
    const deltas = claude(
      messageStart({ usage: start }),
      ...messageEnd('end_turn', { usage: delta }),
    )

    assert.deepEqual(only('usage', deltas)[0]?.usage, expected)
  })
}

for (const [tier, expected] of [
  ['standard', 'default'],
  ['priority', 'priority'],
  ['batch', undefined],
] as const) {
  test(`§1.2 service tier ${tier} is told as ${expected ?? 'nothing'}`, () => {
    const usage = { input_tokens: 1, service_tier: tier }
    const deltas = claude(messageStart({ usage }), ...messageEnd('end_turn'))

    assert.equal(only('stop', deltas)[0]?.serviceTier, expected)
  })
}
