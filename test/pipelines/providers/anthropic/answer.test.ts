import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Delta } from '../../../../pipelines/neutral/delta.ts'
import { anthropicBody } from '../../../../pipelines/providers/anthropic/answer.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import {
  block,
  blockDelta,
  blockStart,
  blockStop,
  claude,
  context,
  messageEnd,
  messageStart,
  only,
  textBlock,
  textOf,
  toolBlock,
  types,
} from '../events.ts'

const end = messageEnd('end_turn')

test('the worked example of §6.4 gives its deltas in order', () => {
  const deltas = claude(
    messageStart({ usage: { input_tokens: 10 } }),
    ...textBlock(0, 'Hi'),
    ...toolBlock(1, 'toolu_1', '', '{"a"', ':1}'),
    ...messageEnd('tool_use', { usage: { output_tokens: 7 } }),
  )

  assert.deepEqual(deltas, [
    { type: 'start', id: 'msg_1', usage: { inputTokens: 10, outputTokens: 0 } },
    { type: 'text', text: 'Hi' },
    { type: 'tool-start', index: 0, kind: 'function', id: 'toolu_1', name: 'f' },
    { type: 'tool-input', index: 0, text: '{"a"' },
    { type: 'tool-input', index: 0, text: ':1}' },
    { type: 'tool-stop', index: 0 },
    { type: 'usage', usage: { inputTokens: 10, outputTokens: 7 } },
    { type: 'stop', reason: 'tool-calls' },
  ])
})

const blockRows: [row: string, events: JsonObject[], deltas: Delta[]][] = [
  [
    '§6.1 text: a non-empty text in the start event counts',
    block(0, { type: 'text', text: 'He' }, ['text_delta', { text: 'llo' }]),
    [
      { type: 'text', text: 'He' },
      { type: 'text', text: 'llo' },
    ],
  ],
  [
    '§6.1 text: blocks follow each other with nothing between, empty pieces are not told',
    [...textBlock(0, 'a', ''), ...textBlock(1, 'b')],
    [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ],
  ],
  [
    '§6.1 tool_use: the input of the start event counts when no piece follows',
    block(0, { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } }, [
      'input_json_delta',
      { partial_json: '' },
    ]),
    toolDeltas(0, 't', '{"a":1}'),
  ],
  [
    '§6.1 tool_use: it does not when pieces follow',
    block(0, { type: 'tool_use', id: 't', name: 'f', input: { a: 1 } }, [
      'input_json_delta',
      { partial_json: '{"a":2}' },
    ]),
    toolDeltas(0, 't', '{"a":2}'),
  ],
  ['§6.4 tool_use without argument text gets {}', toolBlock(0, 't'), toolDeltas(0, 't', '{}')],
  [
    '§6.1 server tools and their input say nothing',
    [
      ...block(0, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }, [
        'input_json_delta',
        { partial_json: '{"q":1}' },
      ]),
      ...block(1, { type: 'web_search_tool_result', content: [] }),
      ...block(2, { type: 'mcp_tool_use', id: 'm', name: 'x', input: { a: 1 } }),
      ...block(3, { type: 'container_upload' }),
      ...block(5, { type: 'mcp_tool_result', content: [] }),
      ...block(6, { type: 'compaction', content: 'x' }),
      ...block(7, { type: 'fallback' }),
      ...block(4, { type: 'of_the_future', text: 'no' }, ['text_delta', { text: 'no' }]),
    ],
    [],
  ],
  [
    '§6.4 tool indexes count tool calls, not blocks',
    [...textBlock(0, 'x'), ...toolBlock(5, 't', '{}')],
    [{ type: 'text', text: 'x' }, ...toolDeltas(0, 't', '{}')],
  ],
  [
    '§6.4 pieces go to the block at their index when blocks interleave',
    [
      blockStart(0, { type: 'tool_use', id: 'a', name: 'f', input: {} }),
      blockStart(1, { type: 'tool_use', id: 'b', name: 'f', input: {} }),
      blockDelta(0, 'input_json_delta', { partial_json: '{"n":0' }),
      blockDelta(1, 'input_json_delta', { partial_json: '{"n":1' }),
      blockDelta(0, 'input_json_delta', { partial_json: '}' }),
      blockStop(0),
      blockDelta(1, 'input_json_delta', { partial_json: '}' }),
      blockStop(1),
    ],
    [
      { type: 'tool-start', index: 0, kind: 'function', id: 'a', name: 'f' },
      { type: 'tool-start', index: 1, kind: 'function', id: 'b', name: 'f' },
      { type: 'tool-input', index: 0, text: '{"n":0' },
      { type: 'tool-input', index: 1, text: '{"n":1' },
      { type: 'tool-input', index: 0, text: '}' },
      { type: 'tool-stop', index: 0 },
      { type: 'tool-input', index: 1, text: '}' },
      { type: 'tool-stop', index: 1 },
    ],
  ],
  [
    'a block is closed once, however often it is stopped',
    [...toolBlock(0, 't', '{}'), blockStop(0), blockStop(0)],
    toolDeltas(0, 't', '{}'),
  ],
  [
    'a repeated start of an open call is no second call',
    [blockStart(0, { type: 'tool_use', id: 't', name: 'f' }), ...toolBlock(0, 't', '{}')],
    toolDeltas(0, 't', '{}'),
  ],
  [
    '§6.4 ping, unknown events and unknown deltas say nothing',
    [{ type: 'ping' }, { type: 'later' }, {}, blockDelta(0, 'later_delta', { text: 'x' })],
    [],
  ],
  [
    'text that no start event announced is not lost',
    [blockDelta(3, 'text_delta', { text: 'x' })],
    [{ type: 'text', text: 'x' }],
  ],
]

function toolDeltas(index: number, id: string, text: string): Delta[] {
  return [
    { type: 'tool-start', index, kind: 'function', id, name: 'f' },
    { type: 'tool-input', index, text },
    { type: 'tool-stop', index },
  ]
}

for (const [row, events, expected] of blockRows) {
  test(row, () => {
    const deltas = claude(messageStart(), ...events, ...end)

    assert.deepEqual(deltas.slice(1, -1), expected)
  })
}

const stopRows: [reason: string, withTool: string, without: string][] = [
  ['end_turn', 'tool-calls', 'stop'],
  ['stop_sequence', 'stop-sequence', 'stop-sequence'],
  ['pause_turn', 'length', 'length'],
  ['tool_use', 'tool-calls', 'stop'],
  ['max_tokens', 'length', 'length'],
  ['model_context_window_exceeded', 'length', 'length'],
  ['refusal', 'content-filter', 'content-filter'],
  ['of_the_future', 'tool-calls', 'stop'],
]

for (const [reason, withTool, without] of stopRows) {
  const number = reason === 'pause_turn' ? 'T42: §6.2' : '§6.2'
  test(`${number} ${reason} ends with ${withTool} after a tool call, else ${without}`, () => {
    const called = claude(messageStart(), ...toolBlock(0, 't', '{}'), ...messageEnd(reason))
    const served = block(0, { type: 'server_tool_use', id: 's', name: 'x', input: {} })

    assert.equal(only('stop', called)[0]?.reason, withTool)
    const uncalled = claude(messageStart(), ...served, ...messageEnd(reason))
    assert.equal(only('stop', uncalled)[0]?.reason, without)
  })
}

test('§6.2 a refusal has its explanation at the end; text before it stays', () => {
  const details = { stop_details: { type: 'refusal', explanation: 'No.' } }
  const deltas = claude(messageStart(), ...textBlock(0, 'a'), ...messageEnd('refusal', details))

  assert.deepEqual(deltas.slice(1), [
    { type: 'text', text: 'a' },
    { type: 'stop', reason: 'content-filter', explanation: 'No.' },
  ])
})

test('§6.2 a refusal without an explanation, and an explanation without a refusal, have none', () => {
  for (const [reason, explanation] of [
    ['refusal', null],
    ['refusal', ''],
    ['end_turn', 'No.'],
  ] as const) {
    const deltas = claude(messageStart(), ...messageEnd(reason, { stop_details: { explanation } }))

    assert.deepEqual(types(deltas), ['start', 'stop'])
    assert.ok(!('explanation' in deltas[1]!))
  }
})

test('§6.2 arguments cut by max_tokens are passed on as they are', () => {
  const [start, piece] = toolBlock(0, 't', '{"a": "b')
  const deltas = claude(messageStart(), start!, piece!, ...messageEnd('max_tokens'))

  assert.equal(textOf('tool-input', deltas), '{"a": "b')
})

test('§6.2 a call cut by max_tokens before its first argument is not made to look whole', () => {
  const [start] = toolBlock(0, 't')
  const deltas = claude(messageStart(), start!, ...messageEnd('max_tokens'))

  assert.equal(textOf('tool-input', deltas), '')
})

test('§6.4 a second message_start with the same id is ignored', () => {
  const deltas = claude(messageStart(), ...textBlock(0, 'a'), messageStart(), ...end)

  assert.deepEqual(types(deltas), ['start', 'text', 'stop'])
})

test('§6.4 a message inside another is an error, and nothing of it is told', () => {
  const deltas = claude(messageStart(), messageStart({ id: 'msg_2' }), ...textBlock(0, 'a'), ...end)

  assert.deepEqual(types(deltas), ['start', 'failure'])
  assert.equal(only('failure', deltas)[0]?.failure.code, 'upstream_protocol_error')
})

test('§6.4 blocks inside message_start count as started and stopped', () => {
  const content = [
    { type: 'text', text: 'a' },
    { type: 'tool_use', id: 't', name: 'f', input: { b: 1 } },
  ]
  const deltas = claude(messageStart({ content }), ...messageEnd('tool_use'))

  assert.deepEqual(deltas.slice(1, -1), [
    { type: 'text', text: 'a' },
    ...toolDeltas(0, 't', '{"b":1}'),
  ])
})

test('§6.4 an input that ends after a stop reason is complete', () => {
  const deltas = claude(messageStart(), ...textBlock(0, 'a'), end[0])

  assert.deepEqual(types(deltas), ['start', 'text', 'stop'])
})

test('§6.4 an input that ends without a stop reason is truncated, its open calls left open', () => {
  const [start, piece] = toolBlock(0, 't', '{"a')
  const deltas = claude(messageStart(), start!, piece!)

  assert.deepEqual(types(deltas), ['start', 'tool-start', 'tool-input', 'failure'])
  const [cut] = only('failure', deltas)
  assert.deepEqual([cut?.failure.status, cut?.failure.code], [502, 'upstream_truncated'])
})

test('§6.4 a call that stops in the middle is told only of an answer that was cut', () => {
  for (const inputs of [['{"a', '":[1'], ['"}']]) {
    const call = toolBlock(0, 't', ...inputs)
    const claimed = claude(messageStart(), ...call, ...messageEnd('tool_use'))
    const cut = claude(messageStart(), ...call, ...messageEnd('max_tokens'))

    assert.equal(only('failure', claimed)[0]?.failure.code, 'upstream_protocol_error')
    assert.equal(only('stop', cut)[0]?.reason, 'length')
  }
})

test('§6.4 a piece that is of another kind than its block begins a block of its own', () => {
  const deltas = claude(
    messageStart(),
    blockStart(0, { type: 'thinking', thinking: '' }),
    blockDelta(0, 'thinking_delta', { thinking: 'hm' }),
    blockDelta(0, 'text_delta', { text: 'Hi' }),
    blockDelta(0, 'thinking_delta', { thinking: 'so' }),
    blockStop(0),
    blockStart(1, { type: 'tool_use', id: 't', name: 'f', input: {} }),
    blockDelta(1, 'text_delta', { text: ' there' }),
    ...end,
  )

  assert.equal(textOf('reasoning', deltas), 'hmso')
  assert.equal(textOf('text', deltas), 'Hi there')
})

test('§6.4 input in a block that is no call is a call that nobody named', () => {
  const input = { partial_json: '{}' }
  const deltas = claude(
    ...textBlock(0, 'a').slice(0, -1),
    blockDelta(0, 'input_json_delta', input),
    ...end,
  )

  assert.match(only('failure', deltas)[0]?.failure.message ?? '', /without naming it/)
})

test('nothing follows the end', () => {
  const deltas = claude(messageStart(), ...end, ...textBlock(0, 'late'), ...end)

  assert.deepEqual(types(deltas), ['start', 'stop'])
})

test('a body that is no message is a protocol error', () => {
  const deltas = anthropicBody({ hello: 'world' }, context)

  assert.equal(only('failure', deltas)[0]?.failure.code, 'upstream_protocol_error')
})

test('a body that is an error fails with the status of its type', () => {
  const error = { type: 'overloaded_error', message: 'Overloaded' }
  const deltas = anthropicBody({ type: 'error', error }, context)

  assert.equal(only('failure', deltas)[0]?.failure.status, 529)
})
