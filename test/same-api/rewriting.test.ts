/** What the operator's settings do to a transparent request, row by row, and that they never make it invalid. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Model } from '../../lib/config/types.ts'
import { JsonDocument } from '../../pipelines/json/document.ts'
import { rewriteMessages } from '../../pipelines/providers/anthropic/rewrite.ts'
import { rewriteResponses } from '../../pipelines/providers/openai/rewrite.ts'
import { sentText } from './sent-text.ts'

type Json = Record<string, unknown>

interface Setting {
  model?: Partial<Model>
  prompt?: string
  beta?: string
  subPath?: string
}

const prompt = 'You are Droid.\n\n'
const ours = { type: 'text', text: prompt }

function rewrite(
  api: typeof rewriteMessages,
  body: Json,
  { model, prompt: systemPrompt = '', beta, subPath = '' }: Setting,
) {
  const type = api === rewriteMessages ? 'anthropic' : 'openai'
  const id = String(body.model)
  const document = JsonDocument.parse(Buffer.from(JSON.stringify(body)))
  const headers = api(document, {
    model: { name: id, id, type, reasoning: 'auto', ...model },
    systemPrompt,
    headers: beta === undefined ? {} : { 'anthropic-beta': beta },
    subPath,
    stream: false,
  })
  return { body: JSON.parse(sentText(document)) as Json, headers }
}

const hi = { role: 'user', content: 'hi' }
const claude = { model: 'claude-sonnet-4-5', max_tokens: 32_000, messages: [hi] }
const opus = { ...claude, model: 'claude-opus-4-8' }
const edits = (...types: string[]) => ({ edits: types.map((type) => ({ type })) })
const toolLoop = [
  hi,
  { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: {} }] },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'x' }] },
]
const thinkingLoop = [
  hi,
  {
    role: 'assistant',
    content: [
      { type: 'thinking', thinking: 'a', signature: 's' },
      { type: 'tool_use', id: 't', name: 'f', input: {} },
    ],
  },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'x' }] },
]

/** `change` is what the body becomes beside what it was; undefined takes a member out. */
const messagesRows: [what: string, body: Json, setting: Setting, change: Json, beta?: string][] = [
  [
    'auto and no prompt: nothing',
    { ...claude, thinking: { type: 'enabled', budget_tokens: 31_999 } },
    {},
    {},
  ],
  ['an upstream id', claude, { model: { upstream_id: 'other' } }, { model: 'other' }],
  ['the prompt where there is none', claude, { prompt }, { system: [ours] }],
  ['the prompt for an empty system', { ...claude, system: ' ' }, { prompt }, { system: [ours] }],
  [
    'the prompt before a string',
    { ...claude, system: 'Be "nice".' },
    { prompt },
    { system: [ours, { type: 'text', text: 'Be "nice".' }] },
  ],
  [
    'the prompt before blocks, with their cache_control',
    { ...claude, system: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] },
    { prompt },
    { system: [ours, { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] },
  ],
  ['the prompt before no blocks', { ...claude, system: [] }, { prompt }, { system: [ours] }],
  ['the prompt once, as a string', { ...claude, system: `${prompt}More.` }, { prompt }, {}],
  [
    'the prompt once, as any block',
    { ...claude, system: [{ type: 'text', text: 'id' }, ours] },
    { prompt },
    {},
  ],
  ['a form nobody knows stays for the API to refuse', { ...claude, system: 3 }, { prompt }, {}],
  [
    'a continued thread: no prompt, no level',
    { ...claude, thread: { type: 'continue', previous_message_id: 'm' } },
    { prompt, model: { reasoning: 'high' } },
    {},
  ],
  [
    'a new thread: both',
    { ...claude, thread: { type: 'create' } },
    { prompt, model: { reasoning: 'low' } },
    { system: [ours], thinking: { type: 'enabled', budget_tokens: 4096 } },
    'interleaved-thinking-2025-05-14',
  ],
  [
    'a level on a model with budgets',
    claude,
    { model: { reasoning: 'medium' }, beta: 'a,b' },
    { thinking: { type: 'enabled', budget_tokens: 12_288 } },
    'a,b,interleaved-thinking-2025-05-14',
  ],
  [
    'a level above max_tokens lifts it',
    { ...claude, max_tokens: 8000 },
    { model: { reasoning: 'high' } },
    { max_tokens: 32_576, thinking: { type: 'enabled', budget_tokens: 24_576 } },
    'interleaved-thinking-2025-05-14',
  ],
  [
    'a limit above the cap is the client’s own',
    { ...claude, max_tokens: 128_000 },
    { model: { reasoning: 'low' } },
    { thinking: { type: 'enabled', budget_tokens: 4096 } },
    'interleaved-thinking-2025-05-14',
  ],
  [
    'a level on an adaptive model',
    opus,
    { model: { reasoning: 'low' } },
    { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'low' } },
    'interleaved-thinking-2025-05-14',
  ],
  [
    'the client’s own adaptive form and format stay',
    {
      ...opus,
      thinking: { type: 'adaptive' },
      output_config: { effort: 'max', format: { type: 'json_schema' } },
    },
    { model: { reasoning: 'low' } },
    { output_config: { effort: 'low', format: { type: 'json_schema' } } },
    'interleaved-thinking-2025-05-14',
  ],
  [
    'sampling goes when thinking comes',
    { ...claude, temperature: 0.3, top_p: 0.5, top_k: 3 },
    { model: { reasoning: 'low' } },
    {
      temperature: undefined,
      top_p: undefined,
      top_k: undefined,
      thinking: { type: 'enabled', budget_tokens: 4096 },
    },
    'interleaved-thinking-2025-05-14',
  ],
  [
    'sampling that thinking allows stays',
    { ...claude, temperature: 1, top_p: 0.97 },
    { model: { reasoning: 'low' } },
    { thinking: { type: 'enabled', budget_tokens: 4096 } },
    'interleaved-thinking-2025-05-14',
  ],
  [
    'a forced tool with a budget: no thinking',
    { ...claude, tool_choice: { type: 'any' } },
    { model: { reasoning: 'low' }, beta: 'x' },
    {},
  ],
  [
    'a forced tool on an adaptive model: thinking',
    { ...opus, tool_choice: { type: 'any' } },
    { model: { reasoning: 'low' } },
    { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'low' } },
    'interleaved-thinking-2025-05-14',
  ],
  [
    'a tool loop without its thinking: none',
    { ...claude, messages: toolLoop },
    { model: { reasoning: 'low' } },
    {},
  ],
  [
    'a tool loop without its thinking, with a system message: none',
    { ...claude, messages: [...toolLoop, { role: 'system', content: 'x' }] },
    { model: { reasoning: 'low' } },
    {},
  ],
  [
    'a tool loop with its thinking: thinking',
    { ...claude, messages: thinkingLoop },
    { model: { reasoning: 'low' } },
    { thinking: { type: 'enabled', budget_tokens: 4096 } },
    'interleaved-thinking-2025-05-14',
  ],
  [
    'a prefill: no thinking',
    { ...claude, messages: [hi, { role: 'assistant', content: 'a' }] },
    { model: { reasoning: 'low' } },
    {},
  ],
  [
    'off takes thinking out, and the edit that needs it',
    {
      ...claude,
      thinking: { type: 'enabled', budget_tokens: 9 },
      context_management: edits('clear_thinking_20251015', 'clear_tool_uses_20250919'),
    },
    { model: { reasoning: 'off' }, beta: 'a, interleaved-thinking-2025-05-14 ,b' },
    { thinking: undefined, context_management: edits('clear_tool_uses_20250919') },
    'a,b',
  ],
  [
    'off leaves no empty list of edits',
    { ...claude, context_management: edits('clear_thinking_20251015') },
    { model: { reasoning: 'off' } },
    { context_management: undefined },
  ],
  [
    'off on a continued thread',
    { ...claude, thread: { type: 'continue' }, thinking: { type: 'adaptive' } },
    { model: { reasoning: 'off' } },
    { thinking: undefined },
  ],
  [
    'off for a model that thinks by itself',
    { ...claude, model: 'claude-sonnet-5' },
    { model: { reasoning: 'off' } },
    { thinking: { type: 'disabled' } },
  ],
  [
    'off for a model that always thinks',
    { ...claude, model: 'claude-opus-5-5' },
    { model: { reasoning: 'off' } },
    { output_config: { effort: 'low' } },
  ],
  [
    'count_tokens gets thinking and the prompt, no other field',
    { model: 'claude-sonnet-4-5', messages: [hi] },
    { prompt, subPath: '/count_tokens', model: { reasoning: 'low' } },
    { system: [ours], thinking: { type: 'enabled', budget_tokens: 4096 } },
    'interleaved-thinking-2025-05-14',
  ],
  [
    'a budget model takes no effort, which was meant for another',
    { ...claude, thinking: { type: 'adaptive' }, output_config: { effort: 'medium' } },
    { model: { reasoning: 'low' } },
    { thinking: { type: 'enabled', budget_tokens: 4096 }, output_config: undefined },
    'interleaved-thinking-2025-05-14',
  ],
  [
    'nor with off; its format stays',
    { ...claude, output_config: { effort: 'medium', format: { type: 'json_schema' } } },
    { model: { reasoning: 'off' } },
    { output_config: { format: { type: 'json_schema' } } },
  ],
  ['fast', claude, { model: { fast: true }, beta: 'a' }, {}, 'a,fast-mode-2026-02-01'],
  [
    'fast, but the client chose',
    { ...claude, speed: 'standard' },
    { model: { fast: true }, beta: 'a' },
    {},
  ],
]

for (const [what, given, setting, change, beta] of messagesRows) {
  test(`messages: ${what}`, () => {
    const { body, headers } = rewrite(rewriteMessages, given, setting)

    const expected = { ...given, ...change }
    for (const [name, member] of Object.entries(expected))
      if (member === undefined) delete expected[name as never]
    assert.deepEqual(body, expected)
    assert.deepEqual(headers, beta === undefined ? {} : { 'anthropic-beta': beta })
  })
}

test('off takes the only beta, and with it the header', () => {
  const { headers } = rewrite(rewriteMessages, claude, {
    model: { reasoning: 'off' },
    beta: 'interleaved-thinking-2025-05-14',
  })

  assert.deepEqual(headers, { 'anthropic-beta': undefined })
})

test('whatever level is injected, a budget fits below max_tokens', () => {
  const models = [
    'claude-sonnet-4-5',
    'claude-opus-4-1',
    'claude-3-5-haiku',
    'claude-opus-4-8',
    'x',
  ]
  const levels = ['low', 'medium', 'high'] as const
  fc.assert(
    fc.property(
      fc.constantFrom(...models),
      fc.constantFrom(...levels),
      fc.integer({ min: 1, max: 200_000 }),
      fc.option(fc.integer({ min: 2000, max: 100_000 }), { nil: undefined }),
      (model, reasoning, limit, cap) => {
        const { body } = rewrite(
          rewriteMessages,
          { ...claude, model, max_tokens: limit },
          { model: { reasoning, ...(cap && { max_output_tokens: cap }) } },
        )

        const { thinking, max_tokens: max } = body as {
          thinking?: { type: string; budget_tokens: number }
          max_tokens: number
        }
        assert.ok(max >= limit)
        if (thinking?.type !== 'enabled') return
        assert.ok(thinking.budget_tokens >= 1024 && thinking.budget_tokens < max)
      },
    ),
    { numRuns: 1000 },
  )
})

const gpt = { model: 'gpt-5.1', input: 'x' }

const responsesRows: [what: string, body: Json, setting: Setting, change: Json][] = [
  [
    'auto and no prompt: nothing',
    { ...gpt, reasoning: { effort: 'high' }, temperature: 1 },
    {},
    {},
  ],
  ['the prompt where there is none', gpt, { prompt }, { instructions: prompt }],
  [
    'the prompt before the client’s',
    { ...gpt, instructions: 'Be "nice".' },
    { prompt },
    { instructions: `${prompt}Be "nice".` },
  ],
  [
    'a blank line between',
    { ...gpt, instructions: 'b' },
    { prompt: 'a' },
    { instructions: 'a\n\nb' },
  ],
  ['the prompt once', { ...gpt, instructions: `${prompt}b` }, { prompt }, {}],
  [
    'a level keeps the client’s kind of summary',
    { ...gpt, reasoning: { effort: 'high', summary: 'detailed' } },
    { model: { reasoning: 'low' } },
    { reasoning: { effort: 'low', summary: 'detailed' } },
  ],
  [
    'a level brings a summary',
    { ...gpt, reasoning: { summary: null } },
    { model: { reasoning: 'low' } },
    { reasoning: { effort: 'low', summary: 'auto' } },
  ],
  [
    'a level takes sampling out',
    { ...gpt, temperature: 0, top_p: 1 },
    { model: { reasoning: 'low' } },
    { temperature: undefined, top_p: undefined, reasoning: { effort: 'low', summary: 'auto' } },
  ],
  [
    'off',
    { ...gpt, reasoning: { effort: 'high' } },
    { model: { reasoning: 'off' } },
    { reasoning: undefined },
  ],
  ['fast', gpt, { model: { fast: true } }, { service_tier: 'priority' }],
  ['fast, but the client chose', { ...gpt, service_tier: 'flex' }, { model: { fast: true } }, {}],
  [
    'compact takes instructions and nothing else',
    gpt,
    { prompt, subPath: '/compact', model: { reasoning: 'low', fast: true } },
    { instructions: prompt },
  ],
  [
    'other sub-paths take nothing',
    gpt,
    { prompt, subPath: '/resp_1/cancel', model: { reasoning: 'low' } },
    {},
  ],
]

for (const [what, given, setting, change] of responsesRows) {
  test(`responses: ${what}`, () => {
    const { body, headers } = rewrite(rewriteResponses, given, setting)

    const expected = { ...given, ...change }
    for (const [name, member] of Object.entries(expected))
      if (member === undefined) delete expected[name as never]
    assert.deepEqual(body, expected)
    assert.deepEqual(headers, {})
  })
}
