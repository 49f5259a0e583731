import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { hello, refusal } from '../../../clients/chat/chat-pieces.ts'
import { ask } from './ask.ts'

const older = { model: { id: 'claude-sonnet-4' } }
const format = (schema?: unknown) => ({
  response_format: { type: 'json_schema', json_schema: { name: 'n', strict: true, schema } },
})

suite('§5.9 response_format', () => {
  test('the format text adds nothing to the request', () => {
    const { body } = ask({ response_format: { type: 'text' } })

    assert.equal('system' in body || 'output_config' in body, false)
  })

  test('a schema is an output format, beside the effort', () => {
    const { body } = ask(format({ type: 'object', properties: {} }), {
      model: { id: 'claude-opus-4-8', reasoning: 'low' },
    })

    assert.deepEqual(body.output_config, {
      effort: 'low',
      format: {
        type: 'json_schema',
        schema: { type: 'object', properties: {}, additionalProperties: false },
      },
    })
  })

  test('a schema is appended to an instruction for older models', () => {
    const messages = [{ role: 'system', content: 'Be brief.' }, ...hello]
    const { body } = ask({ messages, ...format({ type: 'object' }) }, older)

    assert.equal(body.output_config, undefined)
    assert.equal(body.system?.[0]?.text, 'Be brief.')
    assert.match(
      body.system?.[1]?.text ?? '',
      /one JSON value and nothing else.*\n\{"type":"object"\}$/s,
    )
  })

  for (const [what, request] of [
    ['json_object', { response_format: { type: 'json_object' } }],
    ['a schema format without schema', format()],
  ] as const) {
    test(`${what} is an instruction everywhere`, () => {
      const { body } = ask(request)

      assert.equal(body.output_config, undefined)
      assert.match(body.system?.[0]?.text ?? '', /one JSON value and nothing else/)
    })
  }

  const wrong: [param: string, response_format: unknown][] = [
    ['response_format.type', { type: 'xml' }],
    ['response_format.json_schema', { type: 'json_schema' }],
    ['response_format.json_schema.schema', { type: 'json_schema', json_schema: { schema: [] } }],
  ]
  for (const [param, response_format] of wrong) {
    test(`a wrong ${param} is a 400 that names it`, () => {
      assert.throws(() => ask({ response_format }), refusal(param))
    })
  }
})

suite('§5.9 the schema is cleaned', () => {
  const closed = { additionalProperties: false }
  const rows: [row: string, given: object, expected: object][] = [
    [
      'objects are closed',
      { type: 'object', additionalProperties: { type: 'string' } },
      { type: 'object', ...closed },
    ],
    ['so are those without a type', { properties: {} }, { properties: {}, ...closed }],
    ['and nullable ones', { type: ['object', 'null'] }, { type: ['object', 'null'], ...closed }],
    [
      'and those within',
      { type: 'array', items: { type: 'object' } },
      { type: 'array', items: { type: 'object', ...closed } },
    ],
    [
      'and definitions',
      { $defs: { A: { type: 'object' } } },
      { $defs: { A: { type: 'object', ...closed } } },
    ],
    [
      'oneOf becomes anyOf',
      { oneOf: [{ type: 'object' }] },
      { anyOf: [{ type: 'object', ...closed }] },
    ],
    [
      'limits become words',
      { type: 'integer', minimum: 0, maximum: 9 },
      { type: 'integer', description: 'minimum: 0, maximum: 9' },
    ],
    [
      'after the description',
      { type: 'string', pattern: '^a', description: 'A' },
      { type: 'string', description: 'A (pattern: ^a)' },
    ],
    ['schemas as JSON', { not: { type: 'null' } }, { description: 'not: {"type":"null"}' }],
    [
      'known formats stay',
      { type: 'string', format: 'date-time' },
      { type: 'string', format: 'date-time' },
    ],
    [
      'others become words',
      { type: 'string', format: 'phone' },
      { type: 'string', description: 'format: phone' },
    ],
    [
      'a property may have the name of a keyword',
      { type: 'object', properties: { pattern: { type: 'string' }, oneOf: { maxLength: 1 } } },
      {
        type: 'object',
        properties: { pattern: { type: 'string' }, oneOf: { description: 'maxLength: 1' } },
        ...closed,
      },
    ],
    [
      'values are no schemas',
      { enum: [{ type: 'object' }], default: { minimum: 1 } },
      { enum: [{ type: 'object' }], default: { minimum: 1 } },
    ],
  ]
  for (const [row, given, expected] of rows) {
    test(row, () => {
      assert.deepEqual(ask(format(given)).body.output_config?.format?.schema, expected)
    })
  }

  const refused =
    'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern ' +
    'minItems maxItems uniqueItems minProperties maxProperties not if then else'
  for (const keyword of refused.split(' ')) {
    test(`${keyword} is taken out`, () => {
      const schema = ask(format({ [keyword]: 1 })).body.output_config?.format?.schema

      assert.deepEqual(schema, { description: `${keyword}: 1` })
    })
  }
})
