/** What a model does not take is named as its client wrote it: a word of our own would say nothing to whoever sent the request. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { ask, clients, roads, type Type } from './requests.ts'

const schema = { type: 'object', properties: {}, required: [], additionalProperties: false }
const sampling = { temperature: 0.5, top_p: 0.5, top_k: 3 }

const asks: [route: string, body: Record<string, unknown>][] = [
  [
    '/v1/messages',
    {
      max_tokens: 9000,
      messages: [{ role: 'user', content: 'Hi' }],
      metadata: { user_id: '{"session_id":"s"}' },
      thinking: { type: 'enabled', budget_tokens: 2000 },
      output_config: { effort: 'max', format: { type: 'json_schema', schema } },
      context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] },
      service_tier: 'auto',
      speed: 'fast',
      safeguards: [{ type: 'dangerous_tool_use' }],
      tools: [{ name: 'a', input_schema: schema }],
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
      ...sampling,
    },
  ],
  [
    '/v1/responses',
    {
      input: 'Hi',
      metadata: { a: 'b' },
      safety_identifier: 's',
      prompt_cache_key: 'k',
      reasoning: { effort: 'xhigh' },
      text: { verbosity: 'low', format: { type: 'json_schema', name: 'f', schema } },
      service_tier: 'scale',
      tools: [{ type: 'function', name: 'a', parameters: schema }],
      tool_choice: 'required',
      parallel_tool_calls: false,
      truncation: 'auto',
      ...sampling,
    },
  ],
  [
    '/v1/chat/completions',
    {
      messages: [{ role: 'user', content: 'Hi' }],
      metadata: { a: 'b' },
      user: 'u',
      safety_identifier: 's',
      prompt_cache_key: 'k',
      reasoning_effort: 'xhigh',
      verbosity: 'low',
      response_format: { type: 'json_schema', json_schema: { name: 'f', schema } },
      service_tier: 'scale',
      tools: [{ type: 'function', function: { name: 'a', parameters: schema } }],
      tool_choice: 'required',
      parallel_tool_calls: false,
      store: true,
      seed: 1,
      logprobs: true,
      top_logprobs: 2,
      logit_bias: { 1: 1 },
      presence_penalty: 1,
      frequency_penalty: 1,
      prediction: { type: 'content', content: 'x' },
      stream: true,
      stream_options: { include_obfuscation: true },
      ...sampling,
    },
  ],
]

const models = ['claude-sonnet-4-5', 'gpt-5.4', 'glm-4.6', 'gemini-3-pro']
/** §5.5 has one word for each wish to think that is given up. */
const ofRules = new Set(['reasoning'])
const types = ['anthropic', 'openai', 'common', 'google']

for (const [route, body] of asks) {
  test(`translation §1.4: what ${route} loses is named as it was sent, each once`, async (t) => {
    const upstream = await startUpstream(t, () => ({ status: 418, body: {} }))
    const { url } = await startProxy(t, {
      config: {
        system_prompt: '',
        endpoints: types.map((type) => ({
          name: type,
          type,
          base_url: upstream.url,
          auth: 'none',
        })),
        models: models.map((id, at) => ({ name: id, id, type: types[at] })),
      },
    })

    for (const model of models) {
      const back = await post(url + route, { model, ...body })

      const dropped = back.headers.get('x-droid2api-dropped')?.split(', ') ?? []
      const unknown = dropped.filter(
        (name) => !ofRules.has(name) && !Object.hasOwn(body, name.split('.')[0]!),
      )
      assert.deepEqual(unknown, [], model)
      assert.equal(new Set(dropped).size, dropped.length, `${model}: ${dropped.join(', ')}`)
    }
  })
}

interface LostRow {
  client: string
  member: JsonObject
  dropped: string | null
  /** all models but those of the client's API, unless said */
  to?: Type[]
}

const lostRows: LostRow[] = [
  {
    client: 'chat',
    member: { modalities: ['text', 'image'] },
    dropped: 'modalities',
    to: ['anthropic', 'openai'],
  },
  { client: 'chat', member: { modalities: ['text', 'image'] }, dropped: null, to: ['google'] },
  { client: 'chat', member: { min_p: 0.1 }, dropped: 'min_p' },
  { client: 'chat', member: { top_a: 0.1 }, dropped: 'top_a' },
  { client: 'chat', member: { repetition_penalty: 1.1 }, dropped: 'repetition_penalty' },
  { client: 'chat', member: { min_p: 0, top_a: 0, repetition_penalty: 1 }, dropped: null },
  { client: 'chat', member: { service_tier: 'fast' }, dropped: null },
  { client: 'responses', member: { reasoning: { mode: 'pro' } }, dropped: 'reasoning.mode' },
  { client: 'responses', member: { reasoning: { mode: 'standard' } }, dropped: null },
  { client: 'responses', member: { multi_agent: { enabled: true } }, dropped: 'multi_agent' },
]

const chapters = new Map([
  ['chat', '§1.4, §5.2, §7.1'],
  ['responses', '§17.1'],
])

for (const { client: name, member, dropped, to } of lostRows) {
  const client = clients[name]!
  const reached = roads.filter((road) => road.client === client && (!to || to.includes(road.type)))
  for (const { road, ...way } of reached) {
    test(`translation ${chapters.get(name)}, ${road}: ${JSON.stringify(member)} loses ${dropped ?? 'nothing'}`, async (t) => {
      const back = await ask(t, way, { ...client.ask([{ user: 'Hi' }]), ...member })

      assert.equal(back.dropped, dropped)
    })
  }
}
