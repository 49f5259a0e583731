import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { call, hello, refusal, tool } from '../../../clients/chat/chat-pieces.ts'
import { ask } from './ask.ts'

const empty = { type: 'object', properties: {} }
const a = { a: { type: 'string' } }
const b = { b: { type: 'number' } }

const object = (properties: object, required?: string[]) => ({
  type: 'object',
  properties,
  ...(required && { required }),
})
const step = (next: number) => ({
  anyOf: Array.from({ length: 9 }, () => ({ $ref: `#/$defs/s${next}` })),
})

suite('§5.7 tools', () => {
  const bash = { type: 'bash_20250124', name: 'bash' }
  const rows: [row: string, given: object, expected: object][] = [
    [
      'a function',
      {
        type: 'function',
        function: { name: 'f', description: 'd', parameters: empty, strict: false },
      },
      { name: 'f', description: 'd', input_schema: empty },
    ],
    [
      'the flat form',
      { type: 'function', name: 'f', parameters: empty },
      { name: 'f', input_schema: empty },
    ],
    ['the Anthropic form', { name: 'f', input_schema: empty }, { name: 'f', input_schema: empty }],
    [
      'its type custom',
      { type: 'custom', name: 'f', input_schema: empty },
      { name: 'f', input_schema: empty },
    ],
    ['no parameters', tool('f'), { name: 'f', input_schema: empty }],
    ['parameters null', tool('f', null), { name: 'f', input_schema: empty }],
    ['parameters {}', tool('f', {}), { name: 'f', input_schema: empty }],
    [
      'no type',
      tool('f', { properties: a }),
      { name: 'f', input_schema: { type: 'object', properties: a } },
    ],
    [
      'an object schema as it is',
      tool('f', { type: 'object', $defs: {} }),
      { name: 'f', input_schema: { type: 'object', $defs: {} } },
    ],
    [
      'a nullable object',
      tool('f', { type: ['object', 'null'] }),
      { name: 'f', input_schema: { type: 'object' } },
    ],
    ['a server tool', bash, bash],
    [
      'cache_control',
      { ...tool('f'), cache_control: { type: 'ephemeral' } },
      { name: 'f', input_schema: empty, cache_control: { type: 'ephemeral' } },
    ],
  ]
  for (const [row, given, expected] of rows) {
    test(row, () => {
      assert.deepEqual(ask({ tools: [given] }).body.tools, [expected])
    })
  }

  const schemas: [row: string, given: object, expected: object][] = [
    [
      'anyOf: intersection',
      { anyOf: [object(a, ['a']), object({ ...a, ...b }, ['a', 'b'])] },
      object({ ...a, ...b }, ['a']),
    ],
    [
      'oneOf: intersection',
      { oneOf: [object(a, ['a']), object(b, ['b'])] },
      object({ ...a, ...b }),
    ],
    [
      'allOf: union',
      { allOf: [object(a, ['a']), object(b, ['b'])] },
      object({ ...a, ...b }, ['a', 'b']),
    ],
    [
      'later wins',
      { anyOf: [object(a), object({ a: { type: 'null' } })] },
      object({ a: { type: 'null' } }),
    ],
    [
      'own properties stay',
      { ...object(a, ['a']), anyOf: [object(b, ['b'])] },
      object({ ...a, ...b }, ['a', 'b']),
    ],
    [
      'branches by reference',
      { anyOf: [{ $ref: '#/$defs/A' }], $defs: { A: object(a, ['a']) } },
      { ...object(a, ['a']), $defs: { A: object(a, ['a']) } },
    ],
    ['branches in a cycle', { anyOf: [{ $ref: '#/anyOf/0' }, object(a)] }, object(a)],
    ['branches that are none', { allOf: 'all', anyOf: [null, 3] }, object({})],
  ]
  for (const [row, given, expected] of schemas) {
    test(`a schema of alternatives: ${row}`, () => {
      assert.deepEqual(ask({ tools: [tool('f', given)] }).body.tools?.[0]?.input_schema, expected)
    })
  }

  test('references that multiply are worked out once each', () => {
    const steps = Array.from({ length: 40 }, (_, at) => [`s${at}`, step(at + 1)])
    const schema = { ...step(0), $defs: { ...Object.fromEntries(steps), s40: object(a) } }

    assert.deepEqual(ask({ tools: [tool('f', schema)] }).body.tools?.[0]?.input_schema, {
      ...object(a),
      $defs: schema.$defs,
    })
  })

  test('strict goes to models with structured outputs, with the schema cleaned', () => {
    const tools = [
      { type: 'function', function: { name: 'f', parameters: object(a), strict: true } },
    ]
    const strict = {
      name: 'f',
      input_schema: { ...object(a), additionalProperties: false },
      strict: true,
    }

    assert.deepEqual(ask({ tools }).body.tools, [strict])
    const older = ask({ tools }, { model: { id: 'claude-sonnet-4' } })
    assert.deepEqual(older.body.tools, [{ name: 'f', input_schema: object(a) }])
    assert.deepEqual(older.dropped, ['strict'])
  })

  test('legacy functions are tools that are called one at a time', () => {
    const { tools, tool_choice } = ask({ functions: [{ name: 'f', parameters: empty }] }).body

    assert.deepEqual(tools, [{ name: 'f', input_schema: empty }])
    assert.deepEqual(tool_choice, { type: 'auto', disable_parallel_tool_use: true })
  })

  test('tools of the history are declared, and out of reach, when none came', () => {
    const messages = [
      ...hello,
      { role: 'assistant', tool_calls: [call('c1', 'f'), call('c2', 'f')] },
    ]
    const { tools, tool_choice } = ask({ messages, tool_choice: 'auto', tools: [] }).body

    assert.deepEqual(tools, [{ name: 'f', input_schema: { type: 'object' } }])
    assert.deepEqual(tool_choice, { type: 'none' })
  })

  const wrong: [param: string, request: object][] = [
    ['tools', { tools: {} }],
    ['tools[0]', { tools: ['f'] }],
    ['tools[0].function', { tools: [{ type: 'function', function: 'f' }] }],
    ['tools[0].function.name', { tools: [tool('')] }],
    ['tools[0].function.parameters', { tools: [tool('f', 'any')] }],
    ['tools[1].name', { tools: [tool('f'), tool('f', object(a))] }],
    [
      'tools[1].name',
      {
        tools: [
          { type: 'bash_20250124', name: 'bash' },
          { type: 'bash_20241022', name: 'bash' },
        ],
      },
    ],
    ['functions[0].name', { functions: [{}] }],
  ]
  for (const [param, request] of wrong) {
    test(`a wrong ${param} is a 400 that names it: ${JSON.stringify(request)}`, () => {
      assert.throws(() => ask({ ...request }), refusal(param))
    })
  }
})

suite('§5.7 the search of Responses', () => {
  for (const type of ['web_search', 'web_search_preview', 'web_search_2025_08_26']) {
    test(`${type} is Anthropic’s`, () => {
      const search = {
        type,
        search_context_size: 'low',
        user_location: { type: 'approximate', city: 'Bern' },
        filters: { allowed_domains: ['x.test'] },
      }
      const { body, dropped } = ask({ tools: [search], web_search_options: {} })

      assert.deepEqual(body.tools, [
        {
          type: 'web_search_20250305',
          name: 'web_search',
          max_uses: 1,
          user_location: { type: 'approximate', city: 'Bern' },
          allowed_domains: ['x.test'],
        },
      ])
      assert.deepEqual(dropped, [])
    })
  }
})
