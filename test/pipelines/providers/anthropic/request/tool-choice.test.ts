import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { refusal, tool } from '../../../clients/chat/chat-pieces.ts'
import { ask } from './ask.ts'

suite('§5.8 tool choice', () => {
  const two = { tools: [tool('f'), tool('g')] }
  const named = { type: 'function', function: { name: 'f' } }
  const allowed = (mode: string) => ({
    type: 'allowed_tools',
    allowed_tools: { mode, tools: [named] },
  })
  type Row = [row: string, request: object, choice: unknown, tools?: string[]]
  const rows: Row[] = [
    ['absent', {}, undefined],
    ['auto', { tool_choice: 'auto' }, { type: 'auto' }],
    ['none', { tool_choice: 'none' }, { type: 'none' }],
    ['required', { tool_choice: 'required' }, { type: 'any' }],
    ['a function', { tool_choice: named }, { type: 'tool', name: 'f' }],
    ['function_call', { function_call: { name: 'f' } }, { type: 'tool', name: 'f' }],
    ['allowed_tools auto', { tool_choice: allowed('auto') }, { type: 'auto' }, ['f']],
    ['allowed_tools required', { tool_choice: allowed('required') }, { type: 'any' }, ['f']],
    [
      'no parallel calls',
      { parallel_tool_calls: false },
      { type: 'auto', disable_parallel_tool_use: true },
    ],
    [
      'no parallel calls, required',
      { parallel_tool_calls: false, tool_choice: 'required' },
      { type: 'any', disable_parallel_tool_use: true },
    ],
    [
      'no parallel calls, none',
      { parallel_tool_calls: false, tool_choice: 'none' },
      { type: 'none' },
    ],
    ['parallel calls', { parallel_tool_calls: true }, undefined],
  ]
  for (const [row, request, choice, names = ['f', 'g']] of rows) {
    test(row, () => {
      const { body, dropped } = ask({ ...two, ...request })

      assert.deepEqual(body.tool_choice, choice)
      assert.deepEqual(
        body.tools?.map(({ name }) => name),
        names,
      )
      assert.deepEqual(dropped, [])
    })
  }

  const serial = { disable_parallel_tool_use: true }
  const own: [given: unknown, choice: object][] = [
    [{ type: 'auto' }, { type: 'auto' }],
    [{ type: 'any' }, { type: 'any' }],
    [{ type: 'none' }, { type: 'none' }],
    [
      { type: 'tool', name: 'f' },
      { type: 'tool', name: 'f' },
    ],
    [
      { type: 'auto', ...serial },
      { type: 'auto', ...serial },
    ],
    [
      { type: 'any', ...serial },
      { type: 'any', ...serial },
    ],
    [
      { type: 'tool', name: 'f', ...serial },
      { type: 'tool', name: 'f', ...serial },
    ],
    ['any', { type: 'any' }],
    [{ type: 'required' }, { type: 'any' }],
  ]
  for (const [given, choice] of own) {
    test(`T11: ${JSON.stringify(given)} is read as what it is`, () => {
      const { body, dropped } = ask({ ...two, tool_choice: given })

      assert.deepEqual(body.tool_choice, choice)
      assert.deepEqual(dropped, [])
    })
  }

  test('T11: allowed tools in the flat form of Responses', () => {
    const tool_choice = {
      type: 'allowed_tools',
      mode: 'required',
      tools: [{ type: 'function', name: 'f' }],
    }
    const { body } = ask({ ...two, tool_choice })

    assert.deepEqual(body.tool_choice, { type: 'any' })
    assert.deepEqual(
      body.tools?.map(({ name }) => name),
      ['f'],
    )
  })

  test('T11: a tool that nobody declared is named', () => {
    const tool_choice = { type: 'tool', name: 'h' }

    assert.throws(() => ask({ ...two, tool_choice }), refusal('tool_choice.name'))
  })

  for (const [what, tool_choice, names] of [
    ['any tool', 'required', ['f', 'g']],
    ['one tool', named, ['f']],
  ] as const) {
    test(`a model that refuses force is left free to call ${what}`, () => {
      const { body, dropped } = ask({ ...two, tool_choice }, { model: { id: 'claude-opus-5-5' } })

      assert.deepEqual(body.tool_choice, { type: 'auto' })
      assert.deepEqual(
        body.tools?.map(({ name }) => name),
        names,
      )
      assert.deepEqual(dropped, ['tool_choice'])
    })
  }

  for (const [request, choice] of [
    [{ tool_choice: 'none' }, { type: 'none' }],
    [{ tool_choice: 'required' }, { type: 'any' }],
    [{ parallel_tool_calls: false }, { type: 'auto', disable_parallel_tool_use: true }],
    [{}, undefined],
  ] as const) {
    test(`web search alone heeds ${JSON.stringify(request)}`, () => {
      const { body } = ask({ web_search_options: {}, ...request })

      assert.deepEqual(body.tool_choice, choice)
      assert.deepEqual(
        body.tools?.map(({ name }) => name),
        ['web_search'],
      )
    })
  }

  test('legacy functions: the choice is function_call, one call at a time', () => {
    const functions = [{ name: 'f' }, { name: 'g' }]
    const { body } = ask({ functions, function_call: { name: 'f' } })

    assert.deepEqual(body.tool_choice, {
      type: 'tool',
      name: 'f',
      disable_parallel_tool_use: true,
    })
    assert.deepEqual(ask({ functions, function_call: 'none' }).body.tool_choice, { type: 'none' })
  })

  test('a request without tools sends no tool choice', () => {
    const { body } = ask({ tool_choice: 'required', parallel_tool_calls: false })

    assert.equal('tools' in body || 'tool_choice' in body, false)
  })

  const wrong: [param: string, tool_choice: unknown][] = [
    ['tool_choice', 'always'],
    ['tool_choice', 3],
    ['tool_choice.custom.name', { type: 'custom', custom: { name: 'h' } }],
    ['tool_choice.function', { type: 'function', function: 'f' }],
    ['tool_choice.function.name', { type: 'function', function: { name: 'h' } }],
    ['tool_choice.allowed_tools', { type: 'allowed_tools' }],
    [
      'tool_choice.allowed_tools.mode',
      { type: 'allowed_tools', allowed_tools: { mode: 'x', tools: [] } },
    ],
    [
      'tool_choice.allowed_tools.tools[0]',
      { type: 'allowed_tools', allowed_tools: { tools: ['f'] } },
    ],
  ]
  for (const [param, tool_choice] of wrong) {
    test(`a wrong ${param} is a 400 that names it: ${JSON.stringify(tool_choice)}`, () => {
      assert.throws(() => ask({ ...two, tool_choice }), refusal(param))
    })
  }
})
