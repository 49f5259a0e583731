/** What holds for every history that a chat client may send. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { ProxyError } from '../../../../../pipelines/errors.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import type { AnthropicBlock, AnthropicMessage } from '../../../../../pipelines/wire/anthropic.ts'
import { ask } from './ask.ts'

const models = fc.constantFrom(
  'claude-opus-4-5',
  'claude-opus-4-8',
  'claude-sonnet-5-5',
  'claude-3-opus',
  'kimi',
)

const words = fc.oneof(fc.constantFrom('', ' \n', 'a', 'b c'), fc.string({ unit: 'grapheme' }))
const textParts = fc.array(fc.record({ type: fc.constant('text'), text: words }), { maxLength: 3 })
const content = fc.oneof(words, textParts)
const ids = fc.constantFrom('c1', 'c2', 'c1_2', 'functions.look:0', 'x'.repeat(80))
const calls = fc.array(
  fc.record({
    id: ids,
    type: fc.constant('function'),
    function: fc.record({
      name: fc.constantFrom('look', 'read'),
      arguments: fc.oneof(words, fc.json()),
    }),
  }),
  { maxLength: 3 },
)
const details = fc.array(
  fc.record({
    type: fc.constantFrom('reasoning.text', 'reasoning.encrypted'),
    index: fc.nat({ max: 3 }),
    text: words,
    signature: fc.constantFrom('', 's'),
    data: fc.constantFrom('', 'd'),
    at: fc.option(fc.record({ content: fc.nat({ max: 5 }), tools: fc.nat({ max: 3 }) })),
  }),
  { maxLength: 3 },
)
const message = fc.oneof(
  fc.record({ role: fc.constantFrom('system', 'developer', 'user'), content }),
  fc.record({
    role: fc.constant('assistant'),
    content: fc.option(content),
    refusal: fc.option(words),
    tool_calls: fc.option(calls),
    reasoning_details: fc.option(details),
  }),
  fc.record({ role: fc.constant('tool'), tool_call_id: ids, content }),
  fc.record({
    role: fc.constant('assistant'),
    function_call: fc.record({ name: fc.constant('look') }),
  }),
  fc.record({ role: fc.constant('function'), name: fc.constantFrom('look', 'read'), content }),
)
const history = fc.array(message, { minLength: 1, maxLength: 10 })

function textsOf(turns: AnthropicMessage[]): unknown[] {
  const blocks = turns.flatMap((turn) => turn.content)
  const inner = blocks.flatMap((block) => (Array.isArray(block.content) ? block.content : []))
  return [...blocks, ...inner].filter(({ type }) => type === 'text').map(({ text }) => text)
}

function idsOf(blocks: AnthropicBlock[], type: string, key: string): unknown[] {
  return blocks.filter((block) => block.type === type).map((block) => block[key])
}

/** The turns of the two that speak. */
function spoken(turns: AnthropicMessage[]): AnthropicMessage[] {
  return turns.filter(({ role }) => role !== 'system')
}

/** undefined for a history that is refused, since nothing of it is left. */
function messagesOf(request: JsonObject, id: string): AnthropicMessage[] | undefined {
  try {
    return ask(request, { model: { id } }).body.messages
  } catch (error) {
    if (error instanceof ProxyError && /nothing to answer/.test(error.message)) return undefined
    throw error
  }
}

function holds(check: (turns: AnthropicMessage[], id: string) => void): void {
  fc.assert(
    fc.property(history, models, (messages, id) => {
      const turns = messagesOf({ messages }, id)
      if (turns) check(turns, id)
    }),
    { numRuns: 1000 },
  )
}

suite('§5.3 any chat history gives a Messages history that the API takes', () => {
  test('roles alternate and begin with the user', () => {
    holds((turns) => {
      for (const [at, { role }] of spoken(turns).entries()) {
        assert.equal(role, at % 2 === 0 ? 'user' : 'assistant')
      }
      assert.ok(turns.length > 0)
    })
  })

  test('T5: a system turn stands behind a user’s, in front of an assistant’s or at the end', () => {
    holds((turns, id) => {
      for (const [at, { role }] of turns.entries()) {
        if (role !== 'system') continue
        assert.match(id, /opus-4-8|sonnet-5-5/)
        assert.equal(turns[at - 1]?.role, 'user')
        assert.equal(turns[at + 1]?.role ?? 'assistant', 'assistant')
      }
    })
  })

  test('T4: a history for a model without prefill does not end with the assistant', () => {
    holds((turns, id) => {
      if (/opus-4-8|sonnet-5-5/.test(id)) assert.notEqual(turns.at(-1)?.role, 'assistant')
    })
  })

  test('every call is answered in the next user turn, once, before anything else', () => {
    holds((all) => {
      const turns = spoken(all)
      for (const [at, { role, content: blocks }] of turns.entries()) {
        const before = turns[at - 1]?.content ?? []
        const asked = role === 'user' ? idsOf(before, 'tool_use', 'id') : []
        const answered = idsOf(blocks, 'tool_result', 'tool_use_id')
        assert.equal(answered.length, asked.length)
        assert.deepEqual(new Set(answered), new Set(asked))
        assert.ok(blocks.slice(0, answered.length).every(({ type }) => type === 'tool_result'))
        if (role === 'assistant' && at === turns.length - 1) {
          assert.deepEqual(idsOf(blocks, 'tool_use', 'id'), [])
        }
      }
    })
  })

  test('call ids match the pattern and are unique', () => {
    holds((turns) => {
      const all = turns.flatMap((turn) => idsOf(turn.content, 'tool_use', 'id'))
      assert.equal(new Set(all).size, all.length)
      for (const id of all) assert.match(String(id), /^[A-Za-z0-9_-]{1,64}$/)
    })
  })

  test('no turn and no text is empty, and no assistant turn ends in thinking', () => {
    holds((turns) => {
      for (const text of textsOf(turns)) assert.notEqual(String(text).trim(), '')
      for (const { role, content: blocks } of turns) {
        assert.ok(blocks.length > 0)
        if (role === 'assistant') assert.doesNotMatch(String(blocks.at(-1)?.type), /thinking/)
      }
    })
  })

  test('the request is not changed', () => {
    const request = fc.record({
      messages: history,
      cache_control: fc.constant({ type: 'ephemeral' }),
    })
    fc.assert(
      fc.property(request, models, (given, id) => {
        const before = JSON.stringify(given)
        messagesOf(given, id)
        assert.equal(JSON.stringify(given), before)
      }),
      { numRuns: 1000 },
    )
  })
})
