/** JSON with its numbers as they were written, and without lone halves of surrogate pairs. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import {
  ExactNumber,
  calculable,
  membersNamed,
  parseAnswer,
  parseExact,
  survey,
  wellFormed,
  writeJson,
} from '../../../pipelines/json/value.ts'

const integer = fc.oneof(
  fc.constantFrom('0', '7', '42', '2512292042121000001', '12345678901234567890'),
  fc.bigInt({ min: 1n, max: 10n ** 40n }).map(String),
)
const fraction = fc.constantFrom('', '.0', '.10', '.5', '.123456789012345678901')
const exponent = fc.constantFrom('', '', 'e5', 'E5', 'e+2', 'e-7', 'E400')
const number = fc
  .tuple(fc.constantFrom('', '-'), integer, fraction, exponent)
  .map((pieces) => pieces.join(''))
/** Texts that look like numbers, quotes and escapes to a careless scan. */
const text = fc
  .array(fc.constantFrom('1.0', '"', '\\', ',', ':', '[1.0,', 'é', '😀', '\n', 'a'), {
    maxLength: 6,
  })
  .map((pieces) => pieces.join(''))
/** JSON.parse of Node 26.10 takes what is escaped at the end of a name for a backslash, once a name has ended with one. */
const isSafe = (one: string) => !/["\\\n]$/.test(one)
const name = fc.oneof(text.filter(isSafe), fc.constantFrom('__proto__', 'constructor', 'input'))

/** Compact JSON as text, since a value could not hold the numbers; names are unlike, since the last of twins would win. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    number,
    text.map((value) => JSON.stringify(value)),
    fc.constantFrom('true', 'false', 'null'),
    fc.array(tie('json'), { maxLength: 4 }).map((members) => `[${members.join(',')}]`),
    fc
      .uniqueArray(fc.tuple(name, tie('json')), { selector: ([key]) => key, maxLength: 4 })
      .map((members) => members.map(([key, value]) => `${JSON.stringify(key)}:${value}`))
      .map((members) => `{${members.join(',')}}`),
  ),
}))

/** Integer names come first in an object, whatever the order in the text: without them the texts can be compared. */
test('§1.1 JSON that is parsed and written is the same text, number for number', () => {
  fc.assert(
    fc.property(json, (written) => {
      assert.equal(writeJson(parseExact(written)), written)
    }),
    { numRuns: 1000 },
  )
})

test('§1.1 values for calculations are those that JSON.parse gives', () => {
  fc.assert(
    fc.property(json, (written) => {
      const value = parseExact(`[${written}]`) as object
      assert.deepEqual(calculable(value, new Set()), JSON.parse(`[${written}]`))
    }),
    { numRuns: 1000 },
  )
})

test('§1.1 a text is refused with and without exact numbers alike', () => {
  const broken = fc.tuple(json, json, fc.constantFrom('', ',', ':', '}', ']', '"', '.', '0', '-'))
  fc.assert(
    fc.property(broken, ([one, other, between]) => {
      const written = `[${one}${between}${other}]`
      const outcome = (parse: (given: string) => unknown) => {
        try {
          return JSON.stringify(parse(written))
        } catch (error) {
          return (error as Error).message
        }
      }
      assert.equal(outcome(parseExact), outcome(JSON.parse))
    }),
    { numRuns: 1000 },
  )
})

suite('§1.1 numbers', () => {
  const kept = ['12345678901234567890', '1.0', '1e400', '-0', '0.1e-7', '1E5', '-1.50', '1e+2']
  for (const digits of kept) {
    test(`${digits} is kept as it is written`, () => {
      const value = parseExact(`{"a":[ ${digits} ]}`) as { a: unknown[] }

      assert.ok(value.a[0] instanceof ExactNumber)
      assert.equal(writeJson(value), `{"a":[${digits}]}`)
      assert.equal(JSON.stringify(value), JSON.stringify({ a: [Number(digits)] }))
    })
  }

  const plain = ['0', '-1', '1.5', '123456789012345', '1e-7', '9007199254740991', '1e+21']
  for (const digits of plain) {
    test(`${digits} is a plain number`, () => {
      assert.deepEqual(parseExact(`[${digits}]`), [Number(digits)])
    })
  }

  test('a number where a name should be stays a fault', () => {
    assert.throws(() => parseExact('{1.0:2}'), SyntaxError)
    assert.throws(() => parseExact('[01.0]'), SyntaxError)
    assert.throws(() => parseExact('[1.]'), SyntaxError)
  })

  test('a fault is told at its place in the text, also behind an exact number', () => {
    assert.throws(() => parseExact('{"a":1.0,"b":2 x}'), /position 15/)
  })

  test('of an answer only what a tool is called with has exact numbers', () => {
    const given = '{"usage":{"n":1.0},"index":0.0,"content":[{"input":{"id":1.0,"a":[-0]}}]}'

    const value = parseAnswer(given, membersNamed('input', 'arguments')) as {
      usage: unknown
      index: unknown
      content: unknown
    }

    assert.deepEqual([value.usage, value.index], [{ n: 1 }, 0])
    assert.equal(writeJson(value.content), '[{"input":{"id":1.0,"a":[-0]}}]')
  })

  test('an answer may be nested as deeply as JSON.parse takes it', () => {
    const deep = `${'['.repeat(100_000)}1.0${']'.repeat(100_000)}`

    assert.equal(survey(deep).depth, 100_000)
    assert.ok(parseAnswer(`{"input":${deep}}`, membersNamed('input')))
  })
})

suite('§1.1 lone halves of surrogate pairs', () => {
  const rows: [what: string, value: unknown, expected: string][] = [
    ['a high half', ['a\ud83d'], '["a\ufffd"]'],
    ['a low half', ['\ude00b'], '["\ufffdb"]'],
    ['halves in the wrong order', ['\ude00\ud83d'], '["\ufffd\ufffd"]'],
    ['a whole pair', ['\ud83d\ude00'], '["😀"]'],
    ['a name', { '\ud83d': 1 }, '{"\ufffd":1}'],
    ['words about a half', ['\\ud83d'], String.raw`["\\ud83d"]`],
    ['a half behind a backslash', ['\\\ud83d'], '["\\\\\ufffd"]'],
  ]
  for (const [what, value, expected] of rows) {
    test(what, () => assert.equal(writeJson(value), expected))
  }

  test('written JSON holds no half of a character, and all else stays', () => {
    const unit = fc.oneof(fc.integer({ min: 0xd7ff, max: 0xe000 }), fc.constantFrom(0x5c, 0x22))
    const texts = fc.array(unit).map((units) => String.fromCharCode(...units))
    fc.assert(
      fc.property(texts, (value) => {
        const written = writeJson({ [value]: value })
        const mended = Buffer.from(value).toString()
        assert.doesNotMatch(written.replaceAll('\\\\', ''), /\\u/)
        assert.deepEqual(JSON.parse(written), { [mended]: mended })
      }),
    )
  })

  test('in JSON that others wrote, too, where a pair may be two escapes', () => {
    const given = String.raw`{"a":"\ud83d\ude00 \uD83D\uDE00 \uD83D x \ude00 \\ud83d A"}`

    const expected = String.raw`{"a":"\ud83d\ude00 \uD83D\uDE00 \ufffd x \ufffd \\ud83d A"}`
    assert.equal(wellFormed(given), expected)
  })
})
