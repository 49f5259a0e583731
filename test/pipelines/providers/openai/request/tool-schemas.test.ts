/** What becomes of the schemas and the lesser members of tools. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import { tool } from '../../../clients/chat/chat-pieces.ts'
import { ask } from './ask.ts'

const noSchema = { type: 'object', properties: {} }

function flat(name: string, parameters: unknown = noSchema, more: JsonObject = {}): JsonObject {
  return { type: 'function', name, parameters, strict: false, ...more }
}

suite('T8: schemas that are no JSON Schema, or that OpenAI wants more of', () => {
  const empty = { type: 'object', properties: {} }
  const rows: [row: string, sent: unknown, expected: unknown][] = [
    ['an object without properties', { type: 'object' }, empty],
    ['properties null', { type: 'object', properties: null }, empty],
    ['required null', { ...empty, required: null }, empty],
    ['type null', { type: null, properties: {} }, empty],
    ['$schema and type only', { $schema: 'x', type: 'object' }, { $schema: 'x', ...empty }],
    ['no type', { properties: {} }, empty],
    ['an object or null', { type: ['object', 'null'] }, empty],
    ['the empty list that PHP writes', [], empty],
    [
      'empty lists of PHP inside',
      { type: 'object', properties: [], $defs: [] },
      { ...empty, $defs: {} },
    ],
    [
      'additionalProperties only',
      { additionalProperties: false },
      { ...empty, additionalProperties: false },
    ],
    [
      'lists and objects inside',
      { type: 'object', properties: { a: { type: 'array' }, b: { type: ['object', 'null'] } } },
      {
        type: 'object',
        properties: {
          a: { type: 'array', items: {} },
          b: { type: ['object', 'null'], properties: {} },
        },
      },
    ],
    [
      'null members inside',
      {
        type: 'object',
        properties: { a: { type: 'string', description: null, default: null }, b: null },
      },
      { type: 'object', properties: { a: { type: 'string', default: null }, b: {} } },
    ],
    [
      'alternatives, enum and not at the top',
      {
        anyOf: [{ properties: { a: {} }, required: ['a'] }, { properties: { b: {} } }],
        enum: [{}],
        not: {},
      },
      { type: 'object', properties: { a: {}, b: {} } },
    ],
    [
      'translation §5.7: a limit that draft 4 excludes by a boolean (home-assistant #181322)',
      {
        type: 'object',
        properties: {
          a: { type: 'number', minimum: 0, exclusiveMinimum: true, exclusiveMaximum: false },
          b: { type: 'number', exclusiveMinimum: true },
        },
      },
      {
        type: 'object',
        properties: { a: { type: 'number', exclusiveMinimum: 0 }, b: { type: 'number' } },
      },
    ],
    [
      'translation §5.7: types of other languages, and such as nobody knows (gitlab-mcp #166)',
      {
        type: 'Object',
        properties: {
          a: { type: 'str' },
          b: { type: 'FLOAT' },
          c: { type: '' },
          d: { type: ['any', 'NULL', 'int'] },
          e: { type: 'dict' },
          f: { type: ['any'] },
          g: { type: ['int', 'integer'] },
        },
      },
      {
        type: 'object',
        properties: {
          a: { type: 'string' },
          b: { type: 'number' },
          c: {},
          d: { type: ['null', 'integer'] },
          e: { type: 'object', properties: {} },
          f: {},
          g: { type: ['integer'] },
        },
      },
    ],
    [
      'translation §5.7: a list of schemas for the places of a list',
      {
        type: 'object',
        properties: {
          a: { type: 'array', items: [{ type: 'int' }, {}], additionalItems: false },
          b: { type: 'array', items: [] },
        },
      },
      {
        type: 'object',
        properties: {
          a: { type: 'array', prefixItems: [{ type: 'integer' }, {}], items: false },
          b: { type: 'array', items: {} },
        },
      },
    ],
    [
      'translation §5.7: a property that says of itself that it is required, and doubled names',
      {
        type: 'object',
        properties: { a: { required: true }, b: { required: 'x' }, c: { required: false } },
        required: ['c', 'c'],
      },
      {
        type: 'object',
        properties: { a: {}, b: { required: ['x'] }, c: {} },
        required: ['c', 'a'],
      },
    ],
    [
      'translation §5.7: a value that an enum has twice',
      { type: 'object', properties: { a: { enum: ['x', 'y', 'x'] } } },
      { type: 'object', properties: { a: { enum: ['x', 'y'] } } },
    ],
    [
      'an empty enum',
      { type: 'object', properties: { a: { type: 'string', enum: [] } } },
      { type: 'object', properties: { a: { type: 'string' } } },
    ],
  ]
  for (const [row, sent, expected] of rows) {
    test(row, () => {
      const { body, dropped } = ask({ tools: [tool('f', sent)] })

      assert.deepEqual(body.tools, [flat('f', expected)])
      assert.deepEqual(dropped, [])
    })
  }

  test('a schema that needs no mending goes up as the same object', () => {
    const whole = { type: 'object', properties: { a: { type: 'array', items: { type: 'null' } } } }

    const [sent] = ask({ tools: [tool('f', whole)] }).body.tools!

    assert.ok(sent?.type === 'function')
    assert.equal(sent.parameters.properties, whole.properties)
  })
})

suite('KT2: beyond the limits of strict schemas a GPT tool is not strict, and that is told', () => {
  const strict = (parameters: JsonObject) => ({
    type: 'function',
    function: { name: 'f', parameters, strict: true },
  })
  const closed = (properties: JsonObject) => ({
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  })
  const nested = (depth: number): JsonObject => closed(depth > 1 ? { a: nested(depth - 1) } : {})
  const wide = (count: number, name = 'p') =>
    closed(Object.fromEntries(Array.from({ length: count }, (_, at) => [`${name}${at}`, {}])))
  const values = (count: number) => ({ enum: Array.from({ length: count }, (_, at) => `v${at}`) })
  const rows: [row: string, parameters: JsonObject, isStrict: boolean][] = [
    ['ten objects in one another', nested(10), true],
    ['eleven', nested(11), false],
    ['5000 properties', wide(5000), true],
    ['5001', wide(5001), false],
    ['1000 values', closed({ a: values(500), b: values(500) }), true],
    ['1001', closed({ a: values(500), b: values(501) }), false],
    ['120 000 characters', wide(1001, 'n'.repeat(120)), false],
    ['alternatives at the top', { anyOf: [closed({})] }, false],
    ['alternatives inside', closed({ a: { anyOf: [closed({})] } }), true],
  ]
  for (const [row, parameters, isStrict] of rows) {
    test(row, () => {
      const { body, dropped } = ask({ tools: [strict(parameters)] })

      const [sent] = body.tools!
      assert.equal(sent?.type === 'function' && sent.strict, isStrict)
      assert.deepEqual(dropped, isStrict ? [] : ['strict'])
    })
  }

  test('a schema of the answer is strict within the same limits', () => {
    const format = (schema: JsonObject) => ({
      response_format: { type: 'json_schema', json_schema: { name: 'a', schema, strict: true } },
    })
    const isStrict = ({ body: { text } }: ReturnType<typeof ask>) =>
      text?.format?.type === 'json_schema' && text.format.strict

    const within = ask(format(nested(10)))
    const beyond = ask(format(nested(11)))

    assert.deepEqual([isStrict(within), within.dropped], [true, []])
    assert.deepEqual([isStrict(beyond), beyond.dropped], [false, ['strict']])
  })
})

suite('T14: members of tools that a GPT model has, and those that are named as dropped', () => {
  const anthropic = { name: 'f', input_schema: noSchema }
  const rows: [row: string, sent: JsonObject, more: JsonObject, dropped: string[]][] = [
    ['defer_loading', { ...anthropic, defer_loading: true }, {}, ['defer_loading']],
    ['defer_loading false', { ...anthropic, defer_loading: false }, {}, []],
    ['on the function', { function: { name: 'f', defer_loading: true } }, {}, ['defer_loading']],
    ['input_examples', { ...anthropic, input_examples: [{}] }, {}, ['input_examples']],
    [
      'eager_input_streaming',
      { ...anthropic, eager_input_streaming: true },
      {},
      ['eager_input_streaming'],
    ],
    [
      'allowed_callers of Anthropic',
      { ...anthropic, allowed_callers: ['code_execution_20250825'] },
      {},
      ['allowed_callers'],
    ],
    [
      'allowed_callers of both',
      { ...anthropic, allowed_callers: ['direct'] },
      { allowed_callers: ['direct'] },
      [],
    ],
    ['output_schema', { ...anthropic, output_schema: noSchema }, { output_schema: noSchema }, []],
    ['cache_control', { ...anthropic, cache_control: { type: 'ephemeral' } }, {}, []],
  ]
  for (const [row, sent, more, dropped] of rows) {
    test(row, () => {
      const mapped = ask({ tools: [sent] })

      assert.deepEqual(mapped.body.tools, [flat('f', noSchema, more)])
      assert.deepEqual(mapped.dropped, dropped)
    })
  }

  test('defer_loading stays beside the tool that finds deferred ones', () => {
    const search = { type: 'tool_search' }

    const { body, dropped } = ask({ tools: [search, { ...anthropic, defer_loading: true }] })

    assert.deepEqual(body.tools, [search, flat('f', noSchema, { defer_loading: true })])
    assert.deepEqual(dropped, [])
  })

  test("Anthropic's own tools: the web search is OpenAI's, others are dropped", () => {
    const { body, dropped } = ask({
      tools: [
        { type: 'web_search_20250305', name: 'web_search', allowed_domains: ['x.test'] },
        { type: 'bash_20250124', name: 'bash' },
        anthropic,
      ],
    })

    assert.deepEqual(body.tools, [
      { type: 'web_search', filters: { allowed_domains: ['x.test'] } },
      flat('f'),
    ])
    assert.deepEqual(dropped, ['tools'])
  })
})
