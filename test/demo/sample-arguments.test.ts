import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleValue } from '../../lib/demo/sample-arguments.ts'
import { words, jsonPieces, estimateTokens } from '../../lib/demo/tokens.ts'
import * as fc from 'fast-check'

type Schema = Record<string, unknown>
const hint = { prompt: 'The weather in New York and Rome, please', nth: 0 }

function property(name: string, schema: Schema): Schema {
  return { type: 'object', properties: { [name]: schema }, required: [name] }
}

const string = { type: 'string' }
const tree = {
  $ref: '#/$defs/node',
  $defs: {
    node: {
      type: 'object',
      properties: { next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
      required: ['next'],
    },
  },
}

const rows: [what: string, schema: Schema, value: unknown][] = [
  ['a place the user names', property('city', string), { city: 'New York' }],
  [
    'a harmless command',
    property('command', string),
    { command: 'echo hello from the droid2api demo' },
  ],
  [
    'a command in words',
    property('command', { type: 'array', items: string }),
    { command: 'echo hello from the droid2api demo'.split(' ') },
  ],
  ['a file nobody has', property('filePath', string), { filePath: 'droid2api-demo.txt' }],
  ['what the user said', property('query', string), { query: hint.prompt }],
  ['an unknown name', property('zz', string), { zz: 'demo' }],
  ['an enum', property('unit', { enum: ['kelvin', 'celsius'] }), { unit: 'kelvin' }],
  ['a constant', property('kind', { const: 3 }), { kind: 3 }],
  ['a default', property('n', { type: 'integer', default: 9 }), { n: 9 }],
  ['an integer', property('n', { type: 'integer' }), { n: 1 }],
  ['a least number', property('n', { type: 'integer', minimum: 5 }), { n: 5 }],
  ['a step', property('n', { type: 'integer', minimum: 5, multipleOf: 4 }), { n: 8 }],
  ['a most number', property('n', { type: 'integer', maximum: -2 }), { n: -2 }],
  [
    'an open interval',
    property('n', { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }),
    { n: 0.5 },
  ],
  ['a boolean', property('b', { type: 'boolean' }), { b: false }],
  ['a format', property('at', { type: 'string', format: 'date' }), { at: '2026-01-31' }],
  ['a length', property('zz', { type: 'string', minLength: 6, maxLength: 6 }), { zz: 'demo..' }],
  ['null or more', property('zz', { type: ['null', 'string'] }), { zz: 'demo' }],
  [
    'a variant that is not null',
    property('zz', { anyOf: [{ type: 'null' }, string] }),
    { zz: 'demo' },
  ],
  [
    'all of several',
    { allOf: [property('a', string), property('b', { type: 'null' })] },
    { a: 'demo', b: null },
  ],
  [
    'a list of at least two',
    property('zz', { type: 'array', items: string, minItems: 2 }),
    { zz: ['demo', 'demo'] },
  ],
  [
    'only what is required',
    { ...property('a', string), properties: { a: string, b: string } },
    { a: 'demo' },
  ],
  [
    'all, where nothing says what is required',
    { properties: { a: string, b: string } },
    { a: 'demo', b: 'demo' },
  ],
  ['no members', { type: 'object' }, {}],
]

for (const [what, schema, value] of rows) {
  test(`${what} from a schema`, () => {
    assert.deepEqual(sampleValue(schema, hint), value)
  })
}

function second(schema: Schema): unknown {
  return sampleValue(schema, { ...hint, nth: 1 })
}

test('a second call of one tool differs where it can', () => {
  assert.deepEqual(second(property('city', string)), { city: 'Rome' })
  assert.deepEqual(second(property('unit', { enum: ['kelvin', 'celsius'] })), { unit: 'celsius' })
})

test('the sample value of an endless schema ends', () => {
  assert.match(JSON.stringify(sampleValue(tree, hint)), /\{"next":null\}/)
  assert.equal(sampleValue({ $ref: '#' }, hint), null)
  assert.equal(typeof sampleValue(property('a', { $ref: '#' }), hint), 'object')
})

test('whatever JSON stands in the place of a schema, something comes back', () => {
  const names = fc.constantFrom(
    'type',
    'properties',
    'required',
    'enum',
    'items',
    'anyOf',
    'allOf',
    '$ref',
  )
  const json = fc.dictionary(names, fc.jsonValue(), { noNullPrototype: true })
  fc.assert(
    fc.property(json, (schema) => {
      JSON.stringify(sampleValue(schema, hint))
    }),
    { numRuns: 1000 },
  )
})

test('the pieces of a text make the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(words(text).join(''), text)
      assert.equal(jsonPieces(text).join(''), text)
    }),
    { numRuns: 1000 },
  )
})

function image(size: number): object {
  return { source: { data: 'A'.repeat(size) }, url: `data:${'A'.repeat(size)}` }
}

test('an attachment counts as a fixed number of tokens', () => {
  assert.equal(estimateTokens(image(100_000)), estimateTokens(image(5_000_000)))
})
