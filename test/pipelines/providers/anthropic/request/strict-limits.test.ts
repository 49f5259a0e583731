/** What Anthropic takes of strictness in one request, and what becomes of the rest. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { hello } from '../../../clients/chat/chat-pieces.ts'
import { ask } from './ask.ts'

const names = (count: number) => Array.from({ length: count }, (_, at) => `p${at}`)
const text = { type: 'string' }

/** An object with so many properties, of which so many need not be there. */
function schema(properties: number, optional = 0, property: object = text) {
  return {
    type: 'object',
    properties: Object.fromEntries(names(properties).map((name) => [name, property])),
    required: names(properties).slice(optional),
    additionalProperties: false,
  }
}

function strictTools(count: number, parameters: object = schema(1)) {
  return names(count).map((name) => ({
    type: 'function',
    function: { name: `tool_${name}`, strict: true, parameters },
  }))
}

const model = { id: 'claude-opus-4-8' }
const format = (shape: object) => ({
  response_format: { type: 'json_schema', json_schema: { name: 'n', strict: true, schema: shape } },
})
const isStrict = (request: object) => {
  const { body, dropped } = ask({ ...request }, { model })
  const strict = new Set(body.tools?.map((tool) => tool.strict === true))
  assert.equal(strict.size, 1, 'all or none')
  assert.equal(dropped.includes('strict'), !strict.has(true))
  return strict.has(true)
}

suite('T9: limits on strict tools', () => {
  const nullable = { type: ['string', 'null'] }
  const rows: [what: string, tools: object[], strict: boolean][] = [
    ['20 strict tools', strictTools(20), true],
    ['21 strict tools', strictTools(21), false],
    ['24 optional parameters', strictTools(1, schema(30, 24)), true],
    ['25 optional parameters', strictTools(1, schema(30, 25)), false],
    ['24 optional parameters of two tools', strictTools(2, schema(12, 12)), true],
    ['26 optional parameters of two tools', strictTools(2, schema(13, 13)), false],
    ['16 union parameters', strictTools(1, schema(16, 0, nullable)), true],
    ['17 union parameters', strictTools(1, schema(17, 0, nullable)), false],
    [
      '18 union parameters of two tools',
      strictTools(2, schema(9, 0, { anyOf: [text, { type: 'null' }] })),
      false,
    ],
    ['18 by oneOf', strictTools(2, schema(9, 0, { oneOf: [text, { type: 'null' }] })), false],
    ['a list with one type is no union', strictTools(2, schema(9, 0, { type: ['string'] })), true],
    [
      '25 optional parameters of an object within',
      strictTools(1, schema(1, 0, { type: 'array', items: schema(25, 25) })),
      false,
    ],
    [
      '25 optional parameters of a definition',
      strictTools(1, { ...schema(1), $defs: { A: schema(25, 25) } }),
      false,
    ],
  ]
  for (const [what, tools, strict] of rows) {
    test(`T9: ${what}: ${strict ? 'strict' : 'not strict, and named'}`, () => {
      assert.equal(isStrict({ tools }), strict)
    })
  }

  test('T9: beyond the limits every tool goes up, with its own schema', () => {
    const limited = { ...schema(1), minProperties: 1 }
    const { body } = ask({ tools: strictTools(21, limited) }, { model })

    assert.equal(body.tools?.length, 21)
    assert.deepEqual(body.tools?.[0]?.input_schema, limited)
  })

  test('T9: tools that are not strict do not count', () => {
    const loose = strictTools(30).map(({ function: { strict: _strict, ...rest } }, at) => ({
      type: 'function',
      function: { ...rest, name: `loose_${at}` },
    }))
    const { body, dropped } = ask({ tools: [...loose, ...strictTools(1)] }, { model })

    assert.equal(body.tools?.at(-1)?.strict, true)
    assert.deepEqual(dropped, [])
  })

  test('T9: strict tools in Anthropic’s own form count as well', () => {
    const tools = names(21).map((name) => ({ name, strict: true, input_schema: schema(1) }))

    assert.equal(isStrict({ tools }), false)
  })
})

suite('KT2: limits on schemas, over everything strict in a request', () => {
  test('KT2: the schema of the answer counts with those of the tools, and stays', () => {
    const tools = strictTools(1, schema(13, 13))

    assert.equal(isStrict({ tools, ...format(schema(11, 11)) }), true)
    assert.equal(isStrict({ tools, ...format(schema(12, 12)) }), false)
    assert.ok(ask({ tools, ...format(schema(12, 12)) }, { model }).body.output_config?.format)
  })

  test('KT2: an answer’s schema that is too large alone becomes an instruction, and is named', () => {
    const { body, dropped } = ask({ ...format(schema(25, 25)) }, { model })

    assert.equal(body.output_config, undefined)
    assert.match(String(body.system?.at(-1)?.text), /must satisfy this JSON schema:\n\{/)
    assert.deepEqual(dropped, ['response_format'])
  })

  test('KT2: the tools beside it stay strict', () => {
    assert.equal(isStrict({ tools: strictTools(1), ...format(schema(25, 25)) }), true)
  })

  const node = { ...schema(1), properties: { next: { $ref: '#/$defs/node' } } }
  const list = { ...schema(1), $defs: { node } }
  const tree = { type: 'object', properties: { child: { $ref: '#' } }, required: ['child'] }
  for (const [what, endless] of [
    ['a definition that holds itself', { ...list, properties: { p0: { $ref: '#/$defs/node' } } }],
    ['a schema that holds itself', tree],
    ['a map whose values hold it', { type: 'object', patternProperties: { '^x-': { $ref: '#' } } }],
  ] as const) {
    test(`KT2: ${what} is not strict`, () => {
      assert.equal(isStrict({ tools: strictTools(1, endless) }), false)
      assert.deepEqual(ask({ ...format(endless) }, { model }).dropped, ['response_format'])
    })
  }

  test('KT2: a definition that is used twice is not endless', () => {
    const twice = { $ref: '#/$defs/a' }
    const shape = { ...schema(2, 0, twice), $defs: { a: schema(1) } }

    assert.equal(isStrict({ tools: strictTools(1, shape) }), true)
  })

  test('KT2: the client’s own output_config.format is carried over, within the same limits', () => {
    const own = (shape: object) => ({
      output_config: { format: { type: 'json_schema', schema: shape } },
    })
    const large = ask(own(schema(25, 25)), { model })
    const both = ask({ ...own(schema(1)), ...format(schema(2)) }, { model })

    assert.deepEqual(ask(own(schema(1)), { model }).body.output_config?.format, {
      type: 'json_schema',
      schema: schema(1),
    })
    assert.equal(large.body.output_config, undefined)
    assert.deepEqual(large.dropped, ['output_config.format'])
    assert.deepEqual(both.body.output_config?.format?.schema, schema(2))
    assert.deepEqual(both.dropped, ['output_config.format'])
  })

  test('KT2: unknown members of output_config are dropped and named', () => {
    const { dropped } = ask({ messages: hello, output_config: { task_budget: {}, 'a b\n': 1 } })

    assert.deepEqual(dropped, ['output_config.task_budget', 'output_config'])
  })
})

suite('T14: members of tools', () => {
  const members = {
    defer_loading: true,
    input_examples: [{ city: 'Bern' }],
    eager_input_streaming: true,
    allowed_callers: ['direct'],
    cache_control: { type: 'ephemeral' },
  }
  const plain = { name: 'f', input_schema: { type: 'object', properties: {} } }
  const forms: [what: string, tool: object][] = [
    ['an Anthropic tool', { ...plain, ...members }],
    ['beside function', { type: 'function', function: { name: 'f' }, ...members }],
    ['inside function', { type: 'function', function: { name: 'f', ...members } }],
    ['flat', { type: 'function', name: 'f', ...members }],
  ]
  for (const [what, given] of forms) {
    test(`T14: stay, ${what}`, () => {
      const { body, dropped } = ask({ tools: [given] }, { model })

      assert.deepEqual(body.tools, [{ ...plain, ...members }])
      assert.deepEqual(dropped, [])
    })
  }

  test('T14: the tool search keeps its deferred tools', () => {
    const search = { type: 'tool_search_tool_regex_20251119', name: 'tool_search_tool_regex' }
    const tools = [search, { ...plain, defer_loading: true }]

    assert.deepEqual(ask({ tools }, { model }).body.tools, tools)
  })

  test('T14: members of tools that are lost are named, as far as a header can bear their names', () => {
    const tools = [
      { type: 'function', function: { name: 'f', annotations: {}, title: null } },
      { ...plain, name: 'g', output_schema: {}, 'x\r\ny': 1 },
    ]

    assert.deepEqual(ask({ tools }, { model }).dropped, [
      'tools.annotations',
      'tools.output_schema',
      'tools',
    ])
  })
})
