/** Tools and the choice among them, row by row. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import { refusal, tool } from '../../../clients/chat/chat-pieces.ts'
import { ask } from './ask.ts'

const schema = { type: 'object', properties: { a: { type: 'string' } } }
const noSchema = { type: 'object', properties: {} }
const grammar = { syntax: 'lark', definition: 'start: "a"' }

function flat(name: string, parameters: unknown = noSchema, more: JsonObject = {}): JsonObject {
  return { type: 'function', name, parameters, strict: false, ...more }
}

suite('§7.4 tools', () => {
  const rows: [row: string, sent: unknown, expected: unknown][] = [
    ['function', tool('f', schema), flat('f', schema)],
    ['function, parameters missing', tool('f'), flat('f')],
    ['function, parameters empty', tool('f', {}), flat('f')],
    [
      'function, strict and description',
      {
        type: 'function',
        function: { name: 'f', description: 'd', parameters: schema, strict: true },
        cache_control: { type: 'ephemeral' },
      },
      flat('f', schema, { description: 'd', strict: true }),
    ],
    ['function, flat', { type: 'function', name: 'f', parameters: schema }, flat('f', schema)],
    ['function, Anthropic style', { name: 'f', input_schema: schema }, flat('f', schema)],
    [
      'function, Anthropic style with a type',
      { type: 'custom', name: 'f', input_schema: schema },
      flat('f', schema),
    ],
    [
      'custom',
      { type: 'custom', custom: { name: 'c', description: 'd', format: { type: 'text' } } },
      { type: 'custom', name: 'c', description: 'd', format: { type: 'text' } },
    ],
    [
      'custom, grammar flattened',
      { type: 'custom', custom: { name: 'c', format: { type: 'grammar', grammar } } },
      { type: 'custom', name: 'c', format: { type: 'grammar', ...grammar } },
    ],
    [
      'custom, flat',
      { type: 'custom', name: 'c', format: { type: 'grammar', ...grammar } },
      { type: 'custom', name: 'c', format: { type: 'grammar', ...grammar } },
    ],
    ['a type of Responses', { type: 'mcp', server_label: 'x' }, { type: 'mcp', server_label: 'x' }],
  ]
  for (const [row, sent, expected] of rows) {
    test(row, () => {
      assert.deepEqual(ask({ tools: [sent] }).body.tools, [expected])
    })
  }

  test('legacy functions, one call at a time', () => {
    const { body } = ask({ functions: [{ name: 'f', parameters: schema }] })

    assert.deepEqual(body.tools, [flat('f', schema)])
    assert.equal(body.parallel_tool_calls, false)
    assert.ok(!('functions' in body))
  })
})

suite('§7.1, §7.4 choice', () => {
  const tools = [tool('f'), { type: 'custom', custom: { name: 'c' } }]
  const named = { type: 'function', name: 'f' }
  const rows: [sent: unknown, expected: unknown][] = [
    [undefined, undefined],
    [null, undefined],
    ['auto', 'auto'],
    ['none', 'none'],
    ['required', 'required'],
    [{ type: 'function', function: { name: 'f' } }, named],
    [named, named],
    [
      { type: 'custom', custom: { name: 'c' } },
      { type: 'custom', name: 'c' },
    ],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [tool('f'), { type: 'mcp', server_label: 'x' }] },
      },
      {
        type: 'allowed_tools',
        mode: 'required',
        tools: [named, { type: 'mcp', server_label: 'x' }],
      },
    ],
    [
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'custom', name: 'c' }] },
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'custom', name: 'c' }] },
    ],
    [{ type: 'web_search' }, { type: 'web_search' }],
    [{ type: 'auto' }, 'auto'],
    [{ type: 'any' }, 'required'],
    [{ type: 'tool', name: 'f' }, named],
  ]
  for (const [tool_choice, expected] of rows) {
    test(`${JSON.stringify(tool_choice)}: ${JSON.stringify(expected)}`, () => {
      const { body } = ask({ tools, tool_choice })

      assert.deepEqual(body.tool_choice, expected)
      assert.equal('tool_choice' in body, expected !== undefined)
    })
  }

  for (const [function_call, expected] of [
    ['none', 'none'],
    [{ name: 'f' }, named],
  ]) {
    test(`legacy ${JSON.stringify(function_call)}`, () => {
      const { body } = ask({ functions: [{ name: 'f' }], function_call })

      assert.deepEqual(body.tool_choice, expected)
    })
  }

  for (const parallel_tool_calls of [true, false]) {
    test(`parallel_tool_calls ${parallel_tool_calls}`, () => {
      assert.equal(
        ask({ tools, parallel_tool_calls }).body.parallel_tool_calls,
        parallel_tool_calls,
      )
    })
  }

  test('a request without tools sends no tool choice', () => {
    for (const none of [{}, { tools: [] }, { tools: null, functions: [] }]) {
      const { body } = ask({ ...none, tool_choice: 'required', parallel_tool_calls: true })

      assert.ok(!('tools' in body) && !('tool_choice' in body) && !('parallel_tool_calls' in body))
    }
  })
})

suite('§7.4 a fault is refused with its place', () => {
  const tools = [tool('f')]
  const rows: [request: JsonObject, place: string][] = [
    [{ tools: {} }, 'tools'],
    [{ tools: [1] }, 'tools[0]'],
    [{ tools: [{ type: 'function', function: 1 }] }, 'tools[0].function'],
    [{ tools: [tool('f'), tool('')] }, 'tools[1].function.name'],
    [{ tools: [tool('f', 1)] }, 'tools[0].function.parameters'],
    [{ tools: [{ name: 'f', strict: 'yes' }] }, 'tools[0].strict'],
    [{ tools: [{ name: 'f', description: 1 }] }, 'tools[0].description'],
    [{ tools: [{ type: 'custom', custom: { name: 'c', format: 1 } }] }, 'tools[0].custom.format'],
    [{ functions: [{}] }, 'functions[0].name'],
    [{ tools, parallel_tool_calls: 1 }, 'parallel_tool_calls'],
    [{ tools, tool_choice: 1 }, 'tool_choice'],
    [{ tools, tool_choice: { type: 'function' } }, 'tool_choice.name'],
    [
      { tools, tool_choice: { type: 'function', function: { name: 'g' } } },
      'tool_choice.function.name',
    ],
    [{ functions: [{ name: 'f' }], function_call: { name: 'g' } }, 'function_call.name'],
    [
      { tools, tool_choice: { type: 'allowed_tools', allowed_tools: 1 } },
      'tool_choice.allowed_tools',
    ],
    [
      { tools, tool_choice: { type: 'allowed_tools', allowed_tools: { tools: [tool('g')] } } },
      'tool_choice.allowed_tools.tools[0].function.name',
    ],
  ]
  for (const [request, place] of rows) {
    test(place, () => {
      assert.throws(() => ask(request), refusal(place))
    })
  }
})

suite('T11: tool choice in Anthropic’s words', () => {
  const tools = [tool('f')]
  const rows: [given: unknown, choice: unknown, parallel: unknown][] = [
    ['any', 'required', undefined],
    [{ type: 'any' }, 'required', undefined],
    [{ type: 'auto' }, 'auto', undefined],
    [{ type: 'none' }, 'none', undefined],
    [{ type: 'tool', name: 'f' }, { type: 'function', name: 'f' }, undefined],
    [{ type: 'any', disable_parallel_tool_use: true }, 'required', false],
  ]
  for (const [given, choice, parallel] of rows) {
    test(`T11: ${JSON.stringify(given)}`, () => {
      const { body } = ask({ tools, tool_choice: given })

      assert.deepEqual(body.tool_choice, choice)
      assert.equal(body.parallel_tool_calls, parallel)
    })
  }
})
