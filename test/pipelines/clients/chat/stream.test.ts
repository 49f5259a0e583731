import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProxyError } from '../../../../pipelines/errors.ts'
import type { Delta, Usage } from '../../../../pipelines/neutral/delta.ts'
import { chatErrorEvent } from '../../../../pipelines/clients/chat/errors.ts'
import { AnswerOutcome } from '../../../../pipelines/stages/serialise.ts'
import type { ChatDelta } from '../../../../pipelines/wire/chat.ts'
import { answerContext, chunksOf, seen, sseOf, told } from './chat-answers.ts'

const start: Delta = { type: 'start', id: 'msg_1' }
const stop: Delta = { type: 'stop', reason: 'stop' }
const usage: Usage = { inputTokens: 10, outputTokens: 7 }
const role: ChatDelta = { role: 'assistant', content: '' }

const at = { content: 0, tools: 0 }

const rows: [row: string, deltas: Delta[], expected: (ChatDelta | string)[]][] = [
  ['text', [{ type: 'text', text: 'a' }], [{ content: 'a' }]],
  ['reasoning', [{ type: 'reasoning', text: 'a' }], [{ reasoning_content: 'a' }]],
  ['refusal', [{ type: 'refusal', text: 'a' }], [{ refusal: 'a' }]],
  [
    'reasoning details',
    [{ type: 'reasoning-stop', reasoning: { kind: 'summary', text: '', seal: { data: 'x' } } }],
    [{ reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }] }],
  ],
  [
    'annotations',
    [{ type: 'annotations', citations: [{ url: 'https://a', title: 'T', start: 0, end: 1 }] }],
    [{ annotations: [citation()] }],
  ],
  [
    'a function call',
    [
      { type: 'tool-start', index: 0, kind: 'function', id: 'c', name: 'f' },
      { type: 'tool-input', index: 0, text: '{}' },
      { type: 'tool-stop', index: 0 },
    ],
    [
      {
        tool_calls: [
          { index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '' } },
        ],
      },
      { tool_calls: [{ index: 0, function: { arguments: '{}' } }] },
    ],
  ],
  [
    'a custom call',
    [
      { type: 'tool-start', index: 0, kind: 'custom', id: 'c', name: 'f' },
      { type: 'tool-input', index: 0, text: 'x' },
    ],
    [
      { tool_calls: [{ index: 0, id: 'c', type: 'custom', custom: { name: 'f', input: '' } }] },
      { tool_calls: [{ index: 0, custom: { input: 'x' } }] },
    ],
  ],
  [
    'the explanation of a refusal, at the end',
    [
      { type: 'text', text: 'a' },
      { type: 'usage', usage },
      { ...stop, explanation: 'No.' },
    ],
    [{ content: 'a' }, { refusal: 'No.' }],
  ],
  [
    'parts and blocks of reasoning, parted by a blank line',
    [
      { type: 'reasoning-start', kind: 'summary', index: 0, at },
      { type: 'reasoning', text: 'a' },
      { type: 'reasoning-part' },
      { type: 'reasoning', text: 'b' },
      { type: 'reasoning-stop' },
      { type: 'text-start' },
      { type: 'text', text: 'x' },
      { type: 'reasoning-start', kind: 'summary', index: 0, at, resumed: true },
      { type: 'reasoning', text: 'c' },
      { type: 'reasoning-stop' },
      { type: 'reasoning-start', kind: 'thinking', index: 1, at },
      { type: 'reasoning', text: 'd' },
      { type: 'reasoning-stop' },
    ],
    [
      { reasoning_content: 'a' },
      { reasoning_content: '\n\nb' },
      { content: 'x' },
      { reasoning_content: 'c' },
      { reasoning_content: '\n\nd' },
    ],
  ],
  [
    'empty strings are not sent',
    [
      { type: 'text', text: '' },
      { type: 'reasoning', text: '' },
      { type: 'refusal', text: '' },
      { type: 'tool-input', index: 0, text: '' },
    ],
    [],
  ],
]

function citation() {
  return {
    type: 'url_citation' as const,
    url_citation: { start_index: 0, end_index: 1, title: 'T', url: 'https://a' },
  }
}

for (const [row, deltas, expected] of rows) {
  test(`§3 ${row}`, async () => {
    const { chunks, done } = chunksOf(await sseOf([start, ...deltas, stop]))

    assert.deepEqual(told(chunks), [role, ...expected, 'stop'])
    assert.ok(done)
  })
}

test('§1.2, §3, §6.3 a stream is written exactly as the skeleton says: no system_fingerprint', async () => {
  const deltas: Delta[] = [
    { ...start, createdSeconds: 5 },
    { type: 'text', text: 'Hi "you"\n' },
    {
      type: 'usage',
      usage: { ...usage, cachedTokens: 0, cacheWriteTokens: 3, reasoningTokens: 2 },
    },
    { ...stop, serviceTier: 'default' },
  ]
  const head = {
    id: 'chatcmpl-msg_1',
    object: 'chat.completion.chunk',
    created: 5,
    model: 'the-model',
  }
  const choice = { index: 0, delta: {}, logprobs: null, finish_reason: null }
  const tier = { service_tier: 'default' }
  const tokens = {
    prompt_tokens: 10,
    completion_tokens: 7,
    total_tokens: 17,
    prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 3 },
    completion_tokens_details: { reasoning_tokens: 2 },
  }
  const chunks = [
    { ...head, choices: [{ ...choice, delta: role }], usage: null },
    { ...head, choices: [{ ...choice, delta: { content: 'Hi "you"\n' } }], usage: null },
    { ...head, ...tier, choices: [{ ...choice, finish_reason: 'stop' }], usage: null },
    { ...head, ...tier, choices: [], usage: tokens },
  ]

  const expected = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')
  assert.equal(await sseOf(deltas), `${expected}data: [DONE]\n\n`)
})

test('§3 without include_usage no chunk has usage, but the outcome has', async () => {
  const context = answerContext({ includeUsage: false })
  const outcome = new AnswerOutcome()
  const sse = await sseOf([start, { type: 'usage', usage }, stop], context, outcome)

  assert.ok(chunksOf(sse).chunks.every((chunk) => !('usage' in chunk)))
  assert.deepEqual(seen(outcome), { usage, stopReason: 'stop', failure: undefined })
})

test('§3 the stream has no usage chunk when the upstream reported none', async () => {
  const { chunks } = chunksOf(await sseOf([start, stop]))

  assert.deepEqual(
    chunks.map((chunk) => [chunk.choices.length, chunk.usage]),
    [
      [1, null],
      [1, null],
    ],
  )
})

test('§3 log probabilities are on the chunk of their text', async () => {
  const logprobs = [{ token: 'a', logprob: -1 }]
  const { chunks } = chunksOf(await sseOf([start, { type: 'text', text: 'a', logprobs }, stop]))

  assert.deepEqual(chunks[1]?.choices[0]?.logprobs, { content: logprobs, refusal: null })
})

test('§8.1 output_text.logprobs only go to a client that asked for them', async () => {
  const deltas: Delta[] = [start, { type: 'text', text: 'a', logprobs: [{ token: 'a' }] }, stop]
  const { chunks } = chunksOf(await sseOf(deltas, answerContext({ logprobs: false })))

  assert.ok(chunks.every(({ choices }) => choices.every(({ logprobs }) => logprobs === null)))
})

test('§3 legacy functions: the first call only, as function_call', async () => {
  const deltas: Delta[] = [
    start,
    { type: 'tool-start', index: 0, kind: 'function', id: 'c', name: 'f' },
    { type: 'tool-input', index: 0, text: '{}' },
    { type: 'tool-start', index: 1, kind: 'function', id: 'd', name: 'g' },
    { type: 'tool-input', index: 1, text: '{}' },
    { type: 'stop', reason: 'tool-calls' },
  ]
  const { chunks } = chunksOf(await sseOf(deltas, answerContext({ legacyFunctions: true })))

  assert.deepEqual(told(chunks), [
    role,
    { function_call: { name: 'f', arguments: '' } },
    { function_call: { arguments: '{}' } },
    'function_call',
  ])
})

for (const [reason, expected] of [
  ['stop', 'stop'],
  ['stop-sequence', 'stop'],
  ['length', 'length'],
  ['tool-calls', 'tool_calls'],
  ['content-filter', 'content_filter'],
] as const) {
  test(`§3 an answer that stopped for ${reason} finishes with ${expected}`, async () => {
    const { chunks } = chunksOf(await sseOf([start, { type: 'stop', reason }]))

    assert.equal(told(chunks).at(-1), expected)
  })
}

test('§1.2 an answer without an id gets the one handed in', async () => {
  const { chunks } = chunksOf(await sseOf([{ type: 'start', id: undefined }, stop]))

  assert.deepEqual(
    new Set(chunks.map(({ id, created }) => `${id} ${created}`)),
    new Set(['chatcmpl-fallback 1700000000']),
  )
})

test('§3 half a surrogate pair is escaped, so that the pair comes out whole', async () => {
  const halves: Delta[] = [
    { type: 'text', text: '\ud83d' },
    { type: 'text', text: '\ude00' },
  ]
  const sse = await sseOf([start, ...halves, stop])

  assert.match(sse, /\\ud83d/)
  assert.equal(
    told(chunksOf(sse).chunks)
      .map((delta) => (typeof delta === 'object' ? (delta.content ?? '') : ''))
      .join(''),
    '😀',
  )
})

test('a model id that looks like a chunk cannot change one', async () => {
  const requestedModel = '","choices":[{"delta":{}'
  const { chunks } = chunksOf(
    await sseOf([start, { type: 'text', text: 'a' }, stop], answerContext({ requestedModel })),
  )

  assert.deepEqual(told(chunks), [role, { content: 'a' }, 'stop'])
  assert.equal(chunks[1]?.model, requestedModel)
})

test('§10.3 a failure before any chunk was due writes nothing', async () => {
  const outcome = new AnswerOutcome()
  const failure = new ProxyError(529, 'overloaded', 'M', { type: 'overloaded_error' })
  const deltas: Delta[] = [start, { type: 'usage', usage }, { type: 'failure', failure }]

  assert.equal(await sseOf(deltas, answerContext(), outcome), '')
  assert.deepEqual(seen(outcome), { usage, stopReason: undefined, failure })
})

test('§10.4 a failure after the first chunk ends the output with no finish and no [DONE]', async () => {
  const outcome = new AnswerOutcome()
  const failure = new ProxyError(500, null, 'M', { type: 'api_error' })
  const deltas: Delta[] = [start, { type: 'text', text: 'a' }, { type: 'failure', failure }, stop]
  const { chunks, done } = chunksOf(await sseOf(deltas, answerContext(), outcome))

  assert.deepEqual(told(chunks), [role, { content: 'a' }])
  assert.ok(!done)
  assert.equal(outcome.failure, failure)
})

test('§10.1, §10.4 the error event is one line in the envelope', () => {
  const failure = new ProxyError(500, null, 'a\nb', { type: 'api_error' })

  assert.equal(
    chatErrorEvent(failure),
    'data: {"error":{"message":"a\\nb","type":"api_error","param":null,"code":null}}\n\n',
  )
})
