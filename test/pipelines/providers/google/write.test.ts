/** What a request to Gemini has beside its conversation and tools: §15.1 and §15.4. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Model } from '../../../../pipelines/model.ts'
import { googlePath } from '../../../../pipelines/providers/google/address.ts'
import { ask, type Asked } from './ask.ts'

function config(request: JsonObject, asked: Asked = {}) {
  return ask(request, asked).body.generationConfig
}

const paths: [root: string, model: string, path: string][] = [
  ['', 'gemini-3-pro', '/v1beta/models/gemini-3-pro:generateContent'],
  ['/v1beta', 'gemini-3-pro', '/v1beta/models/gemini-3-pro:generateContent'],
  ['/v1/models', 'gemini-3-pro', '/v1/models/gemini-3-pro:generateContent'],
  ['/v1/models/x:generateContent', 'gemini-3-pro', '/v1/models/gemini-3-pro:generateContent'],
  ['/g/v1', 'models/gemini-3-pro', '/g/v1/models/gemini-3-pro:generateContent'],
  ['/v1', 'tunedModels/a b', '/v1/tunedModels/a%20b:generateContent'],
  ['/v1', 'projects/p/endpoints/1', '/v1/projects/p/endpoints/1:generateContent'],
  ['/v1/publishers/google/models/{model}', 'm', '/v1/publishers/google/models/m:generateContent'],
  ['/g/{model}:streamGenerateContent', 'm', '/g/m:generateContent'],
]

test('at Factory’s own address the model is in the body, with tool schemas in the subset of OpenAPI (§15.1)', () => {
  const path = '/api/llm/g/v1/generate'
  const parameters = { type: 'object', properties: { n: { const: 'x' } } }
  const tools = [{ type: 'function', function: { name: 'f', parameters } }]

  const { body } = ask({ tools }, { path, model: { id: 'gemini-x', upstream_id: 'gemini-3-pro' } })

  assert.equal(googlePath(path, { model: 'gemini-3-pro', isStream: true }), path)
  assert.equal(body.model, 'gemini-3-pro')
  const properties = { n: { type: 'string', enum: ['x'] } }
  assert.deepEqual(body.tools, [
    { functionDeclarations: [{ name: 'f', parameters: { type: 'object', properties } }] },
  ])
})

test('model and form of the answer stand in the path (§15.1)', () => {
  for (const [root, model, path] of paths) {
    assert.equal(googlePath(root, { model, isStream: false }), path)
    assert.equal(
      googlePath(root, { model, isStream: true }),
      path.replace('generateContent', 'streamGenerateContent') + '?alt=sse',
    )
  }
})

test('limits, sampling and stop sequences are generationConfig (§15.4)', () => {
  const given = {
    max_completion_tokens: 100,
    temperature: 0.5,
    top_p: 0.9,
    top_k: 5,
    stop: ['END', ''],
    seed: 7,
    presence_penalty: 0.1,
    frequency_penalty: 0.2,
    logprobs: true,
    top_logprobs: 3,
  }

  assert.deepEqual(config(given, { model: { id: 'gemini-2.0-flash' } }), {
    maxOutputTokens: 100,
    temperature: 0.5,
    topP: 0.9,
    topK: 5,
    stopSequences: ['END'],
    seed: 7,
    presencePenalty: 0.1,
    frequencyPenalty: 0.2,
    responseLogprobs: true,
    logprobs: 3,
  })
})

test('more than five stop sequences are cut here (§15.4)', () => {
  const stop = ['a', 'b', 'c', 'd', 'e', 'f']

  const { body, stopAt } = ask({ stop }, { model: { id: 'gemini-2.0-flash' } })

  assert.deepEqual(stopAt, stop)
  assert.equal(body.generationConfig, undefined)
  assert.equal(ask({ stop: stop.slice(1) }).stopAt, undefined)
})

test('a limit without thinking leaves room for it, and none goes over the entry’s own (§15.4)', () => {
  const model = { id: 'gemini-2.5-pro', reasoning: 'low' } as const

  const limitOf = (request: JsonObject, more: Partial<Model> = {}) =>
    config(request, { model: { ...model, ...more } })?.maxOutputTokens

  assert.equal(limitOf({ max_tokens: 1000 }), 1000 + 4096)
  assert.equal(limitOf({ max_tokens: 1 }), 1)
  assert.equal(limitOf({ max_tokens: 1000 }, { reasoning: 'auto' }), 1000 + 12_288)
  assert.equal(limitOf({ max_tokens: 1000 }, { id: 'gemini-3-pro' }), 1000 + 4096)
  assert.equal(limitOf({ max_tokens: 1000 }, { id: 'gemini-3-pro', reasoning: 'high' }), 25_576)
  assert.equal(limitOf({ max_tokens: 1000 }, { id: 'gemini-3-flash', reasoning: 'off' }), 1512)
  assert.equal(limitOf({ max_tokens: 1000 }, { id: 'gemini-2.5-flash', reasoning: 'off' }), 1000)
  assert.equal(limitOf({ max_tokens: 1000 }, { id: 'gemini-2.0-flash' }), 1000)
  assert.equal(limitOf({ max_completion_tokens: 1000 }), 1000)
  assert.equal(limitOf({ max_tokens: 9000 }, { max_output_tokens: 8000 }), 8000)
  assert.equal(limitOf({}), undefined)
  assert.equal(limitOf({ max_completion_tokens: 128_000 }), 65_536)
  assert.equal(limitOf({ max_completion_tokens: 128_000 }, { id: 'gemini-2.0-flash' }), 8192)
  assert.equal(limitOf({ max_completion_tokens: 128_000 }, { id: 'my-tuned' }), 128_000)
})

test('penalties go to Gemini 2.0 and older; later models refuse all but 0, so they are dropped (§15.4)', () => {
  const request = { presence_penalty: 0, frequency_penalty: 0.2 }

  const older = ask(request, { model: { id: 'gemini-2.0-flash' } })
  const later = ask(request, { model: { id: 'gemini-2.5-flash' } })

  assert.deepEqual(older.body.generationConfig, { presencePenalty: 0, frequencyPenalty: 0.2 })
  assert.deepEqual(later.body.generationConfig, { thinkingConfig: { includeThoughts: true } })
  assert.deepEqual([older.dropped, later.dropped], [[], ['frequency_penalty']])
})

test('a form of the answer beside tools is dropped before Gemini 3 (§15.4)', () => {
  const request = {
    tools: [{ type: 'function', function: { name: 'f' } }],
    response_format: { type: 'json_object' },
  }

  const older = ask(request, { model: { id: 'gemini-2.0-flash' } })
  const later = ask(request)

  assert.deepEqual([older.body.generationConfig, older.dropped], [undefined, ['response_format']])
  assert.equal(later.body.generationConfig?.responseMimeType, 'application/json')
})

test('response_format is a media type, with the schema where there is one (§15.4)', () => {
  const schema = { $schema: 'x', type: 'object', properties: {} }
  const json_schema = { name: 'a', schema }
  const model = { id: 'gemini-2.0-flash' }

  assert.deepEqual(config({ response_format: { type: 'json_object' } }, { model }), {
    responseMimeType: 'application/json',
  })
  assert.deepEqual(config({ response_format: { type: 'json_schema', json_schema } }, { model }), {
    responseMimeType: 'application/json',
    responseJsonSchema: { type: 'object', properties: {} },
  })
})

test('levels: words from Gemini 3 on, budgets on 2.5, nothing before (§15.4)', () => {
  const thinking = (id: string, reasoning: Model['reasoning'], request: JsonObject = {}) =>
    config(request, { model: { id, reasoning } })?.thinkingConfig

  const shown = { includeThoughts: true }
  assert.deepEqual(thinking('gemini-3-pro', 'high'), { ...shown, thinkingLevel: 'HIGH' })
  assert.deepEqual(thinking('gemini-4-argon', 'minimal'), { ...shown, thinkingLevel: 'LOW' })
  assert.deepEqual(thinking('gemini-flash-latest', 'max'), { ...shown, thinkingLevel: 'HIGH' })
  assert.deepEqual(thinking('gemini-2.5-pro', 'medium'), { ...shown, thinkingBudget: 12_288 })
  assert.deepEqual(thinking('models/gemini-2.5-flash', 'high'), {
    ...shown,
    thinkingBudget: 24_576,
  })
  assert.equal(thinking('gemini-2.0-flash-001', 'high'), undefined)
  assert.equal(thinking('gemma-3-27b', 'high'), undefined)
  assert.deepEqual(thinking('gemini-2.5-flash-lite', 'off'), { thinkingBudget: 0 })
  assert.deepEqual(thinking('gemini-3-pro', 'auto'), shown)
  assert.equal(thinking('gemini-1.5-pro', 'auto'), undefined)
  assert.equal(thinking('gemini-3-pro', 'auto', { include_reasoning: false }), undefined)
  assert.deepEqual(thinking('gemini-3-pro', 'low', { include_reasoning: false }), {
    thinkingLevel: 'LOW',
  })
})

test('translation §15.4: the nearest level that the model knows, since it refuses others (chatwise-releases #1206)', () => {
  const rows: [id: string, levels: (string | undefined)[]][] = [
    ['gemini-3-pro-preview', ['LOW', 'LOW', 'LOW', 'HIGH']],
    ['gemini-3.1-pro-preview', ['LOW', 'LOW', 'MEDIUM', 'HIGH']],
    ['gemini-3-flash-preview', ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH']],
    ['gemini-3.1-flash-lite', ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH']],
    ['gemini-3.7-flash', ['LOW', 'LOW', 'MEDIUM', 'HIGH']],
    ['gemini-flash-latest', ['LOW', 'LOW', 'MEDIUM', 'HIGH']],
  ]
  for (const [id, wanted] of rows) {
    const levels = (['minimal', 'low', 'medium', 'high'] as const).map(
      (reasoning) => config({}, { model: { id, reasoning } })?.thinkingConfig?.thinkingLevel,
    )
    assert.deepEqual(levels, wanted, id)
  }
})

test('translation §15.4: a model that cannot stop thinking thinks as little as it can, unseen', () => {
  const off = (id: string) => {
    const { body, dropped } = ask({ reasoning_effort: 'none' }, { model: { id } })
    return [body.generationConfig?.thinkingConfig, dropped]
  }

  assert.deepEqual(off('gemini-3-pro'), [{ thinkingLevel: 'LOW' }, ['reasoning_effort']])
  assert.deepEqual(off('gemini-3-flash'), [{ thinkingLevel: 'MINIMAL' }, ['reasoning_effort']])
  assert.deepEqual(off('gemini-2.5-pro'), [{ thinkingBudget: 512 }, ['reasoning_effort']])
  assert.deepEqual(off('gemini-2.5-flash'), [{ thinkingBudget: 0 }, []])
  assert.deepEqual(off('gemini-2.0-flash'), [undefined, []])
})

test('translation §15.4: a temperature and a seed stay where the API takes them', () => {
  const { body, dropped } = ask({ temperature: 3, seed: 12_345_678_901_234 })

  assert.deepEqual(dropped, ['temperature'])
  assert.equal(body.generationConfig?.temperature, 2)
  assert.equal(body.generationConfig?.seed, 12_345_678_901_234 % 2 ** 31)
  assert.equal(config({ temperature: -1 })?.temperature, 0)
  assert.deepEqual(ask({ temperature: 1.5, seed: 7 }).dropped, [])
  assert.equal(config({ seed: 7 })?.seed, 7)
})

test('an entry’s own word for how a model thinks goes before what is known (§15.4)', () => {
  const thinking = (mode: 'budget' | 'adaptive' | 'none') =>
    config({}, { model: { id: 'my-tuned', reasoning: 'low', thinking: mode } })?.thinkingConfig

  assert.deepEqual(thinking('budget'), { includeThoughts: true, thinkingBudget: 4096 })
  assert.deepEqual(thinking('adaptive'), { includeThoughts: true, thinkingLevel: 'LOW' })
  assert.equal(thinking('none'), undefined)
})

test('the client’s wish counts with auto, and what the model cannot do is named (§15.4)', () => {
  const asked = (id: string, request: JsonObject) => {
    const { body, dropped } = ask(request, { model: { id } })
    return [body.generationConfig?.thinkingConfig, dropped]
  }
  const shown = { includeThoughts: true }

  assert.deepEqual(asked('gemini-3-pro', { reasoning_effort: 'low' }), [
    { ...shown, thinkingLevel: 'LOW' },
    [],
  ])
  assert.deepEqual(asked('gemini-3-pro', { reasoning_effort: 'xhigh' }), [
    { ...shown, thinkingLevel: 'HIGH' },
    ['reasoning_effort'],
  ])
  assert.deepEqual(asked('gemini-2.5-pro', { reasoning: { max_tokens: 2000 } }), [
    { ...shown, thinkingBudget: 2000 },
    [],
  ])
  assert.deepEqual(asked('gemini-2.5-pro', { reasoning: { max_tokens: 90_000 } }), [
    { ...shown, thinkingBudget: 24_576 },
    [],
  ])
  assert.deepEqual(asked('gemini-3-pro', { reasoning: { max_tokens: 2000 } }), [
    { ...shown, thinkingLevel: 'LOW' },
    ['reasoning'],
  ])
  assert.deepEqual(asked('gemini-2.0-flash', { reasoning_effort: 'low' }), [
    undefined,
    ['reasoning_effort'],
  ])
})

test('the tier has Google’s words, an entry’s fast is priority (§15.4)', () => {
  const tier = (request: JsonObject, model: Partial<Model> = {}) => {
    const { body, dropped } = ask(request, { model: { id: 'gemini-2.0-flash', ...model } })
    return [body.serviceTier, dropped]
  }

  assert.deepEqual(tier({ service_tier: 'default' }), ['standard', []])
  assert.deepEqual(tier({ service_tier: 'flex' }), ['flex', []])
  assert.deepEqual(tier({ service_tier: 'priority' }), ['priority', []])
  assert.deepEqual(tier({ service_tier: 'auto' }, { fast: true }), [undefined, []])
  assert.deepEqual(tier({ service_tier: 'scale' }), [undefined, ['service_tier']])
  assert.deepEqual(tier({}, { fast: true }), ['priority', []])
})

test('parameters without a counterpart are dropped by the client’s names (§15.4)', () => {
  const request = {
    user: 'u',
    safety_identifier: 's',
    prompt_cache_key: 'k',
    metadata: { a: 'b' },
    verbosity: 'low',
    logit_bias: { 1: 2 },
    prediction: { type: 'content', content: 'x' },
    store: true,
    moderation: { type: 'auto' },
  }

  const { body, dropped } = ask(request, { model: { id: 'gemini-2.0-flash' } })

  assert.deepEqual(dropped.toSorted(), Object.keys(request).toSorted())
  assert.deepEqual(Object.keys(body), ['contents'])
})
