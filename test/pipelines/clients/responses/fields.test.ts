/** The members of a Responses request besides its items and tools. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readResponses } from '../../../../pipelines/clients/responses/read.ts'
import { parseExactObject } from '../../../../pipelines/json/request-body.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import { ask, refusal, turnsOf } from './ask.ts'

test('§17.1 a string is one user message', () => {
  const { request } = ask({ input: 'hi' })

  assert.equal(request.model, 'claude-x')
  assert.deepEqual(request.turns, [
    { role: 'user', pieces: [{ type: 'text', text: 'hi', place: 'input' }], place: 'input' },
  ])
})

test('§17.1 instructions come first; an empty one is none', () => {
  const [first, second] = ask({ instructions: 'be brief' }).request.turns

  assert.deepEqual([first?.role, first?.place], ['instruction', 'instructions'])
  assert.equal(second?.role, 'user')
  assert.equal(ask({ instructions: '' }).request.turns.length, 1)
})

const faults: [body: JsonObject, code: string, param: string][] = [
  [{ model: undefined }, 'missing_required_parameter', 'model'],
  [{ model: 7 }, 'missing_required_parameter', 'model'],
  [{ input: null }, 'missing_required_parameter', 'input'],
  [{ input: 7 }, 'invalid_type', 'input'],
  [{ input: ['x'] }, 'invalid_type', 'input[0]'],
  [{ instructions: ['x'] }, 'invalid_type', 'instructions'],
  [{ temperature: 'warm' }, 'invalid_type', 'temperature'],
  [{ max_output_tokens: 0 }, 'invalid_value', 'max_output_tokens'],
  [{ max_output_tokens: 1.5 }, 'invalid_value', 'max_output_tokens'],
  [{ stream: 'yes' }, 'invalid_type', 'stream'],
  [{ include: 'all' }, 'invalid_type', 'include'],
  [{ reasoning: 'high' }, 'invalid_type', 'reasoning'],
  [{ text: 'json' }, 'invalid_type', 'text'],
  [{ text: { format: { type: 'xml' } } }, 'invalid_value', 'text.format.type'],
  [
    { text: { format: { type: 'json_schema', name: 'a' } } },
    'missing_required_parameter',
    'text.format.schema',
  ],
  [{ metadata: 'x' }, 'invalid_type', 'metadata'],
  [{ prompt_cache_key: 7 }, 'invalid_type', 'prompt_cache_key'],
  [{ tools: {} }, 'invalid_type', 'tools'],
]
for (const [body, code, param] of faults) {
  test(`§17.1 ${JSON.stringify(body)} is a 400 at ${param}`, () => {
    const error = refusal(body)

    assert.deepEqual([error.status, error.code, error.param], [400, code, param])
  })
}

test('§17.1 a body that is no object is a 400', () => {
  assert.throws(() => readResponses([]), { code: 'invalid_json' })
})

test('§17.1 null and absent mean the same, unknown members nothing', () => {
  const members = ['instructions', 'temperature', 'reasoning', 'text', 'tools', 'include', 'user']
  const nulls = Object.fromEntries(members.map((name) => [name, null]))

  assert.deepEqual(ask({ ...nulls, foo: { bar: 1 }, stream: null }), ask())
})

test('§17.1 temperature, top_p and the limit are read with their digits', () => {
  const body = parseExactObject(
    Buffer.from(
      '{"model":"c","input":"x","temperature":1.0,"top_p":0.50,"max_output_tokens":100.0}',
    ),
  )
  const { request } = readResponses(body)

  assert.deepEqual(request.sampling, { temperature: 1, topP: 0.5 })
  assert.deepEqual(request.limits, { total: 100 })
})

test('§17.1 without max_output_tokens the limit is open', () => {
  assert.deepEqual(ask().request.limits, { isOpen: true })
})

test('§17.1 log probabilities are asked for by include, with top_logprobs', () => {
  const include = ['message.output_text.logprobs']

  assert.deepEqual(ask({ include, top_logprobs: 3 }).request.sampling, {
    logprobs: true,
    topLogprobs: 3,
  })
  assert.deepEqual(ask({ top_logprobs: 3 }).request.sampling, {})
  assert.equal(ask({ include }).answer.logprobs, true)
})

test('§17.1 stream is obeyed, and left out it is JSON', () => {
  assert.equal(ask({ stream: true }).answer.stream, true)
  assert.equal(ask({ stream: false }).answer.stream, false)
  assert.equal(ask().answer.stream, false)
})

test('§17.1 reasoning.effort is a firm wish, none is off', () => {
  const { reasoning } = ask({ reasoning: { effort: 'high', context: 'auto', mode: 'x' } }).request

  assert.deepEqual(reasoning, {
    level: 'high',
    parameter: 'reasoning.effort',
    names: ['reasoning.effort'],
    hidden: true,
  })
  assert.equal(ask({ reasoning: { effort: 'none' } }).request.reasoning.level, 'off')
})

test('§17.1 an effort that nobody knows is dropped', () => {
  const { request } = ask({ reasoning: { effort: 'huge' } })

  assert.equal(request.reasoning.level, undefined)
  assert.deepEqual(request.lost, ['reasoning.effort'])
})

test('§17.1 a summary, or generate_summary, lets the client read reasoning', () => {
  for (const reasoning of [{ summary: 'auto' }, { generate_summary: 'concise' }]) {
    const { request, answer } = ask({ reasoning })

    assert.equal(request.reasoning.hidden, false)
    assert.equal(answer.showsReasoning, true)
  }
})

test('§17.1 text.format: text is none, json_object and json_schema are formats', () => {
  const schema = { type: 'object' }
  const format = { type: 'json_schema', name: 'a', description: 'd', schema, strict: true }

  assert.equal(ask({ text: { format: { type: 'text' } } }).request.format, undefined)
  assert.deepEqual(ask({ text: { format: { type: 'json_object' } } }).request.format, {
    type: 'json',
  })
  assert.deepEqual(ask({ text: { format } }).request.format, {
    ...format,
    type: 'schema',
    place: 'text.format',
  })
})

test('§17.1 text.verbosity, metadata, prompt_cache_key, user and safety_identifier are read', () => {
  const { request } = ask({
    text: { verbosity: 'low' },
    metadata: { a: 'b' },
    prompt_cache_key: 'k',
    user: 'u',
  })

  assert.deepEqual(
    [request.verbosity, request.metadata, request.cacheKey, request.user, request.safetyId],
    ['low', { a: 'b' }, 'k', 'u', undefined],
  )
  const { user, safetyId } = ask({ user: 'u', safety_identifier: 's' }).request
  assert.deepEqual([user, safetyId], [undefined, 's'])
})

const tiers = {
  auto: 'auto',
  default: 'default',
  flex: 'flex',
  priority: 'priority',
  fast: 'priority',
  ultrafast: 'priority',
  scale: 'priority',
}
for (const [service_tier, tier] of Object.entries(tiers)) {
  test(`§17.1 service_tier ${service_tier} is ${tier}`, () => {
    assert.equal(ask({ service_tier }).request.tier, tier)
  })
}

test('§17.1 a parameter that no other API has is dropped by its name', () => {
  const members = {
    truncation: 'auto',
    max_tool_calls: 3,
    context_management: [{}],
    moderation: {},
    access_programs: [],
    image: {},
    prompt_cache_options: {},
    prompt_cache_retention: '24h',
  }

  assert.deepEqual(ask(members).request.lost, Object.keys(members))
  assert.deepEqual(ask({ truncation: 'disabled' }).request.lost, [])
})

test('§17.1 store, client_metadata, stream_options and background_options are left out', () => {
  const members = { store: true, client_metadata: {}, stream_options: {}, background_options: {} }

  assert.deepEqual(ask(members).request, ask().request)
})

const refused: [body: JsonObject, code: string, words: RegExp][] = [
  [{ previous_response_id: 'resp_1' }, 'previous_response_not_found', /Send the whole input/],
  [{ conversation: 'conv_1' }, 'unsupported_parameter', /models of type openai have/],
  [{ prompt: { id: 'p' } }, 'unsupported_parameter', /models of type openai have/],
]
for (const [body, code, words] of refused) {
  const [param] = Object.keys(body)
  test(`§17.1 ${param} is a 400 ${code}`, () => {
    const error = refusal(body)

    assert.deepEqual([error.code, error.param], [code, param])
    assert.match(error.message, words)
  })
}

test('§17.1 an answer that is wanted in the background comes at once, and the wish is named', () => {
  assert.deepEqual(ask({ background: true }).request.lost, ['background'])
  assert.deepEqual(ask({ background: false }).request.lost, [])
})

test('§17.2 configuration_update overrules effort and text, the last one counts', () => {
  const update = (effort: string, verbosity: string) => ({
    type: 'configuration_update',
    reasoning: { effort },
    text: { verbosity },
  })
  const { request } = ask({
    reasoning: { effort: 'low' },
    text: { verbosity: 'high', format: { type: 'json_object' } },
    input: [update('medium', 'medium'), { role: 'user', content: 'x' }, update('high', 'low')],
  })

  assert.equal(request.reasoning.level, 'high')
  assert.equal(request.verbosity, 'low')
  assert.deepEqual(request.format, { type: 'json' })
})

test('§17.2 system and developer messages are instructions, in front and later', () => {
  const roles = turnsOf(
    { role: 'developer', content: 'a' },
    { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'b' }] },
    { role: 'user', content: 'c' },
    { role: 'developer', content: 'd' },
  ).map(({ role }) => role)

  assert.deepEqual(roles, ['instruction', 'instruction', 'user', 'instruction'])
})

test('§17.5 of metadata no more pairs are repeated than OpenAI takes', () => {
  const metadata = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`n${at}`, 'x']))

  const { echo } = ask({ metadata }).answer

  assert.deepEqual(Object.keys(echo.metadata), Object.keys(metadata).slice(0, 16))
})

test('§17.5 small members are repeated in the answer, large ones are not held', () => {
  const { echo } = ask({
    max_output_tokens: 50,
    metadata: { a: 'b', n: 1, long: 'x'.repeat(600) },
    parallel_tool_calls: false,
    prompt_cache_key: 'k',
    reasoning: { effort: 'low', summary: 'auto' },
    service_tier: 'flex',
    temperature: 0.5,
    text: { format: { type: 'json_schema', name: 'a', schema: {} } },
    tool_choice: {
      type: 'allowed_tools',
      mode: 'required',
      tools: [{ type: 'function', name: 'f' }],
    },
    tools: [{ type: 'function', name: 'f' }],
    top_p: 0.9,
  }).answer

  assert.deepEqual(echo, {
    max_output_tokens: 50,
    metadata: { a: 'b' },
    parallel_tool_calls: false,
    previous_response_id: null,
    prompt_cache_key: 'k',
    reasoning: { effort: 'low', summary: 'auto' },
    service_tier: 'flex',
    temperature: 0.5,
    text: { format: { type: 'json_schema' } },
    tool_choice: 'required',
    top_p: 0.9,
  })
})

test('§17.1 members of Chat Completions alone are dropped, and named', () => {
  const { lost } = ask({
    max_tokens: 5,
    response_format: { type: 'json_object' },
    stop: 'x',
    n: 1,
  }).request

  assert.deepEqual(lost, ['response_format', 'max_tokens', 'stop'])
})

test('§17.7 who wants a summary of `none` reads no reasoning', () => {
  const readers = ['none', 'auto', null].map(
    (summary) => ask({ reasoning: { summary } }).answer.showsReasoning,
  )

  assert.deepEqual(readers, [false, true, false])
})
