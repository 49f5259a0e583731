/** What a Messages request needs to be taken by another Claude than the one that its client named. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Model } from '../../../../lib/config/types.ts'
import { JsonDocument } from '../../../../pipelines/json/document.ts'
import { rewriteMessages } from '../../../../pipelines/providers/anthropic/rewrite.ts'
import { refusedMessages } from '../../../agent-loop/strict-messages.ts'
import { sentText } from '../../../same-api/sent-text.ts'

type Body = Record<string, unknown>

function sent(body: Body, entry: Partial<Model>, subPath = '') {
  const document = JsonDocument.parse(Buffer.from(JSON.stringify(body)))
  const id = entry.id ?? 'claude-sonnet-4-5'
  const model = { name: id, type: 'anthropic', reasoning: 'auto', ...entry, id } as const
  const headers = rewriteMessages(document, {
    model,
    systemPrompt: '',
    headers: { 'anthropic-beta': betas },
    subPath,
    stream: true,
  })
  return { headers, body: JSON.parse(sentText(document)) as Body }
}

const versioned = { 'anthropic-version': '2023-06-01' }
const betas = 'interleaved-thinking-2025-05-14,mid-conversation-system-2026-04-07'
const messages = [
  { role: 'user', content: 'Hi' },
  { role: 'system', content: 'Plan mode is on.' },
]

/** As Claude Code writes for the newest models. */
const toOpus: Body = {
  model: 'claude-opus-4-8',
  max_tokens: 100_000,
  messages,
  thinking: { type: 'adaptive', display: 'omitted' },
  output_config: { effort: 'high' },
  stream: true,
}

/** As it writes for older ones. */
const toSonnet: Body = {
  model: 'claude-sonnet-4-5',
  max_tokens: 32_000,
  messages: messages.slice(0, 1),
  thinking: { type: 'enabled', budget_tokens: 31_999 },
  temperature: 1,
  stream: true,
}

test('§14 a request for a model that thinks adaptively is taken by one that wants a budget', () => {
  const { body, headers } = sent(toOpus, { id: 'claude-sonnet-4-5' })

  assert.deepEqual(refusedMessages(body, { ...versioned, ...headers }, []), [])
  const { thinking, output_config, max_tokens } = body
  assert.deepEqual(thinking, { type: 'enabled', budget_tokens: 24_576, display: 'omitted' })
  assert.equal(output_config, undefined)
  assert.equal(max_tokens, 64_000)
  assert.deepEqual(body.messages, [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Hi' },
        { type: 'text', text: '<system-reminder>\nPlan mode is on.\n</system-reminder>' },
      ],
    },
  ])
})

test('§14 a request with a budget is taken by a model that thinks adaptively', () => {
  const { body, headers } = sent(toSonnet, { id: 'claude-opus-4-8' })

  assert.deepEqual(refusedMessages(body, { ...versioned, ...headers }, []), [])
  assert.equal((body.thinking as Body).type, 'adaptive')
  assert.equal(body.temperature, undefined)
})

test('§14 a system turn of blocks becomes reminders, with their marks', () => {
  const mark = { cache_control: { type: 'ephemeral' } }
  const system = { role: 'system', content: [{ type: 'text', text: 'Now.', ...mark }] }
  const answered = { role: 'assistant', content: 'Well?' }
  const body = { ...toOpus, messages: [messages[0], answered, system] }

  const told = (sent(body, { id: 'claude-sonnet-4-5' }).body.messages as Body[]).at(-1)

  const text = '<system-reminder>\nNow.\n</system-reminder>'
  assert.deepEqual(told, { role: 'user', content: [{ type: 'text', text, ...mark }] })
})

test('§14 thinking that a model cannot do goes out, with all that belongs to it', () => {
  const edits = [{ type: 'clear_thinking_20251015', keep: 'all' }]
  const loop = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'b', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'c' }] },
  ]
  const body = { ...toOpus, messages: loop, context_management: { edits } }

  const { body: fitted, headers } = sent(body, { id: 'claude-sonnet-4-5' })

  assert.equal(fitted.thinking, undefined)
  assert.equal(fitted.context_management, undefined)
  assert.deepEqual(headers, { 'anthropic-beta': 'mid-conversation-system-2026-04-07' })
})

test('§14 a forced choice is left free, among the one tool, where none is taken', () => {
  const tools = ['a', 'b'].map((name) => ({ name, input_schema: { type: 'object' } }))
  const tool_choice = { type: 'tool', name: 'b', disable_parallel_tool_use: true }

  const { body } = sent({ ...toSonnet, tools, tool_choice }, { id: 'claude-opus-5-5' })

  assert.deepEqual(body.tools, [tools[1]])
  assert.deepEqual(body.tool_choice, { type: 'auto', disable_parallel_tool_use: true })
})

test('§14 thinking switched off stays off, as far as the other model can', () => {
  const off = { ...toOpus, thinking: { type: 'disabled' }, output_config: undefined }
  const of = (id: string) => sent(off, { id }).body

  assert.deepEqual(of('claude-opus-5').thinking, { type: 'disabled' })
  const { thinking, output_config } = of('claude-opus-5-5')
  assert.deepEqual([thinking, output_config], [undefined, { effort: 'low' }])
})

test('§14 an effort becomes the nearest that the other model knows', () => {
  const body = { ...toOpus, output_config: { effort: 'xhigh' } }

  assert.deepEqual(sent(body, { id: 'claude-opus-4-6' }).body.output_config, { effort: 'high' })
})

test('§14 what the model itself was asked for, or a model nobody knows, goes up as it is', () => {
  const same = { ...toOpus, model: 'claude-sonnet-4-5' }

  assert.deepEqual(sent(same, { id: 'claude-sonnet-4-5' }).body, same)
  assert.deepEqual(sent(toOpus, { id: 'glm-4.6' }).body, { ...toOpus, model: 'glm-4.6' })
  const alias = { id: 'opus', upstream_id: 'claude-opus-4-8' }
  assert.deepEqual(sent({ ...toOpus, model: 'opus' }, alias).body, toOpus)
})

test('§14 a model that is no Claude gets what its entry says, also from a client that names it', () => {
  const kimi: Body = { ...toOpus, model: 'kimi-k2' }
  const of = (thinking: NonNullable<Model['thinking']>, more: Body = {}) =>
    sent({ ...kimi, ...more }, { id: 'kimi-k2', thinking, max_output_tokens: 32_000 }).body
  const reminder = '<system-reminder>\nPlan mode is on.\n</system-reminder>'

  const { thinking, output_config, max_tokens, messages: told } = of('budget')
  assert.deepEqual(thinking, { type: 'enabled', budget_tokens: 24_576, display: 'omitted' })
  assert.deepEqual([output_config, max_tokens], [undefined, 32_000])
  const content = ['Hi', reminder].map((text) => ({ type: 'text', text }))
  assert.deepEqual(told, [{ role: 'user', content }])

  assert.equal(of('none').thinking, undefined)
  assert.deepEqual(of('adaptive').thinking, kimi.thinking)
  assert.deepEqual(of('adaptive').output_config, { effort: 'high' })
  const budget = { thinking: { type: 'enabled', budget_tokens: 2000 } }
  assert.deepEqual(of('adaptive', budget).thinking, { type: 'adaptive', display: 'summarized' })
})
