import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { SseEvent } from '../../../pipelines/stages/sse-events.ts'
import { cutAt, eventsOf } from './slices.ts'

const rows: [rule: string, bytes: string, events: SseEvent[]][] = [
  ['1: one BOM at the very start is dropped', '\ufeffdata: 1\n\n', [{ data: '1' }]],
  ['1: a second BOM is not', '\ufeff\ufeffdata: 1\n\n', []],
  ['1: a BOM later is not', 'data: 1\n\n\ufeffdata: 2\n\n', [{ data: '1' }]],
  ['2: lines end with LF', 'event: a\ndata: 1\n\n', [{ event: 'a', data: '1' }]],
  ['2: lines end with CRLF', 'event: a\r\ndata: 1\r\n\r\n', [{ event: 'a', data: '1' }]],
  ['2: a lone CR is no line end', 'data: 1\rdata: 2\n\n', [{ data: '1\rdata: 2' }]],
  ['3: comments are ignored', ': hi\ndata: 1\n:\n\n', [{ data: '1' }]],
  ['3: the value is the rest less one blank', 'data:  a: b \n\n', [{ data: ' a: b ' }]],
  ['3: the blank may be missing', 'data:1\n\n', [{ data: '1' }]],
  ['3: a tab is no blank', 'data:\t1\n\n', [{ data: '\t1' }]],
  ['3: other fields are ignored', 'id: 7\nretry: 9\nfoo: x\nData: 0\ndata: 1\n\n', [{ data: '1' }]],
  ['3: a line without a colon is a field with no value', 'data\ndata: 1\n\n', [{ data: '\n1' }]],
  ['3: the last event name counts', 'event: a\nevent: b\ndata: 1\n\n', [{ event: 'b', data: '1' }]],
  ['4: data lines join with LF', 'data: {\ndata: }\n\n', [{ data: '{\n}' }]],
  ['4: an event without data is none', 'event: a\n\ndata: 1\n\n', [{ data: '1' }]],
  ['4: blank lines alone are nothing', '\n\n\n', []],
  ['5: a whole last event needs no blank line', 'data: {"a":1}\n', [{ data: '{"a":1}' }]],
  ['5: nor a line end', 'data: {"a":1}', [{ data: '{"a":1}' }]],
  ['5: nor does [DONE]', 'data: [DONE]', [{ data: '[DONE]' }]],
  ['5: half a line is thrown away', 'data: 1\n\ndata: {"a":', [{ data: '1' }]],
  ['5: half a line of another field too', 'data: 1\nda', [{ data: '1' }]],
  ['11: JSON is one event, blank lines and all', '\n {"a":\r\n\n1}', [{ data: ' {"a":\n\n1}' }]],
  ['11: a list as well', '\ufeff[1]\n', [{ data: '[1]' }]],
  ['11: half of it is nothing', '{"a":\n1', []],
  [
    '3: an error in a field of its own',
    'error: {"code":500}\n\n',
    [{ data: '{"error":{"code":500}}' }],
  ],
  ['9: a line above the limit fails', 'data: 1\n\ndata: 123456789\n\n', [{ data: '1' }, tooLong()]],
  ['9: so do many lines of one event', 'data: 12345\ndata: 67890\n\n', [tooLong()]],
  ['9: nothing follows', `data: ${'1'.repeat(20)}\n\ndata: 2\n\n`, [tooLong()]],
]

function tooLong(): SseEvent {
  return { data: '', oversized: true }
}

for (const [rule, bytes, events] of rows) {
  test(`§2.${rule}`, async () => {
    const limits = rule.startsWith('9') ? { maxLineBytes: 12, maxEventChars: 10 } : {}

    assert.deepEqual(await eventsOf([Buffer.from(bytes)], limits), events)
  })
}

test('the event size has no limit of its own below 32 MiB', async () => {
  const data = 'x'.repeat(31 * 1024 * 1024)

  const [event] = await eventsOf([Buffer.from(`data: ${data}\n\n`)])

  assert.equal(event?.data.length, data.length)
})

test('any slicing of any stream gives the same events', async () => {
  const line = fc.oneof(
    fc.constantFrom('', ': c', 'event: a', 'data', 'data: [DONE]', 'id: 1', '\ufeffdata: 1'),
    fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
  )
  const end = fc.constantFrom('\n', '\r\n', '\n\n', '\r\n\r\n')
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(line, end), { maxLength: 12 }),
      fc.string({ maxLength: 6 }),
      fc.array(fc.nat(400), { maxLength: 30 }),
      async (lines, rest, places) => {
        const bytes = Buffer.from(lines.map((pair) => pair.join('')).join('') + rest)
        assert.deepEqual(await eventsOf(cutAt(bytes, places)), await eventsOf([bytes]))
      },
    ),
    { numRuns: 1000 },
  )
})
