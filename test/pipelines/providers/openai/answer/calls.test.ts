import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Delta } from '../../../../../pipelines/neutral/delta.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import { added, at, completed, created, done, functionCall, only, openai } from '../../events.ts'

const args = 'function_call_arguments'
const input = 'custom_tool_call_input'

function start(
  index: number,
  id: string,
  name = 'f',
  kind: 'function' | 'custom' = 'function',
): Delta {
  return { type: 'tool-start', index, kind, id, name }
}

function piece(index: number, text: string): Delta {
  return { type: 'tool-input', index, text }
}

function stop(index: number): Delta {
  return { type: 'tool-stop', index }
}

function sql(text: string): JsonObject {
  return { type: 'custom_tool_call', id: 'ct', call_id: 'call_1', name: 'sql', input: text }
}

const rows: [row: string, events: JsonObject[], deltas: Delta[]][] = [
  [
    'the id is the call_id, never the id of the item',
    [done(0, functionCall('{"a":1}'))],
    [start(0, 'call_1'), piece(0, '{"a":1}'), stop(0)],
  ],
  [
    'deltas and done events give each character once',
    [
      added(0, functionCall('')),
      at(0, `${args}.delta`, { delta: '{"a"' }),
      at(0, `${args}.delta`, { delta: '' }),
      at(0, `${args}.done`, { arguments: '{"a":1}' }),
      done(0, functionCall('{"a":1}')),
    ],
    [start(0, 'call_1'), piece(0, '{"a"'), piece(0, ':1}'), stop(0)],
  ],
  [
    'arguments in the added event count',
    [added(0, functionCall('{"a"')), at(0, `${args}.done`, { arguments: '{"a":1}' })],
    [start(0, 'call_1'), piece(0, '{"a"'), piece(0, ':1}'), stop(0)],
  ],
  [
    'id and name of the added event stay valid',
    [added(0, functionCall('')), done(0, functionCall('{}', { call_id: 'call_9', name: 'g' }))],
    [start(0, 'call_1'), piece(0, '{}'), stop(0)],
  ],
  [
    'no arguments at all become {} at the arguments.done event',
    [
      added(0, functionCall('')),
      at(0, `${args}.done`, { arguments: '' }),
      done(0, functionCall('')),
    ],
    [start(0, 'call_1'), piece(0, '{}'), stop(0)],
  ],
  [
    'or at the output_item.done event',
    [added(0, functionCall('')), done(0, functionCall('', { status: 'completed' }))],
    [start(0, 'call_1'), piece(0, '{}'), stop(0)],
  ],
  [
    'or when the response completes',
    [added(0, functionCall(''))],
    [start(0, 'call_1'), piece(0, '{}'), stop(0)],
  ],
  [
    'but not for an item that is incomplete',
    [added(0, functionCall('')), done(0, functionCall('', { status: 'incomplete' }))],
    [start(0, 'call_1'), stop(0)],
  ],
  [
    'custom tools have input, and none of it needs no {}',
    [
      added(0, sql('')),
      at(0, `${input}.delta`, { delta: 'SELECT' }),
      at(0, `${input}.done`, { input: 'SELECT 1' }),
      done(0, sql('SELECT 1')),
      done(1, { ...sql(''), call_id: 'call_2' }),
    ],
    [
      start(0, 'call_1', 'sql', 'custom'),
      piece(0, 'SELECT'),
      piece(0, ' 1'),
      stop(0),
      start(1, 'call_2', 'sql', 'custom'),
      stop(1),
    ],
  ],
  [
    'indexes follow first appearance, not completion',
    [
      added(3, functionCall('', { call_id: 'a' })),
      added(1, functionCall('', { call_id: 'b' })),
      done(1, functionCall('{"n":1}', { call_id: 'b' })),
      done(3, functionCall('{"n":0}', { call_id: 'a' })),
    ],
    [start(0, 'a'), start(1, 'b'), piece(1, '{"n":1}'), stop(1), piece(0, '{"n":0}'), stop(0)],
  ],
  [
    'a call that was never announced waits for its name',
    [at(0, `${args}.delta`, { delta: '{"a"' }), done(0, functionCall('{"a":1}'))],
    [start(0, 'call_1'), piece(0, '{"a":1}'), stop(0)],
  ],
  [
    'events that come again do not call again',
    [
      added(0, functionCall('')),
      added(0, functionCall('')),
      done(0, functionCall('{}')),
      added(0, functionCall('')),
      done(0, functionCall('{}, and more')),
    ],
    [start(0, 'call_1'), piece(0, '{}'), stop(0)],
  ],
  [
    'an upstream that numbers every item 0 still gets each call told',
    [
      added(0, functionCall('', { id: 'x' })),
      done(0, functionCall('{}', { id: 'x' })),
      added(0, functionCall('', { id: 'y', call_id: 'call_2' })),
      done(0, functionCall('{"b":2}', { id: 'y', call_id: 'call_2' })),
    ],
    [start(0, 'call_1'), piece(0, '{}'), stop(0), start(1, 'call_2'), piece(1, '{"b":2}'), stop(1)],
  ],
]

for (const [row, events, expected] of rows) {
  test(`§8.3 ${row}`, () => {
    const deltas = openai(created(), ...events, completed())

    assert.deepEqual(deltas.slice(1, -1), expected)
  })
}

const halves: [row: string, events: JsonObject[]][] = [
  [
    'whose end does not fit its pieces',
    [
      added(0, functionCall('')),
      at(0, `${args}.delta`, { delta: '{"a":{' }),
      at(0, `${args}.done`, { arguments: '{"b":1}' }),
    ],
  ],
  ['that was done in the middle', [done(0, functionCall('{"a":{'))]],
]

for (const [row, events] of halves) {
  test(`§8.3 a call ${row} is an error, unless the answer was cut`, () => {
    const limit = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
    const [failure] = only('failure', openai(created(), ...events, completed()))
    const [ended] = only('stop', openai(created(), ...events, completed(limit)))

    assert.equal(failure?.failure.code, 'upstream_protocol_error')
    assert.equal(ended?.reason, 'length')
  })
}
