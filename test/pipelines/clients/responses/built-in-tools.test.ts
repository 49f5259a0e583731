/** Tools that Responses defines and its client runs, for models of other APIs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  builtInCall,
  builtInItem,
  builtInTool,
} from '../../../../pipelines/clients/responses/built-in-tools.ts'
import { isObject, type JsonObject } from '../../../../pipelines/json/value.ts'

const calls: [tool: string, item: JsonObject, args: JsonObject][] = [
  [
    'local_shell',
    {
      type: 'local_shell_call',
      action: {
        type: 'exec',
        command: ['ls', '-l'],
        env: { A: 'b' },
        working_directory: '/x',
        timeout_ms: 5,
      },
    },
    { command: ['ls', '-l'], workdir: '/x', timeout_ms: 5, env: { A: 'b' } },
  ],
  [
    'shell',
    {
      type: 'shell_call',
      action: { commands: ['ls'], timeout_ms: 5, max_output_length: 9 },
      environment: { type: 'local' },
    },
    { commands: ['ls'], timeout_ms: 5, max_output_length: 9 },
  ],
  [
    'apply_patch',
    { type: 'apply_patch_call', operation: { type: 'update_file', path: 'a', diff: '@@' } },
    { type: 'update_file', path: 'a', diff: '@@' },
  ],
  [
    'apply_patch',
    { type: 'apply_patch_call', operation: { type: 'delete_file', path: 'a' } },
    { type: 'delete_file', path: 'a' },
  ],
  [
    'tool_search',
    { type: 'tool_search_call', execution: 'client', arguments: { query: 'mail' } },
    { query: 'mail' },
  ],
]

for (const [name, item, args] of calls) {
  test(`§12.4 a call of ${name} is ${JSON.stringify(args)}, there and back`, () => {
    const whole = { ...item, call_id: 'c', status: 'completed' }

    assert.deepEqual(builtInCall(whole), { name, input: args })
    assert.deepEqual(builtInItem(name, 'c', JSON.stringify(args)), whole)
  })
}

test('§12.4 a built-in tool that the client runs is a function under its own name', () => {
  const tool = builtInTool({ type: 'local_shell' }, 'tools[0]')

  assert.equal(tool?.name, 'local_shell')
  assert.equal(tool?.builtIn, 'local_shell')
  assert.deepEqual(isObject(tool?.schema) && tool.schema.required, ['command'])
})

test('§12.4 a search of tools has the parameters and the description that the client gives it', () => {
  const parameters = { type: 'object', properties: { goal: { type: 'string' } } }
  const tool = builtInTool(
    { type: 'tool_search', execution: 'client', description: 'Finds.', parameters },
    'tools[0]',
  )

  assert.deepEqual([tool?.schema, tool?.description], [parameters, 'Finds.'])
})

test('§12.4 tools that the provider runs, and tools of any other kind, are no built-in tools of the client', () => {
  for (const tool of [
    { type: 'tool_search' },
    { type: 'tool_search', execution: 'server' },
    { type: 'shell', environment: { type: 'container_auto' } },
    { type: 'web_search' },
    { type: 'function', name: 'local_shell' },
    {},
  ]) {
    assert.equal(builtInTool(tool, 'tools[0]'), undefined)
  }
  assert.ok(builtInTool({ type: 'shell', environment: { type: 'local' } }, 'tools[0]'))
  assert.equal(builtInCall({ type: 'function_call' }), undefined)
})

test('§12.4 arguments that are no such call have no item', () => {
  for (const [name, args] of [
    ['local_shell', '{"command":"ls"}'],
    ['local_shell', 'ls'],
    ['shell', '{}'],
    ['apply_patch', '{"type":"move_file","path":"a"}'],
    ['apply_patch', '{"type":"update_file","path":"a"}'],
    ['tool_search', '[]'],
    ['web_search', '{}'],
  ] as const) {
    assert.equal(builtInItem(name, 'c', args), undefined, `${name} ${args}`)
  }
})

test('§12.4 an item without limits says so where the client reads them', () => {
  assert.deepEqual(builtInItem('shell', 'c', '{"commands":["ls"]}')?.action, {
    commands: ['ls'],
    timeout_ms: null,
    max_output_length: null,
  })
  assert.deepEqual(builtInItem('local_shell', 'c', '{"command":["ls"]}')?.action, {
    type: 'exec',
    command: ['ls'],
    env: {},
  })
})
