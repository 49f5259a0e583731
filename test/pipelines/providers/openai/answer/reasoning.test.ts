import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import {
  added,
  at,
  completed,
  created,
  details,
  done,
  functionCall,
  messageItem,
  openai,
  outputText,
  readable,
} from '../../events.ts'
import { Order } from '../../order.ts'

function reasoning(rest: JsonObject = {}): JsonObject {
  return { type: 'reasoning', id: 'rs_1', summary: [], ...rest }
}

function summary(...texts: string[]): JsonObject {
  return { summary: texts.map((text) => ({ type: 'summary_text', text })) }
}

function content(...texts: string[]): JsonObject {
  return { content: texts.map((text) => ({ type: 'reasoning_text', text })) }
}

function summaryDelta(index: number, delta: string): JsonObject {
  return at(0, 'reasoning_summary_text.delta', { summary_index: index, delta })
}

function detailsOf(...events: JsonObject[]) {
  return details(openai(created(), ...events, completed()))
}

const rows: [row: string, events: JsonObject[], expected: string[]][] = [
  ['summary deltas', [summaryDelta(0, 'a'), summaryDelta(0, 'b')], ['a', 'b']],
  [
    'summary done events add the rest only',
    [
      summaryDelta(0, 'a'),
      at(0, 'reasoning_summary_text.done', { summary_index: 0, text: 'ab' }),
      at(0, 'reasoning_summary_part.done', { summary_index: 0, part: { text: 'abc' } }),
      done(0, reasoning(summary('abcd'))),
    ],
    ['a', 'b', 'c', 'd'],
  ],
  [
    'summary parts are parted by a blank line',
    [done(0, reasoning(summary('a', 'b')))],
    ['a', '\n\nb'],
  ],
  [
    'so are items',
    [done(0, reasoning(summary('a'))), done(1, reasoning(summary('b')))],
    ['a', '\n\nb'],
  ],
  [
    'raw reasoning reads likewise',
    [
      at(0, 'reasoning_text.delta', { delta: 'a' }),
      at(0, 'reasoning_text.done', { text: 'ab' }),
      at(0, 'content_part.done', { part: { type: 'reasoning_text', text: 'abc' } }),
      done(0, reasoning(content('abcd'))),
    ],
    ['a', 'b', 'c', 'd'],
  ],
  [
    'of an item with both kinds the one that came first is shown',
    [
      at(0, 'reasoning_text.delta', { delta: 'raw' }),
      summaryDelta(0, 'sum'),
      done(0, reasoning({ ...summary('sum'), ...content('raw') })),
    ],
    ['raw'],
  ],
]

for (const [row, events, expected] of rows) {
  test(`§9.2 ${row}`, () => {
    assert.deepEqual(readable(openai(created(), ...events, completed())), expected)
  })
}

const rest = {
  format: 'openai-responses-v1',
  index: 1,
  model: 'up-1',
  at: { content: 2, tools: 1 },
}

test('§9.2 the done item is handed over whole: readable text, then encrypted content', () => {
  const before = [done(0, messageItem(outputText('😀b'))), done(2, functionCall('{}'))]
  const item = reasoning({ ...summary('a', 'b'), encrypted_content: 'whole' })
  const partial = added(1, reasoning({ encrypted_content: 'part' }))

  assert.deepEqual(detailsOf(...before, partial, done(1, item)), [
    [
      { type: 'reasoning.summary', summary: 'a\n\nb', ...rest },
      { type: 'reasoning.encrypted', data: 'whole', id: 'rs_1', ...rest },
    ],
  ])
})

test('§9.2 raw reasoning is handed over as text', () => {
  const [[detail] = []] = detailsOf(done(0, reasoning(content('a'))))

  assert.deepEqual([detail?.type, detail?.text], ['reasoning.text', 'a'])
})

test('§9.2 `at` is where the item began, though it is handed over later', () => {
  const [[detail] = []] = detailsOf(
    added(0, reasoning()),
    done(1, messageItem(outputText('abc'))),
    done(0, reasoning({ encrypted_content: 'x' })),
  )

  assert.deepEqual(detail?.at, { content: 0, tools: 0 })
})

test('§9.2 an item that holds nothing has no entry, and no item has two', () => {
  assert.deepEqual(detailsOf(done(0, reasoning())), [])
  const item = reasoning(summary('a'))
  assert.equal(detailsOf(done(0, item), done(0, item)).length, 1)
})

test('§9.2 pieces that come behind the end of their item are ended before the answer is', () => {
  const item = done(0, reasoning(summary('a')))
  const deltas = openai(created(), item, summaryDelta(0, 'b'), completed())

  new Order('disorderly').check(deltas)
  assert.deepEqual(readable(deltas), ['a', 'b'])
})
