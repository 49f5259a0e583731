/** Reasoning that this program sealed for a client of another API never reaches an upstream of the client's own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { JsonDocument } from '../../pipelines/json/document.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'
import type { Model } from '../../pipelines/model.ts'
import { isSealed, sealReasoning } from '../../pipelines/neutral/seal.ts'
import { sealSummary, summaryText } from '../../pipelines/neutral/summary.ts'
import { rewriteMessages } from '../../pipelines/providers/anthropic/rewrite.ts'
import { rewriteResponses } from '../../pipelines/providers/openai/rewrite.ts'

const seal = sealReasoning({ kind: 'raw', text: '', seal: { field: 'reasoning' } }, 'e', true)
const text = { type: 'text', text: 'x' }
const call = { type: 'tool_use', id: 't', name: 'look', input: {} }
const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'y' }] }
const sealed = { type: 'thinking', thinking: 'hm', signature: seal }
const own = { type: 'thinking', thinking: 'hm', signature: 'EqQB' }

type Level = Model['reasoning']

function messagesUp(body: JsonObject | string, reasoning: Level = 'auto', id = 'claude-opus-4-8') {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const document = JsonDocument.parse(bytes)
  const headers = { 'anthropic-beta': 'interleaved-thinking-2025-05-14' }
  const context = {
    model: { id, reasoning },
    systemPrompt: '',
    headers,
    subPath: '',
    stream: false,
  }
  const more = rewriteMessages(document, context)
  const sent = Buffer.concat(document.pieces()).toString()
  return { sent, body: JSON.parse(sent) as JsonObject & { messages: unknown[] }, headers: more }
}

function itemsUp(body: JsonObject): JsonObject {
  const document = JsonDocument.parse(Buffer.from(JSON.stringify(body)))
  const model = { id: 'gpt-x', reasoning: 'auto' as const }
  const context = { model, systemPrompt: '', headers: {}, subPath: '', stream: false }
  rewriteResponses(document, context)
  return JSON.parse(Buffer.concat(document.pieces()).toString()) as JsonObject
}

test('§13.3 sealed thinking goes out of its turn; a turn left empty goes, too', () => {
  const redacted = { type: 'redacted_thinking', data: seal }
  const messages = [
    { role: 'user', content: 'a' },
    { role: 'assistant', content: [sealed, own, text, redacted] },
    { role: 'user', content: [text] },
    { role: 'assistant', content: [sealed] },
  ]
  const { body } = messagesUp({ model: 'claude-opus-4-8', messages })

  assert.deepEqual(body.messages, [
    messages[0],
    { role: 'assistant', content: [own, text] },
    messages[2],
  ])
})

test('§13.3 sealed thinking goes out also where system turns are told otherwise', () => {
  const messages = [
    { role: 'user', content: 'a' },
    { role: 'system', content: 'Plan.' },
    { role: 'assistant', content: [sealed, text] },
  ]

  const { body } = messagesUp({ model: 'claude-opus-4-8', messages }, 'auto', 'claude-sonnet-4-5')
  const told = ['a', '<system-reminder>\nPlan.\n</system-reminder>']
  assert.deepEqual(body.messages, [
    { role: 'user', content: told.map((one) => ({ type: 'text', text: one })) },
    { role: 'assistant', content: [text] },
  ])
})

test('§13.3 all other values stay, numbers with their digits', () => {
  const body = `{"model":"claude-opus-4-8","n":1.0,"messages":[{"role":"assistant","content":[${JSON.stringify(
    sealed,
  )},{"type":"tool_use","input":{"big":12345678901234567890,"one":1.0}}]}]}`

  const { sent } = messagesUp(body)
  assert.equal(sent, body.replace(`${JSON.stringify(sealed)},`, ''))
})

test('§13.3 a body that only speaks of seals passes byte for byte', () => {
  for (const said of [`"${seal}`, seal, 'd2a1.']) {
    const body = JSON.stringify(
      { model: 'claude-opus-4-8', messages: [{ role: 'user', content: said }] },
      null,
      1,
    )
    assert.equal(messagesUp(body).sent, body)
  }
})

test('§13.3 a sealed reasoning item goes out of the input', () => {
  const item = { type: 'reasoning', summary: [], encrypted_content: seal }
  const mine = { ...item, encrypted_content: 'gAAA' }
  const message = { role: 'user', content: 'x' }

  assert.deepEqual(itemsUp({ model: 'gpt-x', input: [message, item, mine] }).input, [message, mine])
  assert.equal(itemsUp({ model: 'gpt-x', input: seal }).input, seal)
})

test('§13.3 thinking with a budget is given up in a loop that lacks it, with the level auto, too', () => {
  const thinking = { type: 'enabled', budget_tokens: 2000 }
  const edits = [{ type: 'clear_thinking_20251015', keep: 'all' }]
  const loop = (block: object) => ({
    model: 'claude-sonnet-4-5',
    max_tokens: 9000,
    thinking,
    context_management: { edits },
    messages: [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: [block, call] },
      result,
    ],
  })
  const up = (block: object, level: Level = 'auto') =>
    messagesUp(loop(block), level, 'claude-sonnet-4-5')

  for (const level of ['auto', 'high'] as const) {
    assert.equal(up(sealed, level).body.thinking, undefined)
    assert.equal(up(sealed, level).body.context_management, undefined)
    assert.ok('anthropic-beta' in up(sealed, level).headers)
  }
  assert.deepEqual(up(own).body, loop(own))
  const adaptive = messagesUp({ ...loop(sealed), model: 'claude-opus-4-8' })
  assert.deepEqual(adaptive.body.thinking, thinking)
})

test('§13.3 whatever the history is, no seal goes up', () => {
  const json = { noNullPrototype: true }
  const value = fc.constantFrom(seal, 'EqQB', '', `${seal}=`, 'd2a1.x')
  const blocks = fc.oneof(
    fc.record({ type: fc.constant('thinking'), thinking: fc.string(), signature: value }, json),
    fc.record({ type: fc.constant('redacted_thinking'), data: value }, json),
    fc.constantFrom(text, call),
  )
  const messages = fc.array(
    fc.record(
      {
        role: fc.constantFrom('user', 'assistant'),
        content: fc.oneof(fc.string(), fc.array(blocks, { maxLength: 4 })),
      },
      json,
    ),
  )
  fc.assert(
    fc.property(messages, fc.constantFrom<Level>('auto', 'off', 'high'), (history, level) => {
      const { body } = messagesUp({ model: 'x', max_tokens: 9000, messages: history }, level)

      const sent = (body.messages as { content: string | JsonObject[] }[]).flatMap(({ content }) =>
        typeof content === 'string' ? [] : content,
      )
      assert.ok(sent.every((block) => !isSealed(block.signature) && !isSealed(block.data)))
      const kept = history
        .flatMap(({ content }): JsonObject[] => (typeof content === 'string' ? [] : content))
        .filter((block) => !isSealed(block.signature) && !isSealed(block.data))
      assert.deepEqual(sent, kept)
    }),
    { numRuns: 1000 },
  )
})

test('§13.3 a summary that this program sealed is opened for GPT, another stays as it is', () => {
  const others = { type: 'compaction', id: 'cmp_1', encrypted_content: 'gAAA' }
  const broken = { ...others, encrypted_content: `${sealSummary('x')}!` }
  const user = { role: 'user', content: 'Go on.' }
  const ours = { type: 'compaction', id: 'cmp_2', encrypted_content: sealSummary('Half is done.') }
  const { input } = itemsUp({ model: 'gpt-x', input: [others, broken, ours, user] })
  const told = { type: 'input_text', text: summaryText('Half is done.') }

  assert.deepEqual(input, [
    others,
    broken,
    { type: 'message', role: 'user', content: [told] },
    user,
  ])
})
