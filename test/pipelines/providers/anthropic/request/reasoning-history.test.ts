import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { AnthropicBlock } from '../../../../../pipelines/wire/anthropic.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import type { ReasoningDetail } from '../../../../../pipelines/wire/chat.ts'
import { call, hello } from '../../../clients/chat/chat-pieces.ts'
import { remembers, turns } from './ask.ts'
import type { Asked } from './ask.ts'

const model = 'claude-opus-4-5'
const detail = (text: string, more: JsonObject = {}): ReasoningDetail => ({
  type: 'reasoning.text',
  text,
  signature: `sig-${text}`,
  format: 'anthropic-claude-v1',
  index: 0,
  model,
  ...more,
})
const sealed = (data: string, more: JsonObject = {}): JsonObject => ({
  type: 'reasoning.encrypted',
  data,
  ...more,
})
const thinking = (text: string) => ({ type: 'thinking', thinking: text, signature: `sig-${text}` })
const redacted = (data: string) => ({ type: 'redacted_thinking', data })
const text = (words: string) => ({ type: 'text', text: words })
const at = (content: number, tools: number) => ({ at: { content, tools } })
const use = (id: string) => ({ type: 'tool_use', id, name: 'look', input: {} })

/** The blocks of an assistant message in the middle of a history. */
function blocks(message: JsonObject, asked: Asked = {}): AnthropicBlock[] {
  return turns([...hello, { role: 'assistant', ...message }, ...hello], asked)[1]?.content ?? []
}

suite('§9.3 reasoning that comes back', () => {
  const rows: [row: string, message: JsonObject, expected: unknown][] = [
    ['text', { content: 'a', reasoning_details: [detail('t')] }, [thinking('t'), text('a')]],
    [
      'empty text',
      { content: 'a', reasoning_details: [detail('', { text: null })] },
      [thinking(''), text('a')],
    ],
    ['encrypted', { content: 'a', reasoning_details: [sealed('d')] }, [redacted('d'), text('a')]],
    [
      'in order',
      { content: 'a', reasoning_details: [detail('1'), sealed('2'), detail('3', { index: 2 })] },
      [thinking('1'), redacted('2'), thinking('3'), text('a')],
    ],
    [
      'fragments of one index',
      {
        content: 'a',
        reasoning_details: [
          detail('t', { text: 'on', signature: null }),
          detail('t', { text: 'e', signature: '' }),
          detail('t', { text: '', signature: 'sig-one' }),
        ],
      },
      [thinking('one'), text('a')],
    ],
    [
      'whole entries without an index stay apart',
      {
        content: 'a',
        reasoning_details: [detail('1', { index: null }), detail('2', { index: null })],
      },
      [thinking('1'), thinking('2'), text('a')],
    ],
    [
      'another format',
      { content: 'a', reasoning_details: [detail('t', { format: 'openai-responses-v1' })] },
      [text('a')],
    ],
    [
      'another model',
      { content: 'a', reasoning_details: [detail('t', { model: 'claude-opus-4-8' })] },
      [text('a')],
    ],
    [
      'no signature',
      { content: 'a', reasoning_details: [detail('t', { signature: '' })] },
      [text('a')],
    ],
    [
      'a summary',
      { content: 'a', reasoning_details: [{ type: 'reasoning.summary', summary: 's' }] },
      [text('a')],
    ],
    ['nonsense', { content: 'a', reasoning_details: [null, 3, 't'] }, [text('a')]],
    ['plain reasoning_content', { content: 'a', reasoning_content: 't' }, [text('a')]],
    [
      'thinking_blocks',
      { content: 'a', thinking_blocks: [thinking('t'), redacted('d')] },
      [thinking('t'), redacted('d'), text('a')],
    ],
    [
      'details before thinking_blocks',
      { content: 'a', reasoning_details: [detail('1')], thinking_blocks: [thinking('2')] },
      [thinking('1'), text('a')],
    ],
    ['Anthropic parts', { content: [thinking('t'), text('a')] }, [thinking('t'), text('a')]],
    [
      'Anthropic parts after details',
      { content: [thinking('t'), text('a')], reasoning_details: [detail('1')] },
      [thinking('1'), text('a')],
    ],
    [
      'an unsigned Anthropic part',
      { content: [{ type: 'thinking', thinking: 't' }, text('a')] },
      [text('a')],
    ],
  ]
  for (const [row, message, expected] of rows) {
    test(row, () => {
      assert.deepEqual(blocks(message), expected)
    })
  }

  test('a turn of nothing but thinking is left out, since the API refuses it', () => {
    const cut = { role: 'assistant', content: '', reasoning_details: [detail('t')] }

    assert.deepEqual(turns([...hello, cut]), turns([...hello]))
  })

  test('the level off leaves all thinking out', () => {
    const off = { model: { reasoning: 'off' }, recall: () => remembers([detail('r')]) } as const

    assert.deepEqual(blocks({ content: 'a', reasoning_details: [detail('t')] }, off), [text('a')])
    assert.deepEqual(blocks({ content: [thinking('t'), text('a')] }, off), [text('a')])
  })
})

suite('§9.3 the order in which the model produced it', () => {
  test('text is cut and calls are parted where thinking stood', () => {
    const message = {
      content: 'one two',
      tool_calls: [call('c1'), call('c2')],
      reasoning_details: [
        detail('1', { index: 0, ...at(0, 0) }),
        detail('2', { index: 2, ...at(3, 0) }),
        detail('3', { index: 5, ...at(7, 1) }),
      ],
    }

    assert.deepEqual(blocks(message), [
      thinking('1'),
      text('one'),
      thinking('2'),
      text(' two'),
      use('c1'),
      thinking('3'),
      use('c2'),
    ])
  })

  test('offsets are code points, so that no pair is cut', () => {
    const details = [detail('1', at(0, 0)), detail('2', { ...at(1, 0), index: 2 })]
    const message = { content: '😀b', reasoning_details: details }

    assert.deepEqual(blocks(message), [thinking('1'), text('😀'), thinking('2'), text('b')])
  })

  test('offsets run over several parts, blank ones included', () => {
    const details = [detail('1', at(0, 0)), detail('2', { ...at(4, 0), index: 2 })]
    const message = { content: ['ab', ' ', 'cd'], reasoning_details: details }

    assert.deepEqual(blocks(message), [
      thinking('1'),
      text('ab'),
      text('c'),
      thinking('2'),
      text('d'),
    ])
  })

  test('thinking that would not come first is left out: the API refuses such a turn', () => {
    const message = { content: 'ab', reasoning_details: [detail('1', at(1, 0))] }

    assert.deepEqual(blocks(message), [text('a'), text('b')])
  })

  test('without a place, or with a senseless one, it goes in front', () => {
    const message = {
      content: 'a',
      reasoning_details: [
        detail('1', { ...at(1, 0), index: 1 }),
        detail('2', { index: 2, at: { content: -1 } }),
      ],
      tool_calls: [call('c1')],
    }

    assert.deepEqual(blocks(message), [thinking('2'), text('a'), thinking('1'), use('c1')])
  })
})

suite('§9.5 the memory for clients that drop reasoning', () => {
  const memory = { recall: (id: string) => (id === 'c:1' ? remembers([detail('r')]) : undefined) }

  test('is asked by the id the client knows, when the message brings nothing usable', () => {
    const message = {
      content: 'a',
      tool_calls: [call('c:1'), call('c2')],
      reasoning_details: [detail('t', { model: 'x' })],
    }

    assert.deepEqual(
      blocks(message, memory).map(({ type }) => type),
      ['thinking', 'text', 'tool_use', 'tool_use'],
    )
  })

  test('is not asked when the message brings its own', () => {
    const message = { content: null, tool_calls: [call('c:1')], reasoning_details: [detail('own')] }

    assert.deepEqual(blocks(message, memory)[0], thinking('own'))
  })

  test('a memory that knows nothing adds no thinking', () => {
    assert.deepEqual(blocks({ content: null, tool_calls: [call('c9')] }, memory), [use('c9')])
  })
})
