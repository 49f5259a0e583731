/** The body for chat servers beside its messages: limits, sampling, tools, levels. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { ProxyError } from '../../../../pipelines/errors.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Model } from '../../../../pipelines/model.ts'
import type { NeutralRequest } from '../../../../pipelines/neutral/request.ts'
import {
  asked,
  assistant,
  callPiece,
  customTool,
  hosted,
  model,
  resultPiece,
  tool,
  user,
  written,
} from './ask.ts'

const messages = [{ role: 'user', content: 'hi' }]
const gpt: Model = { ...model, upstream_id: 'openai/gpt-5.2' }

const rows: [what: string, rest: Partial<NeutralRequest>, fields: JsonObject][] = [
  ['nothing but model and messages', {}, {}],
  ['a limit is max_tokens', { limits: { total: 100 } }, { max_tokens: 100 }],
  [
    'sampling as named',
    { sampling: { temperature: 0, topP: 0.5, seed: 7, presencePenalty: 1, frequencyPenalty: 2 } },
    { temperature: 0, top_p: 0.5, seed: 7, presence_penalty: 1, frequency_penalty: 2 },
  ],
  [
    'log probabilities',
    { sampling: { logprobs: true, topLogprobs: 3 } },
    { logprobs: true, top_logprobs: 3 },
  ],
  ['up to four stop sequences', { stop: ['a', 'b', 'c', 'd'] }, { stop: ['a', 'b', 'c', 'd'] }],
  ['JSON', { format: { type: 'json' } }, { response_format: { type: 'json_object' } }],
  ['a user, and a safe one before it', { user: 'u', safetyId: 's' }, { user: 's' }],
  [
    'a long user as its hash',
    { user: 'u'.repeat(65) },
    { user: createHash('sha256').update('u'.repeat(65)).digest('hex') },
  ],
  [
    'no cache key, no metadata, no tier, no verbosity',
    { cacheKey: 'k', metadata: { a: 1 }, tier: 'flex', verbosity: 'low' },
    {},
  ],
]

for (const [what, rest, fields] of rows) {
  test(`§11.2 ${what}`, () => {
    assert.deepEqual(written(rest).body, { model: 'qwen-9', messages, ...fields })
  })
}

test('§11.2 a stream asks for its usage', () => {
  assert.deepEqual(written({}, { stream: true }).body, {
    model: 'qwen-9',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  })
})

test('§11.2 the operator’s limit is the most, and counts where the client has none', () => {
  const capped = { model: { ...model, max_output_tokens: 8000 } }

  assert.equal(written({ limits: { total: 128_000 } }, capped).body.max_tokens, 8000)
  assert.equal(written({ limits: { total: 100 } }, capped).body.max_tokens, 100)
  assert.equal(written({}, capped).body.max_tokens, 8000)
})

const rooms: [id: string, room: number, more?: Partial<Model>][] = [
  ['glm-4.6', 12_288],
  ['z-ai/glm-5.1', 12_288],
  ['deepseek-r1:8b', 12_288],
  ['deepseek-v4-pro', 12_288],
  ['moonshotai/kimi-k2-thinking', 12_288],
  ['kimi-k2.6', 12_288],
  ['qwen3:8b', 12_288],
  ['Qwen/Qwen3-235B-A22B-Thinking-2507', 12_288],
  ['openai/gpt-oss-120b', 12_288],
  ['MiniMax-M2.5', 12_288],
  ['gpt-5.2', 12_288],
  ['qwen-9', 12_288, { reasoning_in_text: true }],
  ['qwen-9', 4096, { reasoning: 'low' }],
  ['glm-4.6', 24_576, { reasoning: 'high' }],
  ['glm-4.6', 12_288, { reasoning: 'off' }],
  ['qwen-9', 0],
  ['qwen-9', 0, { reasoning: 'off' }],
  ['deepseek-chat', 0],
  ['qwen3-coder-plus', 0],
  ['Qwen/Qwen3-235B-A22B-Instruct-2507', 0],
  ['kimi-k2-0905-preview', 0],
  ['glm-4-plus', 0],
  ['llama-3.3-70b', 0],
]

for (const [id, room, more] of rooms) {
  test(`§11.2 beside an answer of ${id} ${JSON.stringify(more ?? {})} there is room for ${room} tokens`, () => {
    const limitOf = (limits: NeutralRequest['limits']) => {
      const { body } = written({ limits }, { model: { ...model, upstream_id: id, ...more } })
      return body.max_tokens ?? body.max_completion_tokens
    }

    assert.equal(limitOf({ answer: 64 }), 64 + room)
    assert.equal(limitOf({ answer: 1 }), 1)
    assert.equal(limitOf({ answer: 31_000 }), room === 0 ? 31_000 : 32_000)
    assert.equal(limitOf({ answer: 64_000 }), 64_000)
    assert.equal(limitOf({ total: 64 }), 64)
  })
}

test('§11.2 room to think is no more than the operator’s limit', () => {
  const capped = { ...model, upstream_id: 'glm-4.6', max_output_tokens: 4000 }

  assert.equal(written({ limits: { answer: 64 } }, { model: capped }).body.max_tokens, 4000)
})

test('§11.2 a limit beyond what a GPT has is lowered, where the operator says no other', () => {
  const gpt4o = { ...model, upstream_id: 'openai/gpt-4o' }
  const most = (limits: { total?: number }, more = {}) =>
    written({ limits }, { model: { ...gpt4o, ...more } }).body.max_tokens

  assert.equal(most({ total: 64_000 }), 16_384)
  assert.equal(most({ total: 100 }), 100)
  assert.equal(most({ total: 64_000 }, { max_output_tokens: 32_000 }), 32_000)
  assert.equal(most({}), undefined)
})

test('§11.2 OpenAI’s reasoning models get their own limit, no sampling, and their text is cut here', () => {
  const { body, dropped, stopAt } = written(
    {
      limits: { total: 100 },
      sampling: { temperature: 0, topP: 1 },
      stop: ['END'],
      names: { temperature: 'temperature', topP: 'top_p' },
    },
    { model: gpt },
  )

  assert.deepEqual(body, { model: 'openai/gpt-5.2', messages, max_completion_tokens: 100 })
  assert.deepEqual(dropped, ['temperature'])
  assert.deepEqual(stopAt, ['END'])
})

test('§11.2 of more than four stop sequences all are cut here', () => {
  const stop = ['a', 'b', 'c', 'd', 'e']
  const { body, stopAt } = written({ stop })

  assert.equal(body.stop, undefined)
  assert.deepEqual(stopAt, stop)
  assert.equal(written({ stop: ['a'] }).stopAt, undefined)
})

test('§11.2 parameters without a counterpart are dropped and named as the client knows them', () => {
  const { dropped } = written({
    sampling: { topK: 5 },
    tier: 'priority',
    verbosity: 'high',
    lost: ['output_config.task_budget'],
    names: { topK: 'top_k', tier: 'service_tier', verbosity: 'text.verbosity' },
  })

  assert.deepEqual(dropped, [
    'top_k',
    'text.verbosity',
    'service_tier',
    'output_config.task_budget',
  ])
  assert.deepEqual(
    written({ tier: 'auto', verbosity: 'medium', cacheKey: 'k', metadata: {} }).dropped,
    [],
  )
})

const closed = {
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
}

test('§11.2 a schema is strict only where every object is closed', () => {
  const formatOf = (schema: JsonObject, strict?: boolean) => {
    const format = {
      type: 'schema' as const,
      schema,
      place: 'p',
      ...(strict !== undefined && { strict }),
    }
    return (written({ format }).body.response_format as { json_schema: JsonObject }).json_schema
  }
  const open = { type: 'object', properties: { a: closed } }

  assert.deepEqual(formatOf(closed), { name: 'answer', schema: closed, strict: true })
  assert.equal(formatOf(closed, false).strict, false)
  for (const schema of [
    open,
    { ...closed, required: [] },
    { ...closed, properties: { a: open } },
    { ...closed, properties: { a: { type: 'array', items: open } } },
    { ...closed, properties: { a: { anyOf: [{ type: 'null' }, open] } } },
    { ...closed, $defs: { x: open } },
    { ...closed, properties: { a: { type: 'string', format: 'uri' } } },
  ]) {
    assert.equal(formatOf(schema, true).strict, false, JSON.stringify(schema))
  }
  assert.equal(
    formatOf({ ...closed, properties: { type: { type: 'string' } }, required: ['type'] }).strict,
    true,
  )
})

const levels: [
  what: string,
  entry: Partial<Model>,
  wish: Partial<NeutralRequest['reasoning']>,
  effort: unknown,
  dropped: string[],
][] = [
  ['the operator’s goes up as it is', { reasoning: 'xhigh' }, {}, 'xhigh', []],
  [
    'the operator’s off says nothing',
    { reasoning: 'off' },
    { level: 'high', parameter: 'reasoning.effort', names: ['reasoning.effort'] },
    undefined,
    ['reasoning.effort'],
  ],
  ['a client’s wish', {}, { level: 'low', parameter: 'reasoning.effort' }, 'low', []],
  [
    'as the nearest that such models know',
    {},
    { level: 'xhigh', parameter: 'reasoning.effort' },
    'high',
    ['reasoning.effort'],
  ],
  [
    'what a client asks for in every request does not count',
    {},
    { level: 'high', parameter: 'output_config.effort', isSentAlways: true },
    undefined,
    [],
  ],
  ['no wish', {}, {}, undefined, []],
  [
    'a client’s off is not sent',
    {},
    { level: 'off', parameter: 'reasoning.effort' },
    undefined,
    ['reasoning.effort'],
  ],
]

for (const [what, entry, wish, effort, dropped] of levels) {
  test(`§11.2 level: ${what}`, () => {
    const reasoning = { names: [], hidden: false, ...wish }
    const { body, ...rest } = written({ reasoning }, { model: { ...model, ...entry } })

    assert.equal(body.reasoning_effort, effort)
    assert.deepEqual(rest.dropped, dropped)
  })
}

function declared(rest: Partial<NeutralRequest>): JsonObject {
  const { tools, tool_choice, parallel_tool_calls } = written(rest).body
  return Object.fromEntries(
    Object.entries({ tools, tool_choice, parallel_tool_calls }).filter(
      ([, value]) => value !== undefined,
    ),
  )
}

const none = { type: 'object', properties: {} }
const plain = (name: string, rest: JsonObject = {}) => ({
  type: 'function',
  function: { name, parameters: none, ...rest },
})

test('§11.2 tools are functions, strict only where their schema can be', () => {
  const tools = [
    tool('a', { description: 'A', schema: closed, strict: true }),
    tool('b', { schema: { type: 'object' }, strict: true }),
    tool('c', { schema: { anyOf: [closed, { type: 'object', properties: { b: {} } }] } }),
  ]

  assert.deepEqual(declared({ tools }).tools, [
    {
      type: 'function',
      function: { name: 'a', description: 'A', parameters: closed, strict: true },
    },
    { type: 'function', function: { name: 'b', parameters: { type: 'object' } } },
    plain('c', { parameters: { type: 'object', properties: { a: { type: 'string' }, b: {} } } }),
  ])
})

test('§11.2 one call at a time only where the client says so, and nothing of it without tools', () => {
  assert.equal(declared({ tools: [tool('a')], parallelCalls: false }).parallel_tool_calls, false)
  assert.equal(declared({ tools: [tool('a')], parallelCalls: true }).parallel_tool_calls, undefined)
  assert.deepEqual(declared({ parallelCalls: false, toolChoice: { type: 'any', place: 'p' } }), {})
})

const space = { namespace: 'mcp__x' }

test('§11.2, §12.1 names in tools, choice and history are the same', () => {
  const { body, names } = written({
    tools: [tool('read', space), tool('docs.find')],
    toolChoice: {
      type: 'tool',
      kind: 'function',
      name: 'read',
      ...space,
      namePlace: 'p',
      place: 'p',
    },
    turns: [
      user('a'),
      assistant(callPiece('c', 'read', '{}', space)),
      user(resultPiece('c', 'ok')),
    ],
  })
  const [first, second] = body.tools as { function: { name: string } }[]
  const [, answer] = body.messages as JsonObject[]

  assert.equal(first?.function.name, 'mcp__x__read')
  assert.match(second!.function.name, /^docs_find_[0-9a-f]{8}$/)
  assert.deepEqual(body.tool_choice, { type: 'function', function: { name: 'mcp__x__read' } })
  assert.ok(JSON.stringify(answer).includes('"name":"mcp__x__read"'))
  assert.deepEqual(names?.own('mcp__x__read'), { kind: 'function', name: 'read', ...space })
})

test('§11.2 a request whose tools all keep their names has nothing to change in its answer', () => {
  assert.ok(written({ tools: [tool('a')] }).names.changeNothing)
})

test('§11.2, §12.2 a tool for free text is a function with one string', () => {
  const { tools } = declared({ tools: [customTool('apply_patch')] })
  const [{ function: sent }] = tools as [{ function: JsonObject }]

  assert.equal(sent.name, 'apply_patch')
  assert.deepEqual((sent.parameters as JsonObject).required, ['input'])
})

test('§11.2, §12.3 only loaded tools are declared', () => {
  const { tools } = declared({
    tools: [tool('a'), tool('b', { deferred: true }), tool('c', { deferred: true })],
    toolChanges: [{ type: 'load', name: 'c' }],
  })

  assert.deepEqual(tools, [plain('a'), plain('c')])
})

const choices: [
  what: string,
  toolChoice: NeutralRequest['toolChoice'],
  sent: unknown,
  names: string[],
][] = [
  ['auto is what servers assume', { type: 'auto', place: 'p' }, undefined, ['a', 'b']],
  ['any', { type: 'any', place: 'p' }, 'required', ['a', 'b']],
  ['none', { type: 'none', place: 'p' }, 'none', ['a', 'b']],
  [
    'of allowed tools only those are declared',
    {
      type: 'allowed',
      mode: 'any',
      place: 'p',
      tools: [{ kind: 'function', name: 'b', namePlace: 'p' }],
    },
    'required',
    ['b'],
  ],
]

for (const [what, toolChoice, sent, names] of choices) {
  test(`§11.2 choice: ${what}`, () => {
    const { tools, tool_choice: choice } = declared({
      tools: [tool('a'), tool('b')],
      toolChoice: toolChoice!,
    })

    assert.deepEqual(
      tools,
      names.map((name) => plain(name)),
    )
    assert.equal(choice, sent)
  })
}

const thinkers = [
  'deepseek-reasoner',
  'deepseek/deepseek-v4-pro',
  'kimi-k2.6',
  'kimi-k3',
  'kimi-k2-thinking',
  'kimi-for-coding',
  'qwq-32b',
  'qwen3-30b-a3b-thinking-2507',
  'qwen3.5-plus',
]

for (const id of thinkers) {
  test(`§11.2 ${id}, which thinks and refuses a forced choice, is left free among the tools`, () => {
    const sentFor = (toolChoice: NeutralRequest['toolChoice'], upstream = id) => {
      const request = { tools: [tool('a'), tool('b')], toolChoice: toolChoice!, names: chosenName }
      const { body, dropped } = written(request, { model: { ...model, upstream_id: upstream } })
      return [body.tools, body.tool_choice, dropped]
    }
    const chosenName = { toolChoice: 'tool_choice' }
    const one = { type: 'tool', kind: 'function', name: 'b', namePlace: 'p', place: 'p' } as const
    const both = [plain('a'), plain('b')]

    assert.deepEqual(sentFor(one), [[plain('b')], undefined, ['tool_choice']])
    assert.deepEqual(sentFor({ type: 'any', place: 'p' }), [both, undefined, ['tool_choice']])
    assert.deepEqual(sentFor({ type: 'none', place: 'p' }), [both, 'none', []])
    assert.deepEqual(sentFor({ type: 'auto', place: 'p' }), [both, undefined, []])
    assert.deepEqual(sentFor({ type: 'any', place: 'p' }, 'deepseek-chat'), [both, 'required', []])
  })
}

test('§11.2 for gpt-oss a tool that nobody described has an empty description', () => {
  const described = (upstream_id: string, description?: string) => {
    const one = tool('a', description === undefined ? {} : { description })
    const { body } = written({ tools: [one] }, { model: { ...model, upstream_id } })
    return (body.tools as { function: JsonObject }[])[0]?.function.description
  }

  assert.equal(described('openai/gpt-oss-120b'), '')
  assert.equal(described('openai/gpt-oss-120b', 'Looks.'), 'Looks.')
  assert.equal(described('qwen-9'), undefined)
})

test('§11.2 tools that a provider runs are dropped beside others', () => {
  const search = hosted('web_search_20250305', {
    own: { api: 'anthropic', value: { name: 'web_search' } },
  })
  const { body, dropped } = written({ tools: [tool('a'), search, hosted('image_generation')] })

  assert.deepEqual(body.tools, [plain('a')])
  assert.deepEqual(dropped, ['tools.web_search', 'tools.image_generation'])
})

const refused: [
  what: string,
  rest: Partial<NeutralRequest>,
  code: string,
  place: string,
  message: RegExp,
][] = [
  [
    'nothing but a tool that a provider runs',
    { tools: [hosted('web_search')] },
    'unsupported_tool',
    'tools[0]',
    /^web_search is not available on the model "local" here\.$/,
  ],
  [
    'a choice of such a tool',
    {
      tools: [tool('a'), hosted('web_search')],
      toolChoice: {
        type: 'own',
        api: 'openai',
        value: { type: 'web_search' },
        place: 'tool_choice',
      },
    },
    'unsupported_tool',
    'tool_choice',
    /^web_search is not available/,
  ],
  [
    'a tool that only its provider knows how to call',
    { tools: [tool('a'), hosted('bash_20250124', { isClientRun: true })] },
    'unsupported_tool',
    'tools[0]',
    /"bash_20250124".*declare it as a function/,
  ],
  [
    'a choice of a tool that is not declared',
    {
      tools: [tool('a')],
      toolChoice: {
        type: 'tool',
        kind: 'function',
        name: 'x',
        namePlace: 'tool_choice.name',
        place: 'tool_choice',
      },
    },
    'invalid_value',
    'tool_choice.name',
    /"x", which is not among the tools/,
  ],
  [
    'two tools of one name',
    { tools: [tool('a'), tool('a', { place: 'tools[1]', description: 'A' })] },
    'invalid_value',
    'tools[1].name',
    /is "a", as the name of a tool before it/,
  ],
]

for (const [what, rest, code, place, message] of refused) {
  test(`§11.2 a 400: ${what}`, () => {
    assert.throws(
      () => written(rest),
      (error) =>
        error instanceof ProxyError &&
        error.status === 400 &&
        error.code === code &&
        error.param === place &&
        message.test(error.message),
    )
  })
}

test('§11.2, §11.4 the ids of the conversation are known when its answer is read', () => {
  const turns = [user('a'), assistant(callPiece('c'), callPiece('d')), user(resultPiece('c', ''))]

  assert.deepEqual(written({ turns }).callIds, ['c', 'd'])
})

test('§11.2 the request is not changed', () => {
  const request = asked({
    tools: [tool('a', { deferred: true })],
    toolChanges: [{ type: 'load', name: 'a' }],
  })
  const before = structuredClone(request)
  written(request)

  assert.deepEqual(request, before)
})
