/** The tools of a request as Gemini takes them: §15.3. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProxyError } from '../../../../pipelines/errors.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import { openApiSchema } from '../../../../pipelines/providers/google/schema.ts'
import { ask } from './ask.ts'

const look = { type: 'function', function: { name: 'look', description: 'Looks.' } }

function refusal(request: JsonObject): unknown[] {
  try {
    ask(request)
  } catch (error) {
    if (error instanceof ProxyError) return [error.code, error.param, error.message]
    throw error
  }
  throw new Error('it was taken')
}

test('functions are declared with the client’s schema as it is, less $schema (§15.3)', () => {
  const parameters = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: { n: { type: ['integer', 'null'], exclusiveMinimum: 0 } },
    additionalProperties: false,
  }
  const { $schema: _left, ...kept } = parameters
  const tool = { type: 'function', function: { name: 'count', parameters } }
  const empty = { type: 'function', function: { name: 'now', parameters: {} } }
  const typeless = { type: 'function', function: { name: 'see', parameters: { properties: {} } } }

  const { tools, toolConfig } = ask({ tools: [look, tool, empty, typeless] }).body

  assert.deepEqual(tools, [
    {
      functionDeclarations: [
        { name: 'look', description: 'Looks.' },
        { name: 'count', parametersJsonSchema: kept },
        { name: 'now' },
        { name: 'see', parametersJsonSchema: { type: 'object', properties: {} } },
      ],
    },
  ])
  assert.equal(toolConfig, undefined)
})

test('§15.3 words of schema generators that are no JSON Schema are mended', () => {
  const parameters = {
    type: 'object',
    properties: { n: { type: 'string', enum: [], pattern: null }, m: null },
    required: null,
    $defs: [],
  }
  const nothing = { type: 'object', properties: null, required: null }
  const tools = [parameters, nothing].map((one, index) => ({
    type: 'function',
    function: { name: `t${index}`, parameters: one },
  }))

  const [declared] = ask({ tools }).body.tools ?? []

  assert.deepEqual(declared, {
    functionDeclarations: [
      {
        name: 't0',
        parametersJsonSchema: {
          type: 'object',
          properties: { n: { type: 'string' }, m: {} },
          $defs: {},
        },
      },
      { name: 't1', parametersJsonSchema: { type: 'object' } },
    ],
  })
})

test('translation §15.3: what is no JSON Schema is mended, in tools and in the form of the answer', () => {
  const written = {
    type: 'object',
    properties: { n: { type: 'float', minimum: 0, exclusiveMinimum: true, description: null } },
  }
  const mended = { type: 'object', properties: { n: { type: 'number', exclusiveMinimum: 0 } } }
  const tool = { type: 'function', function: { name: 'f', parameters: written } }
  const format = { type: 'json_schema', json_schema: { name: 'x', schema: written } }

  const { tools, generationConfig } = ask({ tools: [tool], response_format: format }).body

  assert.deepEqual(tools, [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: mended }] }])
  assert.deepEqual(generationConfig?.responseJsonSchema, mended)
})

test('translation §15.3: as OpenAPI only an object has properties, only a list items, which it needs (opencode #43495)', () => {
  const text = { type: 'string' }
  const rows: [sent: JsonObject, expected: JsonObject][] = [
    [
      { type: ['object', 'string'], properties: { a: text }, required: ['a'] },
      { anyOf: [{ type: 'object', properties: { a: text }, required: ['a'] }, text] },
    ],
    [
      { type: ['array', 'string', 'null'], items: text },
      { anyOf: [{ type: 'array', items: text }, text], nullable: true },
    ],
    [{ type: 'string', properties: { a: text }, items: text }, { type: 'string' }],
    [{ properties: { a: text } }, { type: 'object', properties: { a: text } }],
    [{ items: text }, { type: 'array', items: text }],
    [{ type: 'array' }, { type: 'array', items: text }],
    [
      { type: 'array', prefixItems: [text, { type: 'integer' }], items: false },
      { type: 'array', items: { anyOf: [text, { type: 'integer' }] } },
    ],
    [
      { type: 'array', prefixItems: [] },
      { type: 'array', items: text },
    ],
    [
      { type: 'string', enum: ['a', ''] },
      { type: 'string', enum: ['a'] },
    ],
    [{ type: 'string', enum: [''] }, { type: 'string' }],
  ]
  for (const [sent, expected] of rows) assert.deepEqual(openApiSchema(sent), expected)
})

test('a name that the API does not take goes up as another, and comes back (§15.3)', () => {
  const names = ['a/b', '1st', 'x'.repeat(65), 'fine.name:1-2', 'naïve']
  const tools = names.map((name) => ({ type: 'function', function: { name } }))
  const messages = [
    { role: 'user', content: 'Hi.' },
    {
      role: 'assistant',
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'a/b', arguments: '{}' } }],
    },
  ]

  const { body, names: back } = ask({
    tools,
    messages,
    tool_choice: { type: 'function', function: { name: '1st' } },
  })

  const [declared] = body.tools ?? []
  const sent =
    declared && 'functionDeclarations' in declared
      ? declared.functionDeclarations.map(({ name }) => name)
      : []
  for (const name of sent) assert.match(name, /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/)
  assert.deepEqual(
    sent.map((name) => back?.own(name)?.name),
    names,
  )
  assert.deepEqual(body.toolConfig?.functionCallingConfig.allowedFunctionNames, [sent[1]])
  assert.match(JSON.stringify(body.contents[1]), new RegExp(`"name":"${sent[0]}"`))
})

test('the tool choice becomes a mode of Gemini (§15.3)', () => {
  const modeOf = (tool_choice: unknown) =>
    ask({ tools: [look], tool_choice }).body.toolConfig?.functionCallingConfig

  assert.deepEqual(modeOf('auto'), { mode: 'AUTO' })
  assert.deepEqual(modeOf('none'), { mode: 'NONE' })
  assert.deepEqual(modeOf('required'), { mode: 'ANY' })
  assert.deepEqual(modeOf({ type: 'function', function: { name: 'look' } }), {
    mode: 'ANY',
    allowedFunctionNames: ['look'],
  })
  assert.equal(ask({ tool_choice: 'auto' }).body.toolConfig, undefined)
})

test('of allowed_tools only those are declared (§15.3)', () => {
  const see = { type: 'function', function: { name: 'see' } }
  const allowed = { mode: 'required', tools: [{ type: 'function', function: { name: 'see' } }] }

  const { body } = ask({
    tools: [look, see],
    tool_choice: { type: 'allowed_tools', allowed_tools: allowed },
  })

  assert.deepEqual(body.tools, [{ functionDeclarations: [{ name: 'see' }] }])
  assert.deepEqual(body.toolConfig, { functionCallingConfig: { mode: 'ANY' } })
})

test('a choice of an undeclared tool and two tools of one name are refused (§15.3)', () => {
  const [code, param] = refusal({
    tools: [look],
    tool_choice: { type: 'function', function: { name: 'see' } },
  })
  const other = { type: 'function', function: { name: 'look', description: 'Stares.' } }
  const twice = refusal({ tools: [look, other] })

  assert.deepEqual([code, param], ['invalid_value', 'tool_choice.function.name'])
  assert.deepEqual(twice.slice(0, 2), ['invalid_value', 'tools[1].name'])
})

test('a tool with free text is a function with one string (§15.3)', () => {
  const custom = {
    type: 'custom',
    custom: {
      name: 'patch',
      description: 'Patches.',
      format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "x"' } },
    },
  }
  const messages = [
    { role: 'user', content: 'Hi.' },
    {
      role: 'assistant',
      tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'patch', input: '*** x' } }],
    },
  ]

  const { body } = ask({ tools: [custom], messages })

  const [declared] = body.tools ?? []
  const [only] = declared && 'functionDeclarations' in declared ? declared.functionDeclarations : []
  assert.match(only?.description ?? '', /^Patches\.\n\n.*"input".*\n\n.*start: "x"$/s)
  assert.deepEqual(only?.parametersJsonSchema?.required, ['input'])
  const [call] = body.contents[1]?.parts ?? []
  assert.deepEqual(call && 'functionCall' in call && call.functionCall.args, { input: '*** x' })
})

test('a search alone, or asked for by itself, is googleSearch; beside functions it is dropped (§15.3)', () => {
  const search = { type: 'web_search' }
  const fetcher = { type: 'code_interpreter' }

  const alone = ask({ tools: [search] })
  const asked = ask({ tools: [look], web_search_options: { search_context_size: 'low' } })
  const beside = ask({ tools: [look, search, fetcher], tool_choice: 'auto' })

  assert.deepEqual([alone.body.tools, alone.dropped], [[{ googleSearch: {} }], []])
  assert.deepEqual(asked.body.tools?.at(-1), { googleSearch: {} })
  assert.deepEqual(asked.dropped, ['web_search_options'])
  assert.equal(beside.body.tools?.length, 1)
  assert.deepEqual(beside.dropped, ['tools.web_search', 'tools.code_interpreter'])
})

test('a provider’s own tool that is the only one is refused by its name (§15.3)', () => {
  const [code, param, message] = refusal({ tools: [{ type: 'file_search' }] })

  assert.deepEqual([code, param], ['unsupported_tool', 'tools[0]'])
  assert.match(String(message), /^file_search is not available on the model "gemini-3-pro"/)
})

test('one call at a time cannot be asked for (§15.3)', () => {
  const functions = [{ name: 'look' }]

  assert.deepEqual(ask({ tools: [look], parallel_tool_calls: false }).dropped, [
    'parallel_tool_calls',
  ])
  const choice = { type: 'auto', disable_parallel_tool_use: true }
  assert.deepEqual(ask({ tools: [look], tool_choice: choice }).dropped, [
    'tool_choice.disable_parallel_tool_use',
  ])
  assert.deepEqual(ask({ functions }).dropped, [])
})

test('the subset of OpenAPI: types, values and references in its words, the rest out (§15.3)', () => {
  const schema = {
    type: 'object',
    additionalProperties: false,
    properties: {
      a: { type: ['string', 'null'], format: 'uri' },
      b: { type: 'integer', exclusiveMinimum: 0, minimum: 1, enum: [1, 2] },
      c: { const: 'x' },
      d: { oneOf: [{ type: 'string' }, { type: 'null' }] },
      e: { anyOf: [{ type: 'string' }, { type: 'number' }] },
      f: { allOf: [{ $ref: '#/$defs/T' }, { properties: { z: {} }, required: ['z'] }] },
      g: { type: 'array', items: { $ref: '#/$defs/T' }, minItems: 1, uniqueItems: true },
      h: { type: 'string', format: 'date-time', default: 'now', examples: ['x'] },
    },
    required: ['a', 'gone'],
    $defs: {
      T: { type: 'object', description: 'T', properties: { next: { $ref: '#/$defs/T' } } },
    },
  }

  assert.deepEqual(openApiSchema(schema), {
    type: 'object',
    properties: {
      a: { type: 'string', nullable: true },
      b: { type: 'integer', minimum: 1 },
      c: { type: 'string', enum: ['x'] },
      d: { type: 'string', nullable: true },
      e: { anyOf: [{ type: 'string' }, { type: 'number' }] },
      f: { type: 'object', description: 'T', properties: { next: {}, z: {} }, required: ['z'] },
      g: {
        type: 'array',
        items: { type: 'object', description: 'T', properties: { next: {} } },
        minItems: 1,
      },
      h: { type: 'string', format: 'date-time', default: 'now' },
    },
    required: ['a'],
  })
})

test('a schema that refers to itself, or grows without bound, ends (§15.3)', () => {
  const defs = Array.from({ length: 60 }, (_, at) => [
    `d${at}`,
    {
      properties: { a: { $ref: `#/$defs/d${at + 1}` }, b: { $ref: `#/$defs/d${at + 1}` } },
    },
  ])
  const bomb = { $ref: '#/$defs/d0', $defs: Object.fromEntries(defs) }

  assert.ok(JSON.stringify(openApiSchema(bomb)).length < 200_000)
  let twice: JsonObject = { type: 'string' }
  for (let level = 0; level < 16; level += 1) {
    twice = { type: ['object', 'object'], properties: { a: twice } }
  }
  assert.ok(JSON.stringify(openApiSchema(twice)).length < 2000)
  assert.deepEqual(openApiSchema({ allOf: [{ $ref: '#' }], type: 'object' }), { type: 'object' })
  assert.deepEqual(openApiSchema({ $ref: '#/nowhere' }), {})
})
