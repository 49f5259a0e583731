/** The tools of a Responses request and the choice among them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Tool } from '../../../../pipelines/neutral/request.ts'
import { ask, refusal } from './ask.ts'

function toolsOf(...tools: JsonObject[]): Tool[] {
  return ask({ tools }).request.tools
}

const namespace = {
  type: 'namespace',
  name: 'mcp__x',
  description: 'd',
  tools: [
    { type: 'function', name: 'get', parameters: { type: 'object' } },
    { type: 'custom', name: 'raw' },
  ],
}

test('§17.4 a function with its schema, strict as it was sent', () => {
  const parameters = { type: 'object' }

  assert.deepEqual(
    toolsOf({ type: 'function', name: 'f', description: 'd', parameters, strict: true }),
    [
      {
        kind: 'function',
        place: 'tools[0]',
        name: 'f',
        description: 'd',
        schema: parameters,
        schemaPlace: 'tools[0].parameters',
        strict: true,
        more: {},
      },
    ],
  )
  const [loose] = toolsOf({ type: 'function', name: 'f' })
  assert.equal(loose?.kind === 'function' && loose.strict, undefined)
})

test('§17.4 a custom tool with its grammar', () => {
  const format = { type: 'grammar', syntax: 'lark', definition: 'start: "a"' }
  const [tool] = toolsOf({ type: 'custom', name: 'p', format })

  assert.deepEqual(tool, {
    kind: 'custom',
    place: 'tools[0]',
    name: 'p',
    grammar: format,
    more: {},
  })
})

test('§17.4 the tools of a namespace, each with it', () => {
  const tools = toolsOf(namespace, { type: 'function', name: 'get' })

  assert.deepEqual(
    tools.map(
      (tool) => tool.kind !== 'hosted' && [tool.kind, tool.namespace, tool.name, tool.place],
    ),
    [
      ['function', 'mcp__x', 'get', 'tools[0].tools[0]'],
      ['custom', 'mcp__x', 'raw', 'tools[0].tools[1]'],
      ['function', undefined, 'get', 'tools[1]'],
    ],
  )
})

test('§17.4 two tools of one name and namespace are a 400', () => {
  const twice = { type: 'function', name: 'f' }

  assert.equal(refusal({ tools: [twice, twice] }).param, 'tools[1].name')
})

test('§17.4 a tool without a name is a 400', () => {
  assert.equal(refusal({ tools: [{ type: 'function' }] }).param, 'tools[0].name')
  assert.equal(
    refusal({ tools: [{ type: 'namespace', name: 'n', tools: [{ type: 'custom' }] }] }).param,
    'tools[0].tools[0].name',
  )
})

test('§17.4 tools that the client runs are functions', () => {
  const tools = toolsOf(
    { type: 'local_shell' },
    { type: 'shell', environment: { type: 'local' } },
    { type: 'apply_patch' },
    { type: 'tool_search', execution: 'client' },
  )

  assert.deepEqual(
    tools.map((tool) => tool.kind === 'function' && [tool.name, tool.builtIn]),
    ['local_shell', 'shell', 'apply_patch', 'tool_search'].map((name) => [name, name]),
  )
})

test('§17.4 deferred tools stay deferred; a search that the provider would run finds them', () => {
  const [tool, search] = toolsOf(
    { type: 'function', name: 'f', defer_loading: true },
    { type: 'tool_search' },
  )

  assert.equal(tool?.deferred, true)
  assert.equal(search?.kind === 'hosted' && search.findsTools, true)
})

for (const type of ['web_search', 'web_search_preview', 'web_search_2025_08_26']) {
  test(`§17.4 ${type} is a search by any means`, () => {
    const { request, answer } = ask({
      tools: [
        {
          type,
          search_context_size: 'low',
          user_location: { type: 'approximate', city: 'Rome', country: null },
          filters: { allowed_domains: ['a'], blocked_domains: ['b'] },
        },
      ],
      include: ['web_search_call.action.sources'],
    })
    const [tool] = request.tools

    assert.deepEqual(tool?.kind === 'hosted' && [tool.search, tool.lostName], [
      {
        size: 'low',
        location: { city: 'Rome' },
        allowedDomains: ['a'],
        blockedDomains: ['b'],
        showsSources: true,
      },
      'tools.web_search',
    ])
    assert.deepEqual([answer.searches, answer.showsSources], [true, true])
  })
}

test('§17.4 tools that the provider runs, and unknown ones, are named among what is dropped', () => {
  const names = toolsOf({ type: 'file_search' }, { type: 'mcp' }, { type: 'hologram' }).map(
    (tool) => tool.kind === 'hosted' && tool.lostName,
  )

  assert.deepEqual(names, ['tools.file_search', 'tools.mcp', 'tools.hologram'])
})

const place = 'tool_choice'
const tools = [
  { type: 'function', name: 'f' },
  { type: 'custom', name: 'p' },
  { type: 'apply_patch' },
  { type: 'web_search' },
  namespace,
]
const named = { place, namePlace: `${place}.name` }
const choices: [choice: unknown, read: object | undefined][] = [
  [null, undefined],
  ['auto', { type: 'auto', place }],
  ['none', { type: 'none', place }],
  ['required', { type: 'any', place }],
  [
    { type: 'function', name: 'f' },
    { type: 'tool', kind: 'function', name: 'f', ...named },
  ],
  [
    { type: 'custom', name: 'p' },
    { type: 'tool', kind: 'custom', name: 'p', ...named },
  ],
  [
    { type: 'function', name: 'get' },
    { type: 'tool', kind: 'function', name: 'get', namespace: 'mcp__x', ...named },
  ],
  [
    { type: 'function', name: 'get', namespace: 'other' },
    { type: 'tool', kind: 'function', name: 'get', namespace: 'other', ...named },
  ],
  [
    { type: 'apply_patch' },
    { type: 'tool', kind: 'function', name: 'apply_patch', place, namePlace: `${place}.type` },
  ],
]
for (const [tool_choice, read] of choices) {
  test(`§17.4 the choice ${JSON.stringify(tool_choice)}`, () => {
    assert.deepEqual(ask({ tools, tool_choice }).request.toolChoice, read)
  })
}

test('§17.4 a search may be chosen, in either of its names', () => {
  for (const type of ['web_search', 'web_search_preview']) {
    const { toolChoice } = ask({ tools, tool_choice: { type } }).request

    assert.equal(toolChoice?.type === 'hosted' && toolChoice.tool.written, 'web_search')
  }
})

test('§17.4 allowed_tools, a namespace with all of its own', () => {
  const tool_choice = {
    type: 'allowed_tools',
    mode: 'required',
    tools: [
      { type: 'function', name: 'f' },
      { type: 'namespace', name: 'mcp__x' },
      { type: 'image_generation' },
    ],
  }
  const { toolChoice } = ask({ tools, tool_choice }).request
  const at = `${place}.tools`

  assert.deepEqual(toolChoice, {
    type: 'allowed',
    mode: 'any',
    tools: [
      { kind: 'function', name: 'f', namePlace: `${at}[0].name` },
      { kind: 'function', name: 'get', namespace: 'mcp__x', namePlace: `${at}[1].name` },
      { kind: 'custom', name: 'raw', namespace: 'mcp__x', namePlace: `${at}[1].name` },
      { kind: 'own', value: { type: 'image_generation' }, place: `${at}[2]` },
    ],
    place,
  })
})

for (const tool_choice of ['sometimes', { type: 'file_search' }, { type: 'shell' }]) {
  test(`§17.4 the choice ${JSON.stringify(tool_choice)} of no tool is a 400`, () => {
    assert.equal(refusal({ tools, tool_choice }).param, place)
  })
}

test('§17.4 parallel_tool_calls is read', () => {
  assert.equal(ask({ parallel_tool_calls: false }).request.parallelCalls, false)
  assert.equal(ask().request.parallelCalls, undefined)
})

test('§17.4 tools, choices and formats may be nested as in Chat Completions', () => {
  const inner = { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true }
  const nested = { type: 'function', function: inner }
  const flat = { type: 'function', ...inner }
  const custom = { name: 'raw', description: 'd' }
  const schema = { name: 'n', schema: { type: 'object' }, strict: true }
  const inEveryForm = (choice: object) => [
    choice,
    { type: 'allowed_tools', mode: 'required', tools: [choice] },
    { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [choice] } },
  ]
  const flatChoices = inEveryForm({ type: 'function', name: 'f' })

  const asked = (declared: object[], tool_choice: unknown, format: object) => {
    const { request } = ask({ tools: declared, tool_choice, text: { format } })
    return [request.tools, request.toolChoice, request.format]
  }
  for (const [index, choice] of inEveryForm({
    type: 'function',
    function: { name: 'f' },
  }).entries()) {
    assert.deepEqual(
      asked([nested, { type: 'custom', custom }], choice, {
        type: 'json_schema',
        json_schema: schema,
      }),
      asked([flat, { type: 'custom', ...custom }], flatChoices[index], {
        type: 'json_schema',
        ...schema,
      }),
    )
  }
})
