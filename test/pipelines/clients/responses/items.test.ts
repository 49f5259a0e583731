/** The items of a Responses input. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Reasoning } from '../../../../pipelines/neutral/reasoning.ts'
import { sealReasoning } from '../../../../pipelines/neutral/seal.ts'
import { ask, heard, refusal, turnsOf } from './ask.ts'

const user = { role: 'user', content: 'hi' }
const hi = ['user', { type: 'text', text: 'hi' }]

test('§17.2 a message, with a type or with a role alone, is a turn', () => {
  assert.deepEqual(heard(user, { type: 'message', id: 'msg_1', status: 'completed', ...user }), [
    hi,
    hi,
  ])
})

for (const input of [
  '',
  [],
  [{ role: 'user', content: [] }],
  [{ type: 'reasoning', summary: [], encrypted_content: 'gAAAA' }],
  [{ type: 'web_search_call', id: 'ws_1' }],
]) {
  test(`§17.2 ${JSON.stringify(input)} is a 400: there is nothing to answer`, () => {
    const error = refusal({ instructions: 'Be brief.', input })

    assert.deepEqual([error.code, error.param], ['invalid_value', 'input'])
  })
}

test('§17.2 an unknown role is a 400', () => {
  assert.equal(refusal({ input: [{ role: 'tool', content: 'x' }] }).param, 'input[0].role')
})

test('§17.2 neighbouring items of the assistant are one turn, in their order', () => {
  const turns = heard(
    user,
    { role: 'assistant', content: [{ type: 'output_text', text: 'a' }], phase: 'commentary' },
    { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":1}' },
    { type: 'function_call', call_id: 'c2', name: 'g', namespace: 'n', arguments: '' },
    { type: 'function_call_output', call_id: 'c1', output: 'r' },
  )
  const call = { type: 'call', kind: 'function' }

  assert.deepEqual(turns, [
    hi,
    [
      'assistant',
      { type: 'text', text: 'a' },
      { ...call, id: 'c1', name: 'f', input: '{"a":1}' },
      { ...call, id: 'c2', name: 'g', namespace: 'n', input: '{}' },
    ],
    ['user', { type: 'result', id: 'c1', content: 'r' }],
  ])
})

test('§17.2 places are those of the items', () => {
  const [, turn] = turnsOf(user, {
    type: 'function_call',
    call_id: 'c1',
    name: 'f',
    arguments: '{}',
  })
  const [piece] = turn?.pieces ?? []

  assert.equal(piece?.place, 'input[1]')
  assert.equal(piece?.type === 'call' && piece.inputPlace, 'input[1].arguments')
})

test('§17.2 a custom_tool_call is a call with free text', () => {
  assert.deepEqual(
    heard(
      { type: 'custom_tool_call', call_id: 'c', name: 'apply_patch', input: '*** Begin' },
      { type: 'custom_tool_call_output', call_id: 'c', output: 'done' },
    ),
    [
      [
        'assistant',
        { type: 'call', kind: 'custom', id: 'c', name: 'apply_patch', input: '*** Begin' },
      ],
      ['user', { type: 'result', id: 'c', content: 'done' }],
    ],
  )
})

const builtIns: [item: JsonObject, name: string, input: JsonObject][] = [
  [
    {
      type: 'local_shell_call',
      call_id: 'c',
      action: { type: 'exec', command: ['ls'], env: {}, working_directory: '/w' },
    },
    'local_shell',
    { command: ['ls'], workdir: '/w', env: {} },
  ],
  [
    { type: 'shell_call', call_id: 'c', action: { commands: ['ls'], timeout_ms: null } },
    'shell',
    { commands: ['ls'] },
  ],
  [
    {
      type: 'apply_patch_call',
      call_id: 'c',
      operation: { type: 'delete_file', path: 'a' },
      status: 'completed',
    },
    'apply_patch',
    { type: 'delete_file', path: 'a' },
  ],
  [
    { type: 'tool_search_call', call_id: 'c', execution: 'client', arguments: { query: 'q' } },
    'tool_search',
    { query: 'q' },
  ],
]
for (const [item, name, input] of builtIns) {
  test(`§17.2 a ${String(item.type)} is a call of the function ${name}`, () => {
    assert.deepEqual(heard(item), [
      ['assistant', { type: 'call', kind: 'function', id: 'c', name, input }],
    ])
  })
}

test('§17.2 the output of a local shell may name the item of its call', () => {
  const action = { type: 'exec', command: ['ls'], env: {} }
  const call = { type: 'local_shell_call', id: 'lsh_1', call_id: 'c', action }

  assert.deepEqual(heard(call, { type: 'local_shell_call_output', id: 'lsh_1', output: 'r' })[1], [
    'user',
    { type: 'result', id: 'c', content: 'r' },
  ])
  assert.deepEqual(heard(call, { type: 'local_shell_call_output', call_id: 'c', output: 'r' })[1], [
    'user',
    { type: 'result', id: 'c', content: 'r' },
  ])
})

test('§17.2 outputs hold a string, parts, or what a shell wrote; failed is an error', () => {
  const output = [{ stdout: 'a', stderr: '', outcome: { type: 'exit', exit_code: 0 } }]
  const [patch, parts, shell] = heard(
    { type: 'apply_patch_call_output', call_id: 'c', status: 'failed' },
    {
      type: 'function_call_output',
      call_id: 'd',
      output: [
        { type: 'input_text', text: 'a' },
        { type: 'input_image', image_url: 'https://x/y.png', detail: 'low' },
      ],
    },
    { type: 'shell_call_output', call_id: 'e', output },
  )

  assert.deepEqual(patch?.[1], { type: 'result', id: 'c', isError: true, content: '' })
  assert.deepEqual(parts?.[1], {
    type: 'result',
    id: 'd',
    content: [
      { type: 'text', text: 'a' },
      {
        type: 'attachment',
        written: 'input_image',
        kind: 'image',
        held: { url: 'https://x/y.png' },
        detail: 'low',
      },
    ],
  })
  assert.deepEqual(shell?.[1], { type: 'result', id: 'e', content: JSON.stringify(output) })
})

const thought: Reasoning = {
  kind: 'thinking',
  text: 'deep',
  maker: 'anthropic-claude-v1',
  model: 'm',
  seal: { signature: 's' },
}

test('§17.2 reasoning that we have sealed comes back, content null or not', () => {
  const encrypted_content = sealReasoning(thought, 'e', false)
  const item = { type: 'reasoning', id: 'rs_1', summary: [], content: null, encrypted_content }

  assert.deepEqual(heard(item), [
    ['assistant', { type: 'reasoning', reasoning: { ...thought, endpoint: 'e' } }],
  ])
})

test('§17.2 the summary is what the client was shown', () => {
  const raw: Reasoning = {
    kind: 'raw',
    text: 'a\n\nb',
    maker: 'common',
    seal: { field: 'reasoning_content' },
  }
  const [turn] = turnsOf({
    type: 'reasoning',
    summary: [
      { type: 'summary_text', text: 'a' },
      { type: 'summary_text', text: 'b' },
    ],
    encrypted_content: sealReasoning(raw, 'e', true),
  })
  const [piece] = turn?.pieces ?? []

  assert.equal(piece?.type === 'reasoning' && piece.reasoning.text, 'a\n\nb')
})

test("§17.2 another provider's reasoning, and reasoning without a seal, is left out", () => {
  for (const encrypted_content of ['gAAAA', null, 'd2a1.broken', undefined]) {
    const item = { type: 'reasoning', summary: [{ type: 'summary_text', text: 'a' }] }

    assert.deepEqual(heard({ ...item, encrypted_content }), [['assistant']])
  }
})

test('§17.2 tool_search_output loads its tools', () => {
  const { turns, toolChanges } = ask({
    input: [
      { type: 'tool_search_call', call_id: 'c', execution: 'client', arguments: { query: 'q' } },
      {
        type: 'tool_search_output',
        call_id: 'c',
        execution: 'client',
        tools: [
          { type: 'function', name: 'a', defer_loading: true },
          { type: 'namespace', name: 'n', tools: [{ type: 'function', name: 'b' }] },
        ],
      },
    ],
  }).request
  const [result] = turns[1]?.pieces ?? []

  assert.equal(result?.type === 'result' && result.content, 'Loaded tools: a, n__b.')
  assert.deepEqual(
    toolChanges?.map((change) => change.type === 'add' && [change.tool.name, change.tool.deferred]),
    [
      ['a', undefined],
      ['b', undefined],
    ],
  )
})

test('§17.2 additional_tools join the others, a later one in place of an earlier', () => {
  const named = (name: string, description: string) => ({ type: 'function', name, description })
  const { tools } = ask({
    tools: [named('a', 'old')],
    input: [
      { type: 'additional_tools', role: 'developer', tools: [named('a', 'new'), named('b', 'x')] },
      user,
    ],
  }).request

  assert.deepEqual(
    tools.map((tool) => tool.kind === 'function' && [tool.name, tool.description]),
    [
      ['a', 'new'],
      ['b', 'x'],
    ],
  )
})

test('§17.2 an agent_message is a user turn of what can be read of it', () => {
  const content = [
    { type: 'input_text', text: 'Payload:\n' },
    { type: 'encrypted_content', encrypted_content: 'List the files.' },
    { type: 'unknown' },
  ]

  assert.deepEqual(heard({ type: 'agent_message', author: 'a', recipient: 'b', content }), [
    ['user', { type: 'text', text: 'Payload:\n' }, { type: 'text', text: 'List the files.' }],
  ])
  assert.deepEqual(heard({ type: 'agent_message', content: content.slice(2) }), [])
})

test('§17.2 of an agent_message that another provider has encrypted the model is told', () => {
  const encrypted_content = `gAAAAABo${'x-_9'.repeat(30)}==`
  const content = [{ type: 'encrypted_content', encrypted_content }]

  assert.match(
    JSON.stringify(heard({ type: 'agent_message', content })),
    /encrypted for .*plain text/,
  )
})

for (const type of [
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'mcp_call',
  'mcp_list_tools',
  'mcp_approval_request',
  'computer_call',
  'computer_call_output',
  'program',
  'tool_search_output',
  'tool_search_call',
]) {
  test(`§17.2 a ${type} of the provider's own is dropped elsewhere`, () => {
    const [turn] = turnsOf({ type, execution: 'server' })

    assert.deepEqual(
      turn?.pieces.map((piece) => piece.type === 'foreign' && piece.elsewhere),
      ['dropped'],
    )
  })
}

test('§17.2 unknown items are dropped by name', () => {
  const { turns, lost } = ask({ input: [user, { type: 'hologram' }] }).request

  assert.deepEqual(lost, ['input.hologram'])
  assert.equal(turns.length, 1)
})

test('§17.2 an item_reference, or an id alone, is a 400 that names the remedy', () => {
  for (const item of [{ type: 'item_reference', id: 'msg_1' }, { id: 'msg_1' }]) {
    const error = refusal({ input: [user, item] })

    assert.deepEqual([error.code, error.param], ['item_not_found', 'input[1]'])
    assert.match(error.message, /store: false/)
  }
  assert.equal(refusal({ input: [{}] }).param, 'input[0].type')
})

const badItems: [item: JsonObject, param: string][] = [
  [{ type: 'function_call', name: 'f', arguments: '{}' }, 'input[0].call_id'],
  [{ type: 'function_call', call_id: 'c', arguments: '{}' }, 'input[0].name'],
  [{ type: 'custom_tool_call', call_id: 'c', name: 'f' }, 'input[0].input'],
  [{ type: 'function_call_output', call_id: 7, output: 'x' }, 'input[0].call_id'],
  [{ type: 'function_call_output', call_id: 'c', output: [{ type: 'x' }] }, 'input[0].output[0]'],
  [{ role: 'user', content: [{ text: 'x' }] }, 'input[0].content[0].type'],
  [{ role: 'user', content: 7 }, 'input[0].content'],
  [{ type: 7 }, 'input[0].type'],
]
for (const [item, param] of badItems) {
  test(`§17.2 ${JSON.stringify(item)} is a 400 at ${param}`, () => {
    assert.equal(refusal({ input: [item] }).param, param)
  })
}

for (const [output, read] of [
  [{ sun: true }, '{"sun":true}'],
  [[{ a: 1 }, { a: 2 }], '[{"a":1},{"a":2}]'],
  [42, '42'],
  [false, 'false'],
] as const) {
  test(`§17.2 a result that is the value ${read} itself is its JSON`, () => {
    const item = { type: 'function_call_output', call_id: 'c', output }

    assert.deepEqual(heard(item), [['user', { type: 'result', id: 'c', content: read }]])
  })
}

test('§17.2 a result that nobody has called for has the name of its tool, if any', () => {
  const item = { type: 'function_call_output', call_id: null, name: 'create_thread', output: 'x' }

  assert.deepEqual(heard(item), [['user', { type: 'result', id: 'create_thread', content: 'x' }]])
  const nameless = heard({ type: 'function_call_output', output: 'x' })
  assert.deepEqual(nameless, [
    ['user', { type: 'result', id: 'function_call_output', content: 'x' }],
  ])
})

test('§17.2 a message without content says nothing, as beside calls', () => {
  const call = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }

  assert.deepEqual(heard({ role: 'assistant', content: null }, call), heard(call))
  assert.equal(refusal({ input: [{ role: 'user' }] }).param, 'input')
})

test('§17.2 an encrypted part of a result is described to the model, or read where it is plain', () => {
  const output = [
    { type: 'encrypted_content', encrypted_content: 'Done.' },
    { type: 'input_text', text: 'ok' },
  ]

  assert.match(
    JSON.stringify(heard({ type: 'function_call_output', call_id: 'c', output })),
    /Done\..*ok/,
  )
})

test('§17.3 text in any of its words; empty text is left out, a refusal is one', () => {
  const content = [
    { type: 'output_text', text: 'a', annotations: [] },
    { type: 'input_text', text: '' },
    { type: 'text', text: 'b' },
    'c',
    { type: 'refusal', refusal: 'no' },
  ]

  assert.deepEqual(heard({ role: 'assistant', content }), [
    [
      'assistant',
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
      { type: 'text', text: 'c' },
      { type: 'refusal', text: 'no' },
    ],
  ])
})

test('§17.3 images and files by data or address', () => {
  const [turn] = turnsOf({
    role: 'user',
    content: [
      { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=' },
      { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
      { type: 'input_file', file_url: 'https://x/y.pdf' },
    ],
  })

  assert.deepEqual(
    turn?.pieces.map((piece) => piece.type === 'attachment' && Object.keys(piece.held)),
    [['inline'], ['inline'], ['url']],
  )
})

const badParts: [part: JsonObject, code: string, param: string][] = [
  [{ type: 'input_image', file_id: 'file-1' }, 'unsupported_content', '.file_id'],
  [{ type: 'input_file', file_id: 'file-1' }, 'unsupported_content', '.file_id'],
  [{ type: 'input_audio', input_audio: {} }, 'unsupported_content', ''],
  [{ type: 'hologram' }, 'unsupported_content', ''],
  [{ type: 'input_image', image_url: 'ftp://x' }, 'invalid_value', '.image_url'],
]
for (const [part, code, param] of badParts) {
  test(`§17.3 ${JSON.stringify(part)} is a 400`, () => {
    const error = refusal({ input: [{ role: 'user', content: [part] }] })

    assert.deepEqual([error.code, error.param], [code, `input[0].content[0]${param}`])
  })
}

test('§17.3 an instruction holds text only', () => {
  const content = [{ type: 'input_image', image_url: 'https://x/y.png' }]

  assert.equal(refusal({ input: [{ role: 'developer', content }] }).code, 'unsupported_content')
})
