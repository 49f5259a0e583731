/** JsonDocument: what is changed is what parse and change would give, and no other byte moves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProxyError } from '../../../pipelines/errors.ts'
import { JsonDocument } from '../../../pipelines/json/document.ts'
import { sentText } from '../../same-api/sent-text.ts'

const key = fc.oneof(fc.constantFrom('a', 'b', 'model', '__proto__', 'é"\\', ''), fc.string())
const value = fc.jsonValue({ maxDepth: 3 })
const space = fc.constantFrom('', ' ', '\n\t', '\r\n  ')

/** A document as text, its members in order, with white space where JSON allows it and keys that may come twice. */
const documents = fc
  .array(fc.record({ key, value, before: space, middle: space, after: space }), { maxLength: 6 })
  .map((members) => ({
    members,
    text: `${members
      .map(
        ({ key: name, value: member, before, middle, after }) =>
          `${before}${JSON.stringify(name)}${middle}:${middle}${JSON.stringify(member, null, after.length > 1 ? 1 : 0)}${after}`,
      )
      .join(',')
      .replace(/^/, ' {')}}\n`,
  }))

const edits = fc.array(
  fc.record({ key, change: fc.option(fc.record({ to: value }), { nil: undefined }) }),
  { maxLength: 4 },
)

test('any changes to any document equal parse and change', () => {
  fc.assert(
    fc.property(documents, edits, ({ text }, changes) => {
      const document = JsonDocument.parse(Buffer.from(text))
      const expected = new Map(Object.entries(JSON.parse(text) as object))
      for (const { key: name, change } of changes) {
        if (change) {
          document.set(name, change.to)
          expected.set(name, JSON.parse(JSON.stringify(change.to)))
        } else {
          document.delete(name)
          expected.delete(name)
        }
      }

      const result = new Map(Object.entries(JSON.parse(sentText(document)) as object))

      assert.deepEqual([...result].toSorted(byKey), [...expected].toSorted(byKey))
    }),
    { numRuns: 1000 },
  )
})

test('values that are not changed keep their bytes', () => {
  fc.assert(
    fc.property(documents, key, ({ text }, name) => {
      const document = JsonDocument.parse(Buffer.from(text))
      const before = new Map(
        Object.keys(JSON.parse(text) as object).map((one) => [one, document.raw(one)]),
      )
      document.set(name, 'changed')

      const after = JsonDocument.parse(Buffer.concat(document.pieces()))

      for (const [one, raw] of before) if (one !== name) assert.deepEqual(after.raw(one), raw)
    }),
    { numRuns: 1000 },
  )
})

test('an untouched document is the very buffer that came', () => {
  const bytes = Buffer.from(' { "a" : 1.0 }\n')

  assert.equal(JsonDocument.parse(bytes).pieces()[0], bytes)
})

const cases: [
  what: string,
  text: string,
  change: (document: JsonDocument) => void,
  result: string,
][] = [
  ['a value replaced', '{ "a": 1, "b":2}', (d) => d.set('a', 9), '{ "a": 9, "b":2}'],
  ['a member added', '{ "a": 1}', (d) => d.set('b', 2), '{"b":2, "a": 1}'],
  ['a member added to nothing', '{ }', (d) => d.set('b', 2), '{"b":2 }'],
  ['the first taken out', '{"a":1, "b":2}', (d) => d.delete('a'), '{"b":2}'],
  ['the middle taken out', '{"a":1, "b":2 ,"c":3}', (d) => d.delete('b'), '{"a":1 ,"c":3}'],
  ['the last taken out', '{"a":1, "b":2 }', (d) => d.delete('b'), '{"a":1 }'],
  ['the only one taken out', '{"a":1}', (d) => d.delete('a'), '{}'],
  ['an earlier double dropped', '{"a":1,"b":2,"a":3}', () => undefined, '{"b":2,"a":3}'],
  ['a brace in a string', '{"a":"}\\"]{","b":1}', (d) => d.set('b', 2), '{"a":"}\\"]{","b":2}'],
  ['an escaped key', '{"\\u0061":1,"b":2}', (d) => d.set('a', 3), '{"\\u0061":3,"b":2}'],
  [
    'a large number',
    '{"n":12345678901234567890,"a":1}',
    (d) => d.set('a', 2),
    '{"n":12345678901234567890,"a":2}',
  ],
]

for (const [what, text, change, result] of cases) {
  test(what, () => {
    const document = JsonDocument.parse(Buffer.from(text))
    change(document)

    assert.equal(sentText(document), result)
  })
}

test('a hundred thousand levels of nesting are passed by', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  const document = JsonDocument.parse(Buffer.from(`{"x":${deep},"a":1}`))
  document.set('a', 2)

  assert.equal(sentText(document), `{"x":${deep},"a":2}`)
  assert.throws(() => document.set('x', [document.get('x')]), { status: 400, code: 'invalid_json' })
})

const broken = String.raw`|[]|null|{|{"a":1|{"a":1}}|{"a":1,}|{,}|{"a"}|{"a":}|{a:1}|{"a":1 "b":2}|{"a":1,,"b":2}|{"a":tru}|{"a":01}|{"a":"b|{"a":"b\"|{"a":"b\"}|{"a":[1|{"a":{"b":1}|{"a":[}|{"a":[1},"b":2}|{"a":{"b":1],"c":2}|{"\x":1}|{"a":1}x|"a":1`
const noSpace = ['{\u000b"a":1}', '{"a":1\u000c}', '{"a":\u00001}', '\u00a0{}']
for (const bytes of [...broken.split('|'), ...noSpace]) {
  test(`${JSON.stringify(bytes)} is refused with 400`, () => {
    assert.throws(
      () => JsonDocument.parse(Buffer.from(bytes)),
      (error: unknown) => error instanceof ProxyError && error.code === 'invalid_json',
    )
  })
}

test('JSON that is broken deep inside passes untouched, and is refused where it is looked at', () => {
  const bytes = Buffer.from('{"a":[1,],"b":2}')
  const document = JsonDocument.parse(bytes)

  assert.equal(document.get('b'), 2)
  assert.deepEqual(document.pieces(), [bytes])
  assert.equal(document.pieces()[0], bytes)
  assert.throws(() => document.get('a'), { status: 400, code: 'invalid_json' })
})

test('whatever JSON.parse takes for an object is a document with the same values', () => {
  const pieces = '{ } [ ] " , : "a" 1 - \\ true null {"a":1} "b":2'.split(' ')
  fc.assert(
    fc.property(fc.array(fc.constantFrom(' ', ...pieces), { maxLength: 12 }), (chosen) => {
      const text = `{"a":${chosen.join('')}}`
      const expected = attempt(() => JSON.parse(text) as Record<string, unknown>)
      const document = attempt(() => JsonDocument.parse(Buffer.from(text)))

      // one that JSON.parse refuses may pass: it is broken deep inside
      if (expected) assert.deepEqual(document?.get('a'), expected.a)
    }),
    { numRuns: 5000 },
  )
})

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    // that it fails is the answer
    return undefined
  }
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1
}

test('a value in front of a list, and its first item changed, equal parse and change', () => {
  const lists = fc.array(fc.oneof(value, fc.dictionary(key, value)), { maxLength: 3 })
  fc.assert(
    fc.property(lists, value, space, (list, added, gap) => {
      const text = `{"before":1.0,"list":${gap}${JSON.stringify(list, null, gap)},"after":"}]"}`
      const parsed = JSON.parse(text) as { list: unknown[] }
      const document = JsonDocument.parse(Buffer.from(text))
      const first = document.first('list')

      if (first) {
        first.set('a', added)
        document.setFirst('list', first)
        parsed.list[0] = { ...(parsed.list[0] as object), a: JSON.parse(JSON.stringify(added)) }
      } else {
        const isIn = document.prepend('list', added)
        assert.equal(isIn, list.length > 0)
        if (isIn) parsed.list.unshift(JSON.parse(JSON.stringify(added)))
      }

      assert.deepEqual(JSON.parse(sentText(document)), parsed)
    }),
    { numRuns: 1000 },
  )
})
