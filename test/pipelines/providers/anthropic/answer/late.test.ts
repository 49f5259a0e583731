/** What an Anthropic stream says late, once more, or only in an event about the whole message. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Delta } from '../../../../../pipelines/neutral/delta.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import {
  blockDelta,
  blockStart,
  blockStop,
  claude,
  details,
  messageEnd,
  messageStart,
  only,
  textBlock,
  textOf,
  toolBlock,
} from '../../events.ts'

const [ended, stopped] = messageEnd('end_turn')
const hello = { type: 'text', text: 'Hello' }

function withDelta(delta: JsonObject): JsonObject {
  return { type: 'message_delta', delta: { stop_reason: 'end_turn', ...delta } }
}

const textRows: [row: string, events: JsonObject[]][] = [
  ['the start of the message', [messageStart({ content: [hello] }), ended, stopped]],
  ['the start of its block', [messageStart(), blockStart(0, hello), ended, stopped]],
  ['deltas whose block never stops', [...textBlock(0, 'Hel', 'lo').slice(0, -1), ended, stopped]],
  [
    'the stop of its block',
    [
      blockStart(0, { type: 'text', text: '' }),
      blockDelta(0, 'text_delta', { text: 'Hel' }),
      { ...blockStop(0), content_block: hello },
      ended,
      stopped,
    ],
  ],
  [
    'the last event but one, of an announced block',
    [blockStart(0, { type: 'text', text: '' }), withDelta({ content: [hello] }), stopped],
  ],
  [
    'the same, of a block that was begun and stopped with nothing',
    [...textBlock(0, ''), withDelta({ content: [hello] }), stopped],
  ],
  ['the same, as plain text', [messageStart(), withDelta({ content: 'Hello' }), stopped]],
  [
    'the last event',
    [...textBlock(0, 'Hel').slice(0, -1), ended, { ...stopped, message: { content: [hello] } }],
  ],
  ['an event that repeats all of it', [...textBlock(0, 'Hello'), withDelta({ content: [hello] })]],
  ['a body in place of a stream', [{ type: 'message', content: [hello], stop_reason: 'end_turn' }]],
]

for (const [row, events] of textRows) {
  test(`KT7: text that is in ${row} is told once`, () => {
    const deltas = claude(messageStart(), ...events)

    assert.equal(textOf('text', deltas), 'Hello')
    assert.equal(deltas.at(-1)?.type, 'stop')
  })
}

test('KT7: thinking and its signature that only a later event has can be handed back', () => {
  const thinking = { type: 'thinking', thinking: 'Hm, so.', signature: 'sig' }
  const begun = [
    messageStart(),
    blockStart(0, { type: 'thinking', thinking: '', signature: '' }),
    blockDelta(0, 'thinking_delta', { thinking: 'Hm' }),
  ]

  const deltas = claude(...begun, withDelta({ content: [thinking] }), stopped)

  assert.equal(textOf('reasoning', deltas), 'Hm, so.')
  const [[detail] = []] = details(deltas)
  assert.deepEqual([detail?.text, detail?.signature], ['Hm, so.', 'sig'])
})

test('KT7: a reason that only the start of the message has is the reason', () => {
  const [, last] = messageEnd('x')
  const deltas = claude(messageStart({ content: [hello], stop_reason: 'max_tokens' }), last)

  assert.equal(only('stop', deltas)[0]?.reason, 'length')
})

/** The calls that the deltas tell: id, name and input. */
function callsOf(deltas: Delta[]): [id: string, name: string, input: string][] {
  return only('tool-start', deltas).map(({ id, name, index }) => {
    const pieces = only('tool-input', deltas).filter((piece) => piece.index === index)
    return [id, name, pieces.map(({ text }) => text).join('')]
  })
}

const tool = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }
const piece = blockDelta(0, 'input_json_delta', { partial_json: '{"a":1}' })

const callRows: [row: string, events: JsonObject[], call: [string, string, string]][] = [
  [
    'a start without a name, and one with it',
    [blockStart(0, { type: 'tool_use' }), piece, blockStart(0, tool), blockStop(0)],
    ['toolu_1', 'f', '{"a":1}'],
  ],
  [
    'a name that only the stop of the block has',
    [
      blockStart(0, { type: 'tool_use', id: 'toolu_1' }),
      piece,
      { ...blockStop(0), content_block: tool },
    ],
    ['toolu_1', 'f', '{"a":1}'],
  ],
  [
    'input that only the stop of the block has',
    [blockStart(0, tool), { ...blockStop(0), content_block: { ...tool, input: { b: 2 } } }],
    ['toolu_1', 'f', '{"b":2}'],
  ],
  [
    'no id in any event',
    [blockStart(0, { type: 'tool_use', name: 'f' }), piece, blockStop(0)],
    ['call_msg_1_0', 'f', '{"a":1}'],
  ],
  ['a block that never stops', [blockStart(0, tool), piece], ['toolu_1', 'f', '{"a":1}']],
]

for (const [row, events, call] of callRows) {
  test(`KT8: a call is told whole after ${row}`, () => {
    const deltas = claude(messageStart(), ...events, ...messageEnd('tool_use'))

    assert.deepEqual(callsOf(deltas), [call])
    assert.equal(only('stop', deltas)[0]?.reason, 'tool-calls')
  })
}

const unnamed = [blockStart(0, { type: 'tool_use', id: 't' }), piece]

const brokenRows: [row: string, events: JsonObject[]][] = [
  ['has no name', unnamed],
  ['ends in the middle', toolBlock(0, 't', '{"a":').slice(0, -1)],
]

for (const [row, events] of brokenRows) {
  test(`KT8: a call that ${row} is no whole answer, unless the answer says that it was cut`, () => {
    const whole = claude(messageStart(), ...events, ...messageEnd('tool_use'))
    const cut = claude(messageStart(), ...events, ...messageEnd('max_tokens'))

    assert.equal(whole.at(-1)?.type, 'failure')
    assert.equal(only('stop', cut)[0]?.reason, 'length')
  })
}

test('KT8: a call whose block stops without a name is no answer at all', () => {
  for (const events of [unnamed, [piece]]) {
    const deltas = claude(messageStart(), ...events, blockStop(0), ...messageEnd('tool_use'))

    assert.match(only('failure', deltas)[0]?.failure.message ?? '', /without naming it/)
  }
})

test('KT8: a message that begins twice counts with what the second start says more', () => {
  const first = { type: 'message_start', message: { usage: { input_tokens: 0 } } }
  const second = messageStart({ usage: { input_tokens: 20 } })
  const again = messageStart({ id: undefined, usage: { input_tokens: null } })

  const deltas = claude(first, second, again, ...textBlock(0, 'x'), ...messageEnd('end_turn'))

  assert.equal(only('usage', deltas)[0]?.usage.inputTokens, 20)
  assert.equal(only('start', deltas).length, 1)
})

test('KT8: counts that only the last event has, or that stand in another place, are told', () => {
  const counted = { input_tokens: 20, output_tokens: 4 }
  for (const last of [
    { type: 'message_stop', usage: counted },
    { type: 'message_stop', message: { usage: counted } },
  ]) {
    const deltas = claude(messageStart({ usage: { input_tokens: 0 } }), ended, last)

    assert.deepEqual(only('usage', deltas)[0]?.usage, { inputTokens: 20, outputTokens: 4 })
  }
})
