/** JsonDocument: texts made to mislead a scanner, and what must not get in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ProxyError } from '../../../pipelines/errors.ts'
import { JsonDocument } from '../../../pipelines/json/document.ts'
import { sentText } from '../../same-api/sent-text.ts'

function parse(text: string): JsonDocument {
  return JsonDocument.parse(Buffer.from(text))
}

/** The text after one change. */
function changed(text: string, change: (document: JsonDocument) => void): string {
  const document = parse(text)
  change(document)
  return sentText(document)
}

/** The members of an object, also one called `__proto__`; in any order. */
function membersOf(text: string): Map<string, unknown> {
  return new Map(Object.entries(JSON.parse(text) as object))
}

const space = fc.constantFrom('', '', ' ', '\n', '\t\r\n  ')
const anyText = fc.string({ unit: 'binary' })
/** Texts that a scanner of structure could fall for, and number forms no serialiser writes. */
const oddValue = fc.constantFrom(
  '"}"',
  String.raw`"\\"`,
  String.raw`"\\\"},{\\"`,
  String.raw`"\u00e9\/\ud83d"`,
  '[ "]", {"}":"{"} ]',
  String.raw`{"a":"\"","b":[{}]}`,
  '1e1',
  '-0.10',
  '12345678901234567890',
)
const plainValue = fc
  .tuple(fc.jsonValue({ stringUnit: 'binary' }), fc.constantFrom(0, 2))
  .map(([value, indent]) => JSON.stringify(value, undefined, indent))
const value = fc.oneof(oddValue, plainValue)
const oddKeys = ['"a"', String.raw`"\u0061"`, '"__proto__"', '"é"', String.raw`"\"{"`, '""']
const key = fc.oneof(
  fc.constantFrom(...oddKeys, '"constructor"'),
  anyText.map((text) => JSON.stringify(text)),
)
const member = fc.record({ key, value, spaces: fc.tuple(space, space, space, space) })
const name = key.map((text) => JSON.parse(text) as string)
const change = fc.record({ how: fc.constantFrom('set', 'setRaw', 'delete'), name, value })

type Member = typeof member extends fc.Arbitrary<infer One> ? One : never

function written(members: Member[], around: string): string {
  const pieces = members.map(
    ({ key: quoted, value: json, spaces: [a, b, c, d] }) => `${a}${quoted}${b}:${c}${json}${d}`,
  )
  return `${around}{${around}${pieces.join(',')}}${around}`
}

test('any change gives what changing the parsed object gives; the rest keeps its bytes', () => {
  const changes = fc.array(change, { maxLength: 5 })
  fc.assert(
    fc.property(fc.array(member, { maxLength: 8 }), space, changes, (members, around, edits) => {
      const text = written(members, around)
      const document = parse(text)
      const expected = membersOf(text)
      const untouched = new Map(members.map((one) => [JSON.parse(one.key) as string, one.value]))
      for (const { how, name: edited, value: json } of edits) {
        untouched.delete(edited)
        if (how === 'delete') expected.delete(edited)
        else expected.set(edited, JSON.parse(json))
        if (how === 'delete') document.delete(edited)
        else if (how === 'set') document.set(edited, JSON.parse(json))
        else document.setRaw(edited, Buffer.from(json))
      }

      const sent = sentText(document)

      assert.deepEqual(membersOf(sent), withoutNegativeZero(expected))
      const again = parse(sent)
      for (const [kept, json] of untouched) assert.equal(again.raw(kept)?.toString(), json)
    }),
    { numRuns: 1000 },
  )
})

/** JSON.stringify writes -0 as 0; the sign of nothing is no matter here. */
function withoutNegativeZero(members: Map<string, unknown>): Map<string, unknown> {
  return new Map([...members].map(([one, json]) => [one, json === 0 ? 0 : json]))
}

test('a document without changes gives the very buffer it was parsed from', () => {
  const unique = fc.uniqueArray(member, { selector: (one) => JSON.parse(one.key) as string })
  fc.assert(
    fc.property(unique, space, (members, around) => {
      const bytes = Buffer.from(written(members, around))
      assert.equal(JsonDocument.parse(bytes).pieces()[0], bytes)
    }),
    { numRuns: 1000 },
  )
})

const deletions: [title: string, text: string, names: string[], expected: string][] = [
  ['the first two', '{"a":1,"b":2,"c":3}', ['b', 'a'], '{"c":3}'],
  ['the last two', '{"a":1,"b":2,"c":3}', ['b', 'c'], '{"a":1}'],
  ['the first and the last', '{"a":1,"b":2,"c":3}', ['c', 'a'], '{"b":2}'],
  ['all', '{"a":1,"b":2,"c":3}', ['a', 'b', 'c'], '{}'],
  ['one that is not there', '{"a":1}', ['b'], '{"a":1}'],
  ['both of a doubled key', '{"a":1,"b":2,"a":3}', ['a'], '{"b":2}'],
]
for (const [title, text, names, expected] of deletions) {
  test(`taking out ${title} leaves valid JSON`, () => {
    const sent = changed(text, (document) => {
      for (const one of names) document.delete(one)
    })
    assert.equal(sent, expected)
  })
}

test('taking out what is not there leaves the very bytes that came', () => {
  const bytes = Buffer.from('{"a":1}')
  const document = JsonDocument.parse(bytes)

  document.delete('b', 'c')

  assert.equal(document.pieces()[0], bytes)
})

test('a new member goes in front, also into an empty object', () => {
  const add = (document: JsonDocument) => document.set('new', ['é'])
  assert.equal(changed('{}', add), '{"new":["é"]}')
  assert.deepEqual(JSON.parse(changed(' { \n} ', add)), { new: ['é'] })
  assert.equal(changed('{"a":1e1}', add), '{"new":["é"],"a":1e1}')
})

test('a new member takes the place of all that are taken out', () => {
  const sent = changed('{"a":1,"b":2}', (document) => {
    document.delete('a')
    document.delete('b')
    document.set('c', 3)
    document.set('d', 4)
  })
  assert.equal(sent, '{"c":3,"d":4}')
})

test('the last of several changes to one member counts', () => {
  const sent = changed('{"a":1}', (document) => {
    document.delete('a')
    document.set('a', 2)
    document.set('b', 3)
    document.delete('b')
  })
  assert.equal(sent, '{"a":2}')
})

test('a change goes on from what the member was made before, and leaves out what was taken out', () => {
  const more = (list: unknown) => [...(list as unknown[]), 1.5]
  const twice = changed('{"a":[1.0],"b":[]}', (document) => {
    document.change('a', more)
    document.change('a', more)
    document.delete('b')
    document.change('b', more)
  })
  assert.equal(twice, '{"a":[1.0,1.5,1.5]}')
})

test('row 19: of a doubled key the last counts, and only that one is sent', () => {
  const document = parse(String.raw`{"model":"cheap","n":1,"mod\u0065l":"dear"}`)
  assert.equal(document.get('model'), 'dear')
  assert.equal(document.raw('model')?.toString(), '"dear"')
  assert.equal(sentText(document), String.raw`{"n":1,"mod\u0065l":"dear"}`)
})

test('an escaped key is found by what it means, and keeps its spelling', () => {
  const sent = changed(String.raw`{"\u006dodel":"a","n":1}`, (document) => {
    assert.equal(document.get('model'), 'a')
    document.set('model', 'b')
  })
  assert.equal(sent, String.raw`{"\u006dodel":"b","n":1}`)
})

test('row 19: __proto__ is a member like any other and changes no prototype', () => {
  const text = '{"__proto__":{"polluted":true},"a":1}'
  const document = parse(text)
  assert.deepEqual(document.get('__proto__'), { polluted: true })
  assert.equal(document.get('polluted'), undefined)
  assert.equal(({} as { polluted?: boolean }).polluted, undefined)
  assert.equal(sentText(document), text)
  document.delete('__proto__')
  assert.equal(sentText(document), '{"a":1}')
})

test('a string ends where its quote is not escaped, however far that is and however many backslashes are in front', () => {
  for (let length = 0; length < 40; length += 1) {
    for (const end of ['', '\\', '"', '\\"', '"\\', '\\\\"', '"x"', '\\"\\\\']) {
      const said = 'x'.repeat(length) + end
      const text = JSON.stringify({ a: said, [said]: 1, b: `${said}${said}` })
      const document = parse(text)

      assert.equal(document.get('a'), said)
      assert.equal(document.get(said), 1)
      assert.equal(document.raw('b')?.toString(), JSON.stringify(said + said))
    }
  }
})

test('names that every object inherits are no members', () => {
  for (const inherited of ['constructor', 'toString', '__proto__']) {
    assert.equal(parse('{}').get(inherited), undefined)
    assert.equal(parse('{}').raw(inherited), undefined)
  }
})

const refused: [title: string, bytes: Buffer][] = [
  ['an empty body', Buffer.alloc(0)],
  ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ['half a character', Buffer.from('{"a":"é"}').subarray(0, 7)],
  ['a byte order mark', Buffer.from('\uFEFF{}')],
]
for (const [title, bytes] of refused) {
  test(`${title} is refused with 400`, () => {
    assert.throws(() => JsonDocument.parse(bytes), isInvalid)
  })
}

function isInvalid(error: unknown): error is ProxyError {
  return error instanceof ProxyError && error.status === 400 && error.code === 'invalid_json'
}

test('a string of ours is noticed in any list or object, where it begins with the mark, and nowhere else', () => {
  const seal = 'd2a1.eyJ2IjoxfQ'
  const sealed = [
    { messages: [{ content: [{ type: 'thinking', thinking: '', signature: seal }] }] },
    { input: [{ encrypted_content: 'gAAAA' }, { encrypted_content: seal }], model: 'm' },
    { a: [`\\"`, 'd2a1', 'd2a1.'] },
    { a: { b: 'd' }, c: { d: [seal] } },
  ]
  const plain = [
    { messages: [{ content: `see ${seal}` }, { content: `"${seal}"` }, 'd2a1', 'd2b1.', 'd'] },
    { a: ['\n', `\\${seal}`], metadata: {} },
    {},
  ]

  for (const request of sealed) {
    for (const text of [JSON.stringify(request), JSON.stringify(request, null, 2)]) {
      assert.equal(parse(text).noticed.seal, true, text)
    }
  }
  for (const request of plain) assert.equal(parse(JSON.stringify(request)).noticed.seal, false)
  const [first] = sealed
  const whole = parse(JSON.stringify({ list: [{ type: 'text' }], ...first }))
  assert.equal(whole.noticed.seal, true)
  assert.equal(whole.first('list')!.noticed.seal, false)
})
