import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Delta } from '../../../../pipelines/neutral/delta.ts'
import { truncatedAnswer } from '../../../../pipelines/errors.ts'
import { AnswerOutcome } from '../../../../pipelines/stages/serialise.ts'
import type { ChatCompletionMessage } from '../../../../pipelines/wire/chat.ts'
import { answerContext, bodyOf } from './chat-answers.ts'

const start: Delta = { type: 'start', id: 'msg_1', createdSeconds: 5 }
const stop: Delta = { type: 'stop', reason: 'stop' }

function call(index: number, kind: 'function' | 'custom', ...pieces: string[]): Delta[] {
  return [
    { type: 'tool-start', index, kind, id: `c${index}`, name: 'f' },
    ...pieces.map((text): Delta => ({ type: 'tool-input', index, text })),
    { type: 'tool-stop', index },
  ]
}

const rows: [row: string, deltas: Delta[], message: Partial<ChatCompletionMessage>][] = [
  ['nothing at all is ""', [], { content: '' }],
  [
    'texts concatenate',
    [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ],
    { content: 'ab' },
  ],
  ['a refusal without text', [{ type: 'refusal', text: 'No' }], { content: null, refusal: 'No' }],
  [
    'tool calls without text',
    [...call(0, 'function', '{"a"', ':1}'), ...call(1, 'custom', 'x')],
    {
      content: null,
      tool_calls: [
        { id: 'c0', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
        { id: 'c1', type: 'custom', custom: { name: 'f', input: 'x' } },
      ],
    },
  ],
  [
    'reasoning in both forms',
    [
      { type: 'reasoning-start', kind: 'summary', index: 0, at: { content: 0, tools: 0 } },
      { type: 'reasoning', text: 'a' },
      { type: 'reasoning-part' },
      { type: 'reasoning', text: 'b' },
      {
        type: 'reasoning-stop',
        reasoning: { kind: 'summary', text: '', seal: { data: 'x' } },
      },
    ],
    {
      content: '',
      reasoning_content: 'a\n\nb',
      reasoning_details: [{ type: 'reasoning.encrypted', data: 'x' }],
    },
  ],
]

for (const [row, deltas, message] of rows) {
  test(`§3 body: ${row}`, () => {
    const completion = bodyOf([start, ...deltas, stop], answerContext())

    assert.deepEqual(completion, {
      id: 'chatcmpl-msg_1',
      object: 'chat.completion',
      created: 5,
      model: 'the-model',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', refusal: null, ...message },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
    })
  })
}

test('§3 body: legacy functions', () => {
  const deltas: Delta[] = [
    start,
    ...call(0, 'function', '{}'),
    ...call(1, 'function', '{}'),
    { type: 'stop', reason: 'tool-calls' },
  ]
  const [choice] = bodyOf(deltas, answerContext({ legacyFunctions: true }))?.choices ?? []

  assert.deepEqual(choice?.message, {
    role: 'assistant',
    content: null,
    refusal: null,
    function_call: { name: 'f', arguments: '{}' },
  })
  assert.equal(choice.finish_reason, 'function_call')
})

test('§3, §6.3, §8.2 body: usage, service tier and log probabilities', () => {
  const completion = bodyOf(
    [
      start,
      { type: 'text', text: 'a', logprobs: [1] },
      { type: 'text', text: 'b', logprobs: [2] },
      { type: 'usage', usage: { inputTokens: 3, outputTokens: 4, cachedTokens: 2 } },
      { ...stop, serviceTier: 'flex' },
    ],
    answerContext(),
  )

  assert.equal(completion?.service_tier, 'flex')
  assert.deepEqual(completion.choices[0]?.logprobs, { content: [1, 2], refusal: null })
  assert.deepEqual(completion.usage, {
    prompt_tokens: 3,
    completion_tokens: 4,
    total_tokens: 7,
    prompt_tokens_details: { cached_tokens: 2 },
  })
})

test('a failure gives no body, but an outcome', () => {
  const failure = truncatedAnswer()
  const outcome = new AnswerOutcome()
  const deltas: Delta[] = [start, { type: 'text', text: 'a' }, { type: 'failure', failure }]

  assert.equal(bodyOf(deltas, answerContext(), outcome), undefined)
  assert.equal(outcome.failure, failure)
})
