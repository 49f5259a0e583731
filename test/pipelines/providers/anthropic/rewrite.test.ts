/** What the operator's settings do to a Messages request: byte for byte, and in the odd corners. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { capabilityOf } from '../../../../pipelines/providers/anthropic/capability.ts'
import type { Model, ReasoningLevel } from '../../../../lib/config/types.ts'
import { JsonDocument } from '../../../../pipelines/json/document.ts'
import { rewriteMessages } from '../../../../pipelines/providers/anthropic/rewrite.ts'
import { sentText } from '../../../same-api/sent-text.ts'

type Body = Record<string, unknown>

interface Options extends Partial<Model> {
  systemPrompt?: string
  betas?: string
  subPath?: string
}

function modelEntry(entry: Partial<Model>): Model {
  const id = entry.id ?? 'claude-sonnet-4-5'
  return { name: id, id, type: 'anthropic', reasoning: 'auto', ...entry }
}

function rewrite(text: string, { systemPrompt = '', betas, subPath = '', ...entry }: Options) {
  const bytes = Buffer.from(text)
  const document = JsonDocument.parse(bytes)
  const headers = rewriteMessages(document, {
    model: modelEntry(entry),
    systemPrompt,
    headers: betas === undefined ? {} : { 'anthropic-beta': betas },
    subPath,
    stream: false,
  })
  return { headers, text: sentText(document), isSame: document.pieces()[0] === bytes }
}

/** The request a client sends when it has no wishes. */
const plain: Body = {
  model: 'claude-sonnet-4-5',
  max_tokens: 32_000,
  messages: [{ role: 'user', content: 'hi' }],
}

const prompt = 'You are Droid.\n\n'
const front = '{"type":"text","text":"You are Droid.\\n\\n"}'
/** The client's own block: spaces, escapes and its cache mark, which must all stay. */
const own = String.raw`{ "text":"\u00e9 \/", "type":"text","cache_control":{"type":"ephemeral"} }`
const systems: [title: string, system: string | undefined, expected: string | undefined][] = [
  ['no system', undefined, `[${front}]`],
  ['null', 'null', `[${front}]`],
  ['an empty string', '""', `[${front}]`],
  ['an empty array', '[ ]', `[${front}]`],
  [
    'a string, whose bytes stay',
    String.raw`"caf\u00e9 \/"`,
    String.raw`[${front},{"type":"text","text":"caf\u00e9 \/"}]`,
  ],
  ['blocks, whose bytes and cache marks stay', `[ ${own}, ${own}]`, `[${front}, ${own}, ${own}]`],
  ['a string that begins with it', String.raw`"You are Droid.\n\nMore"`, undefined],
  ['a string that is it without the line ends', '"You are Droid."', undefined],
  ['a block that is it', `[${front}, ${own}]`, undefined],
  ['it in a later block', `[${own},${front}]`, undefined],
  [
    'a block that is it, with an escape',
    String.raw`[{"type":"text","text":"Y\u006fu are Droid.\n\n"}]`,
    undefined,
  ],
  ['a form that is the API’s to refuse', '17', undefined],
]
for (const [title, system, expected] of systems) {
  test(`§14 the operator’s prompt is in front once: ${title}`, () => {
    const member = (json: string | undefined) => (json === undefined ? '' : `"system":${json},`)
    const rest = '"model":"claude-sonnet-4-5","x":1.0}'
    const sent = rewrite(`{${member(system)}${rest}`, { systemPrompt: prompt })
    assert.equal(sent.text, `{${member(expected ?? system)}${rest}`)
    assert.equal(sent.isSame, expected === undefined)
    const again = rewrite(sent.text, { systemPrompt: prompt })
    assert.equal(again.isSame, true)
  })
}

for (const odd of ['数据 first', '/ a slash', '"quoted" words', 'One\\two']) {
  test(`§14 a prompt that begins with what JSON writes in several ways is in front once, too: ${odd}`, () => {
    const its = JSON.stringify({ type: 'text', text: odd })
    const [mine, rest] = ['{"type":"text","text":"mine"}', '"model":"claude-sonnet-4-5"}']
    const sent = rewrite(`{"system":[${mine}],${rest}`, { systemPrompt: odd })
    assert.equal(sent.text, `{"system":[${its},${mine}],${rest}`)
    for (const text of [sent.text, sent.text.replaceAll('/', String.raw`\/`)]) {
      assert.equal(rewrite(text, { systemPrompt: odd }).isSame, true)
    }
  })
}

test('our own block never has a cache mark: clients use all four', () => {
  const sent = rewrite(`{"system":[${own},${own},${own},${own}]}`, { systemPrompt: prompt })
  assert.equal(sent.text.match(/cache_control/g)?.length, 4)
  assert.ok(sent.text.includes(`"system":[${front},`))
})

/** What Claude Code sends to claude-opus-4-8, in small. */
const claudeCodeBody = String.raw`{"model":"claude-opus-4-8", "messages":[{"role":"user","content":[
{"type":"text","text":"hi \u2014 caf\u00e9","cache_control":{"type":"ephemeral","ttl":"1h"}}]},
{"role":"system","content":"mid \/ way"}],"system":[{"type":"text","text":"x"},
{"type":"text","text":"You are Claude Code","cache_control":{"type":"ephemeral"}}],"tools":[],
"metadata":{"user_id":"{\"device_id\":\"d\"}"},"max_tokens":6.4e4,"thinking":{"type":"adaptive"},
"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},
"output_config":{"effort":"medium"},"stream":true,"1":0.10}`
const claudeCodeBetas =
  'claude-code-20250219, interleaved-thinking-2025-05-14,context-management-2025-06-27,' +
  'mid-conversation-system-2026-04-07,effort-2025-11-24'

test('auto leaves a request of Claude Code and its betas byte for byte', () => {
  const id = 'claude-opus-4-8'
  const sent = rewrite(claudeCodeBody, { id, betas: claudeCodeBetas })
  assert.equal(sent.isSame, true)
  assert.deepEqual(sent.headers, {})
})

test('off takes thinking, its edit and its beta from Claude Code’s request, no more', () => {
  const id = 'claude-opus-4-8'
  const sent = rewrite(claudeCodeBody, { id, betas: claudeCodeBetas, reasoning: 'off' })
  const expected = claudeCodeBody
    .replace(',"thinking":{"type":"adaptive"}', '')
    .replace(/,\n"context_management":.*,\n/, ',\n')
  assert.equal(sent.text.replaceAll('\n', ''), expected.replaceAll('\n', ''))
  assert.deepEqual(sent.headers, {
    'anthropic-beta':
      'claude-code-20250219,context-management-2025-06-27,' +
      'mid-conversation-system-2026-04-07,effort-2025-11-24',
  })
})

interface Row extends Options {
  title: string
  body?: Body
  /** what differs from the client's request; `undefined` for what is taken out */
  changes: Body
}

const enabled = (budget: number) => ({ type: 'enabled', budget_tokens: budget })
const clearThinking = { type: 'clear_thinking_20251015', keep: 'all' }
const clearTools = { type: 'clear_tool_uses_20250919' }
const high = { reasoning: 'high' } as const
const off = { reasoning: 'off' } as const
const countTokens = { subPath: '/count_tokens', body: { max_tokens: undefined } }
const adaptive = { type: 'adaptive', display: 'summarized' }

const rows: Row[] = [
  {
    title: 'a level overrules the client’s own budget',
    reasoning: 'low',
    body: { thinking: enabled(31_999) },
    changes: { thinking: enabled(4096) },
  },
  {
    title: 'a budget of the client’s is none for an adaptive model',
    ...high,
    id: 'claude-opus-4-8',
    body: { thinking: enabled(31_999) },
    changes: { thinking: adaptive, output_config: { effort: 'high' } },
  },
  {
    title: 'off on a model that only thinks between tools',
    ...off,
    id: 'claude-sonnet-5-5',
    changes: { thinking: { type: 'between_tools' } },
  },
  {
    title: 'off takes only the thinking edit out',
    ...off,
    body: { temperature: 0.2, context_management: { edits: [clearThinking, clearTools], x: 1 } },
    changes: { context_management: { edits: [clearTools], x: 1 } },
  },
  {
    title: 'a level keeps the thinking edit',
    ...high,
    body: { context_management: { edits: [clearThinking] } },
    changes: { thinking: enabled(24_576) },
  },
  {
    title: 'with a named tool the client’s own thinking and its edit go',
    ...high,
    body: {
      tool_choice: { type: 'tool', name: 'f' },
      temperature: 0.2,
      thinking: enabled(2000),
      context_management: { edits: [clearThinking] },
    },
    changes: { thinking: undefined, context_management: undefined },
  },
  {
    title: 'a limit just over the budget stands, and the budget makes room',
    ...high,
    body: { max_tokens: 24_577 },
    changes: { thinking: enabled(23_553) },
  },
  {
    title: 'a low cap shrinks the budget',
    ...high,
    max_output_tokens: 9000,
    body: { max_tokens: 8000 },
    changes: { max_tokens: 9000, thinking: enabled(7976) },
  },
  {
    title: 'no budget fits a very low cap',
    ...high,
    max_output_tokens: 2000,
    body: { max_tokens: 2000 },
    changes: {},
  },
  {
    title: 'count_tokens takes no effort',
    ...high,
    ...countTokens,
    id: 'claude-opus-4-8',
    changes: { thinking: adaptive },
  },
  {
    title: 'count_tokens takes no effort for off either',
    ...off,
    ...countTokens,
    id: 'claude-opus-5-5',
    changes: {},
  },
  {
    title: 'a continued thread gets the model and nothing else',
    ...high,
    systemPrompt: prompt,
    upstream_id: 'real',
    body: { thread: { type: 'continue', previous_message_id: 'msg_1' }, temperature: 0.2 },
    changes: { model: 'real' },
  },
]
for (const { title, body, changes, ...options } of rows) {
  test(`§14 the body: ${title}`, () => {
    const request = { ...plain, model: options.id ?? plain.model, ...body }
    const sent = rewrite(JSON.stringify(request), options)
    assert.deepEqual(JSON.parse(sent.text), asSent({ ...request, ...changes }))
  })
}

function asSent(body: Body): unknown {
  return JSON.parse(JSON.stringify(body))
}

const interleaved = 'interleaved-thinking-2025-05-14'
const fastBeta = 'fast-mode-2026-02-01'
interface BetaRow extends Options {
  title: string
  body?: Body
  /** left out: the client's own header stays as it is */
  sent?: string | undefined
}
const betaRows: BetaRow[] = [
  { title: 'auto leaves an odd list alone', betas: ' a,,b, a ' },
  { title: 'a level adds it once', ...high, betas: `a,${interleaved}` },
  {
    title: 'off takes exactly one out',
    ...off,
    betas: `a,${interleaved},b-${interleaved}`,
    sent: `a,b-${interleaved}`,
  },
  {
    title: 'thinking given up takes it out',
    ...high,
    betas: `a,${interleaved}`,
    body: { tool_choice: { type: 'any' } },
    sent: 'a',
  },
  { title: 'fast goes with a level', fast: true, ...high, sent: `${fastBeta},${interleaved}` },
  { title: 'fast goes with off', fast: true, ...off, betas: interleaved, sent: fastBeta },
  { title: 'the client chose a fast mode', fast: true, betas: 'fast-mode-2027-01-01' },
]
for (const { title, body, ...options } of betaRows) {
  test(`the beta list: ${title}`, () => {
    const { sent, ...others } = options
    const { headers } = rewrite(JSON.stringify({ ...plain, ...body }), others)
    assert.deepEqual(headers, 'sent' in options ? { 'anthropic-beta': sent } : {})
  })
}

for (const max_tokens of [0, 1]) {
  for (const id of ['claude-haiku-4-5', 'claude-opus-4-8', 'claude-haiku-5-5', 'glm-4.6']) {
    for (const reasoning of ['off', 'low', 'high', 'max'] as const) {
      test(`T21: max_tokens ${max_tokens} on ${id} at ${reasoning} is left alone`, () => {
        const body = { ...plain, model: id, max_tokens, output_config: { effort: 'low' } }
        const { text, headers, isSame } = rewrite(JSON.stringify(body), { id, reasoning })

        assert.ok(isSame, text)
        assert.deepEqual(headers, {})
      })
    }
  }
}

test('T16: the operator’s level goes up as the model knows it', () => {
  const sent = (id: string, reasoning: ReasoningLevel) =>
    JSON.parse(rewrite(JSON.stringify({ ...plain, model: id }), { id, reasoning }).text) as Body

  assert.deepEqual(sent('claude-opus-4-8', 'xhigh').output_config, { effort: 'xhigh' })
  assert.deepEqual(sent('claude-opus-4-6', 'xhigh').output_config, { effort: 'high' })
  assert.deepEqual(sent('claude-opus-4-8', 'minimal').output_config, { effort: 'low' })
  assert.deepEqual(sent('claude-haiku-4-5', 'max').thinking, {
    type: 'enabled',
    budget_tokens: 24_576,
  })
})

test('whatever the limit, level and model: 1024 <= budget < max_tokens <= cap', () => {
  const ids = [
    'claude-sonnet-4-5',
    'claude-opus-4-1',
    'claude-3-7-sonnet',
    'glm-4.6',
    'claude-opus-4-8',
  ]
  const levels = fc.constantFrom<ReasoningLevel>('minimal', 'low', 'medium', 'high', 'max')
  const limit = fc.oneof(fc.integer({ min: 1, max: 64_000 }), fc.constantFrom(4096, 4097, 24_576))
  const cap = fc.option(fc.integer({ min: 1, max: 64_000 }), { nil: undefined })
  const property = fc.property(
    fc.constantFrom(...ids),
    levels,
    limit,
    cap,
    (id, reasoning, wished, lower) => {
      const entry = { id, reasoning, ...(lower && { max_output_tokens: lower }) }
      const most = capabilityOf(modelEntry(entry)).maxOutputTokens ?? Infinity
      // A limit over the cap is the client's own fault, for the API to tell.
      const max_tokens = Math.min(wished, most)
      const sent = JSON.parse(rewrite(JSON.stringify({ ...plain, max_tokens }), entry).text) as {
        max_tokens: number
        thinking?: { type: string; budget_tokens: number }
      }
      assert.ok(sent.max_tokens >= max_tokens && sent.max_tokens <= most)
      if (sent.thinking?.type !== 'enabled') return
      assert.ok(sent.thinking.budget_tokens >= 1024)
      assert.ok(sent.thinking.budget_tokens < sent.max_tokens)
    },
  )
  fc.assert(property, { numRuns: 1000 })
})
