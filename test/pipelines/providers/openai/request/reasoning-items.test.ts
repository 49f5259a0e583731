/** Reasoning that a client hands back, or that was remembered, as items. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import type { Reasoning } from '../../../../../pipelines/neutral/reasoning.ts'
import type { ReasoningDetail } from '../../../../../pipelines/wire/chat.ts'
import type { ResponsesItem } from '../../../../../pipelines/wire/responses.ts'
import { call } from '../../../clients/chat/chat-pieces.ts'
import { callItem, input, outputItem, remembers, saidItem, type Asked } from './ask.ts'

const format = 'openai-responses-v1'
const reasoner: Asked = { model: { id: 'gpt-5' } }

function summary(text: string, more: JsonObject = {}): ReasoningDetail {
  return { type: 'reasoning.summary', summary: text, format, index: 0, ...more }
}

function encrypted(data: string, more: JsonObject = {}): ReasoningDetail {
  return { type: 'reasoning.encrypted', data, id: `rs_${data}`, format, index: 0, ...more }
}

function item(encrypted_content: string, ...texts: string[]): ResponsesItem {
  const summaries = texts.map((text) => ({ type: 'summary_text', text }))
  return { type: 'reasoning', summary: summaries, encrypted_content }
}

function said(content: string, reasoning_details: unknown, asked: Asked = reasoner) {
  return input([{ role: 'assistant', content, reasoning_details }], asked)
}

function at(content: number, tools = 0) {
  return { at: { content, tools } }
}

function remembered(id: string) {
  return id === 'a' ? remembers([encrypted('m')]) : undefined
}

function first(message: JsonObject) {
  return input([message], { ...reasoner, recall: remembered })[0]
}

suite('§9.4 entries become items', () => {
  const rows: [row: string, details: unknown, items: ResponsesItem[]][] = [
    ['a group without id', [summary('s'), encrypted('d')], [item('d', 's')]],
    ['no readable text', [encrypted('d')], [item('d')]],
    ['fragments of one summary', [summary('s'), summary('t'), encrypted('d')], [item('d', 'st')]],
    ['a group without data', [summary('s')], []],
    [
      'two groups by index',
      [summary('s'), encrypted('d'), summary('t', { index: 2 }), encrypted('e', { index: 2 })],
      [item('d', 's'), item('e', 't')],
    ],
    [
      'two groups that the client sorted by type',
      [summary('s'), summary('t', { index: 2 }), encrypted('d'), encrypted('e', { index: 2 })],
      [item('d', 's'), item('e', 't')],
    ],
    [
      'no index',
      [
        summary('s', { index: undefined }),
        encrypted('d', { index: undefined }),
        encrypted('e', { index: null }),
      ],
      [item('d', 's'), item('e')],
    ],
    ['format absent, an id of OpenAI', [encrypted('d', { format: undefined })], [item('d')]],
    ['format absent, another id', [encrypted('d', { format: null, id: 'x' })], []],
    ['format absent, no id', [encrypted('d', { format: null, id: { toString: 1 } })], []],
    ["another provider's format", [encrypted('d', { format: 'anthropic-claude-v1' })], []],
    ['a format that is no text', [encrypted('d', { format: { toString: 1 } })], []],
    ['a model that is no text', [encrypted('d', { model: { toString: 1 } })], []],
    ['this model', [encrypted('d', { model: 'gpt-5' })], [item('d')]],
    ['another model', [encrypted('d', { model: 'gpt-5.1' })], []],
    ['empty data', [encrypted('')], []],
    ['no list', { a: 1 }, []],
    ['entries that are no objects', [1, null, 'x'], []],
  ]
  for (const [row, details, items] of rows) {
    test(row, () => {
      assert.deepEqual(said('Hi', details), [...items, saidItem('Hi')])
    })
  }
})

suite('§9.4 placed by `at`, else before the other items', () => {
  const rows: [row: string, content: string, details: unknown[], items: ResponsesItem[]][] = [
    ['front', 'Hi', [encrypted('d', at(0))], [item('d'), saidItem('Hi')]],
    ['inside', 'ab', [encrypted('d', at(1))], [saidItem('a'), item('d'), saidItem('b')]],
    ['code points', '😀b', [encrypted('d', at(1))], [saidItem('😀'), item('d'), saidItem('b')]],
    ['behind', 'ab', [encrypted('d', at(9))], [saidItem('ab'), item('d')]],
    [
      'the place of the summary',
      'ab',
      [summary('s', at(1)), encrypted('d')],
      [saidItem('a'), item('d', 's'), saidItem('b')],
    ],
    [
      'a senseless place',
      'ab',
      [encrypted('d', { at: { content: -1 } })],
      [item('d'), saidItem('ab')],
    ],
  ]
  for (const [row, content, details, items] of rows) {
    test(row, () => {
      assert.deepEqual(said(content, details), items)
    })
  }

  test('reasoning stands between the calls where it was thought', () => {
    const message = {
      role: 'assistant',
      content: 'Hi',
      tool_calls: [call('a'), call('b')],
      reasoning_details: [encrypted('d', at(0)), encrypted('e', { index: 2, ...at(2, 1) })],
    }
    const results = ['a', 'b'].map((tool_call_id) => ({ role: 'tool', tool_call_id, content: 'r' }))

    assert.deepEqual(input([message, ...results], reasoner), [
      item('d'),
      saidItem('Hi'),
      callItem('a'),
      item('e'),
      callItem('b'),
      outputItem('a', 'r'),
      outputItem('b', 'r'),
    ])
  })
})

test('§9.4 a message of reasoning alone is left out', () => {
  const user = { role: 'user', content: 'Go' }
  const empty = { role: 'assistant', content: '', reasoning_details: [encrypted('d')] }

  assert.equal(input([user, empty, user], reasoner).length, 2)
})

suite('§9.5 reasoning that the client dropped is recalled by the first tool call', () => {
  const calls = { role: 'assistant', tool_calls: [call('a'), call('b')] }

  test('the memory serves a message without details', () => {
    assert.deepEqual(first(calls), item('m'))
  })

  test('the memory serves a message whose details cannot be used', () => {
    assert.deepEqual(first({ ...calls, reasoning_details: [summary('s')] }), item('m'))
  })

  test('usable details of the message win over the memory', () => {
    assert.deepEqual(first({ ...calls, reasoning_details: [encrypted('d')] }), item('d'))
  })

  test('a seal that came late belongs to the text of its index, which may be no summary', () => {
    const entry = (
      kind: Reasoning['kind'],
      index: number,
      more: Partial<Reasoning>,
    ): Reasoning => ({
      kind,
      index,
      text: '',
      maker: format,
      ...more,
    })
    const reasoning = [
      entry('summary', 0, { text: 's' }),
      entry('raw', 1, { text: 'r' }),
      entry('summary', 0, { seal: { data: 'm' } }),
      entry('summary', 1, { seal: { data: 'n' } }),
    ]

    assert.deepEqual(input([calls], { ...reasoner, recall: () => ({ reasoning }) }).slice(0, 2), [
      item('m', 's'),
      item('n'),
    ])
  })

  test('the memory gives nothing for a call that it does not know', () => {
    assert.deepEqual(first({ role: 'assistant', tool_calls: [call('b')] }), callItem('b'))
  })

  test('the memory gives nothing for a message without calls', () => {
    assert.deepEqual(first({ role: 'assistant', content: 'a' }), saidItem('a'))
  })
})
