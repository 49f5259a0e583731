import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { oversizedLine, wholeLines } from '../../../pipelines/parse/whole-lines.ts'
import { cutAt, eventsOf, sliced } from './slices.ts'

function passed(pieces: readonly Buffer[], maxLineBytes?: number): Promise<Buffer> {
  return buffer(Readable.from(pieces).pipe(wholeLines(maxLineBytes)))
}

test('passes on everything up to the last line end at once, and holds the rest back', () => {
  const stage = wholeLines()

  stage.write('one\ntwo\nthr')
  assert.equal(String(stage.read()), 'one\ntwo\n')
  stage.write('ee')
  assert.equal(stage.read(), null)
  stage.write('\nfour')

  assert.equal(String(stage.read()), 'three\n')
})

test('passes on a rest without a line end when the input ends', async () => {
  assert.equal(String(await passed([Buffer.from('one\ntw'), Buffer.from('o')])), 'one\ntwo')
})

test('row 39: any slicing gives the same bytes, each piece ending with a line end but the last', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('\n', '\r\n', 'a', 'é', '😀', ''), { maxLength: 60 }),
      fc.array(fc.nat(200), { maxLength: 20 }),
      async (words, places) => {
        const bytes = Buffer.from(words.join(''))
        const pieces: Buffer[] = []
        const stage = wholeLines()
        stage.on('data', (piece: Buffer) => pieces.push(piece))
        await pipeline(Readable.from(cutAt(bytes, places)), stage)
        assert.deepEqual(Buffer.concat(pieces), bytes)
        assert.ok(pieces.slice(0, -1).every((piece) => piece.at(-1) === 10))
      },
    ),
    { numRuns: 300 },
  )
})

test('a 4 MB line in 1 KB pieces is not copied over and over', async (t) => {
  const line = Buffer.alloc(4 * 1024 * 1024, 'x')
  line[line.length - 1] = 10
  const concat = t.mock.method(Buffer, 'concat')

  const stage = wholeLines()
  let length = 0
  stage.on('data', (piece: Buffer) => (length += piece.length))
  for (const piece of sliced(line, 1024)) stage.write(piece)
  await new Promise((resolve) => stage.end(resolve))

  const copied = concat.mock.calls.reduce((sum, call) => sum + (call.result?.length ?? 0), 0)
  assert.equal(length, line.length)
  assert.ok(concat.mock.callCount() <= 5, `${concat.mock.callCount()} calls of concat`)
  assert.ok(copied <= 2 * line.length, `${copied} bytes were copied`)
})

test('a line that comes byte by byte is not kept as one object a byte', async (t) => {
  const line = Buffer.alloc(100_000, 'x')
  const concat = t.mock.method(Buffer, 'concat')

  await passed(sliced(line, 1))

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
    await t.test(name, async () => {
      const bytes = await passed(
        pieces.map((piece) => Buffer.from(piece)),
        4,
      )

      assert.equal(String(bytes), `ab\n${oversizedLine}\n`)
    })
  }
})

test('lines of exactly the limit pass, however they are cut', async () => {
  for (const pieces of [
    ['1234\n1234\n12\n'],
    ['12', '34\n1234\n', '12\n'],
    ['1234', '\n1234\n12\n'],
  ]) {
    const bytes = pieces.map((piece) => Buffer.from(piece))

    assert.equal(String(await passed(bytes, 4)), '1234\n1234\n12\n')
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
