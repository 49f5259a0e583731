import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { oversizedLine, WholeLines } from '../../../pipelines/stages/sse-events.ts'
import { cutAt, eventsOf, sliced } from './slices.ts'

/** What is passed on of these pieces, piece by piece. */
function passed(pieces: readonly Buffer[], maxLineBytes?: number): Buffer[] {
  const lines = new WholeLines(maxLineBytes)
  return [...pieces.map((piece) => lines.take(piece)), lines.rest()].filter(
    (piece) => piece !== undefined,
  )
}

test('passes on everything up to the last line end at once, and holds the rest back', () => {
  const lines = new WholeLines()

  assert.equal(String(lines.take(Buffer.from('one\ntwo\nthr'))), 'one\ntwo\n')
  assert.equal(lines.take(Buffer.from('ee')), undefined)
  assert.equal(String(lines.take(Buffer.from('\nfour'))), 'three\n')
})

test('passes on a rest without a line end when the input ends', () => {
  const pieces = [Buffer.from('one\ntw'), Buffer.from('o')]

  assert.equal(passed(pieces).join(''), 'one\ntwo')
})

test('row 39: any slicing gives the same bytes, each piece ending with a line end but the last', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('\n', '\r\n', 'a', 'é', '😀', ''), { maxLength: 60 }),
      fc.array(fc.nat(200), { maxLength: 20 }),
      (words, places) => {
        const bytes = Buffer.from(words.join(''))
        const pieces = passed(cutAt(bytes, places))
        assert.deepEqual(Buffer.concat(pieces), bytes)
        assert.ok(pieces.slice(0, -1).every((piece) => piece.at(-1) === 10))
      },
    ),
    { numRuns: 1000 },
  )
})

test('a 4 MB line in 1 KB pieces is not copied over and over', (t) => {
  const line = Buffer.alloc(4 * 1024 * 1024, 'x')
  line[line.length - 1] = 10
  const concat = t.mock.method(Buffer, 'concat')

  const lines = new WholeLines()
  const length = sliced(line, 1024).reduce(
    (sum, piece) => sum + (lines.take(piece)?.length ?? 0),
    0,
  )

  const copied = concat.mock.calls.reduce((sum, call) => sum + (call.result?.length ?? 0), 0)
  assert.equal(length, line.length)
  assert.ok(concat.mock.callCount() <= 5, `${concat.mock.callCount()} calls of concat`)
  assert.ok(copied <= 2 * line.length, `${copied} bytes were copied`)
})

test('a line that comes byte by byte is not kept as one object a byte', (t) => {
  const line = Buffer.alloc(100_000, 'x')
  const concat = t.mock.method(Buffer, 'concat')

  passed(sliced(line, 1))

  const longest = Math.max(...concat.mock.calls.map((call) => call.arguments[0].length))
  assert.ok(longest <= 1200, `${longest} pieces were held`)
})

test('a line above the limit, and all after it, is replaced by the mark', async (t) => {
  const cases = [
    ['in one piece', ['ab\n12345\ncd\n']],
    ['over two pieces', ['ab\n12', '345\ncd\n']],
    ['with its end still to come', ['ab\n12345']],
    ['with its beginning held back', ['ab\n1', '2', '3', '4', '5', '6\n', 'cd\n']],
  ] as const
  for (const [name, pieces] of cases) {
    await t.test(name, () => {
      const bytes = passed(
        pieces.map((piece) => Buffer.from(piece)),
        4,
      )

      assert.equal(bytes.join(''), `ab\n${oversizedLine}\n`)
    })
  }
})

test('lines of exactly the limit pass, however they are cut', () => {
  for (const pieces of [
    ['1234\n1234\n12\n'],
    ['12', '34\n1234\n', '12\n'],
    ['1234', '\n1234\n12\n'],
  ]) {
    const bytes = pieces.map((piece) => Buffer.from(piece))

    assert.equal(passed(bytes, 4).join(''), '1234\n1234\n12\n')
  }
})

test('row 40: a 33 MB line gives what came before it and then a failing event', async () => {
  const mb = Buffer.alloc(1024 * 1024, 'x')
  const pieces = [Buffer.from('data: 1\n\ndata: "'), ...Array<Buffer>(33).fill(mb)]

  assert.deepEqual(await eventsOf([...pieces, Buffer.from('"\n\ndata: 2\n\n')]), [
    { data: '1' },
    { data: '', oversized: true },
  ])
})
