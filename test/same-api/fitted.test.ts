/** Requests of OpenAI's two APIs that go to another model than the one that their client named: what that model needs to take them. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'
import { refusedByGpt } from './strict-gpt.ts'

interface Api {
  type: 'openai' | 'common'
  path: string
  /** a good answer */
  says: JsonObject
}

const responses: Api = { type: 'openai', path: '/v1/responses', says: { object: 'response' } }
const chat: Api = { type: 'common', path: '/v1/chat/completions', says: { choices: [] } }

const loop = [
  { type: 'message', role: 'user', content: 'Hi' },
  { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA=' },
  { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' },
  { type: 'function_call_output', call_id: 'c', output: 'Done.' },
]

const unthought = loop.filter(({ type }) => type !== 'reasoning')

/** As Codex writes for the newest models. */
const codex: JsonObject = {
  input: loop,
  reasoning: { effort: 'xhigh', summary: 'auto' },
  text: { verbosity: 'low' },
  include: ['reasoning.encrypted_content'],
  store: false,
}

/** As programs write for models that do not reason. */
const sampled: JsonObject = {
  input: 'Hi',
  temperature: 0.2,
  top_p: 0.9,
  top_logprobs: 2,
  include: ['message.output_text.logprobs', 'file_search_call.results'],
}

const messages = [{ role: 'user', content: 'Hi' }]

/** A strict upstream that has all the models, of which `busy-gpt` is overloaded. */
async function strict(t: TestContext, { type, path, says }: Api, ids: string[]) {
  const upstream = await startUpstream(t, (request) => {
    const body = request.json() as JsonObject
    if (body.model === 'busy-gpt') return { status: 503, body: {} }
    const message = refusedByGpt(body).join(' ')
    return message === '' ? { body: says } : { status: 400, body: { error: { message } } }
  })
  const proxy = await startProxy(t, {
    config: {
      system_prompt: '',
      endpoints: [{ name: 'gpt', type, base_url: upstream.url + path, auth: { env: 'GPT_KEY' } }],
      models: [
        ...ids.map((id) => ({ name: id, id, type })),
        { name: 'busy', id: 'busy-gpt', type, fallback: [ids[0]] },
      ],
      model_redirects: { other: ids[0] },
    },
    env: { GPT_KEY: 'sk-1' },
  })
  const ask = async (body: JsonObject | string) => {
    const answer = await post(proxy.url + path, body)
    const told = await answer.text()
    assert.equal(answer.status, 200, told)
    return upstream.requests.at(-1)?.json() as JsonObject
  }
  return { ask, upstream }
}

interface Row {
  what: string
  api: Api
  id: string
  body: JsonObject
  /** what differs from the client's request; undefined for what is taken out */
  changes: JsonObject
}

const rows: Row[] = [
  {
    what: 'an effort becomes the nearest that it knows',
    api: responses,
    id: 'gpt-5.1',
    body: codex,
    changes: { reasoning: { effort: 'high', summary: 'auto' } },
  },
  {
    what: 'an effort below all becomes its lowest',
    api: responses,
    id: 'gpt-5.1',
    body: { ...codex, reasoning: { effort: 'minimal' } },
    changes: { reasoning: { effort: 'low' } },
  },
  {
    what: 'none becomes the lowest of a model that always reasons',
    api: responses,
    id: 'gpt-5',
    body: { ...codex, reasoning: { effort: 'none' } },
    changes: { reasoning: { effort: 'minimal' } },
  },
  {
    what: 'verbosity goes out, and its form stays',
    api: responses,
    id: 'gpt-5.1-codex-max',
    body: { ...codex, text: { verbosity: 'low', format: { type: 'text' } } },
    changes: { text: { format: { type: 'text' } } },
  },
  {
    what: 'without reasoning all of it goes out',
    api: responses,
    id: 'gpt-4.1',
    body: codex,
    changes: {
      input: unthought,
      reasoning: undefined,
      include: undefined,
      text: undefined,
    },
  },
  {
    what: 'sampling goes out for a model that reasons',
    api: responses,
    id: 'gpt-5.1',
    body: sampled,
    changes: {
      temperature: undefined,
      top_p: undefined,
      top_logprobs: undefined,
      include: ['file_search_call.results'],
    },
  },
  {
    what: 'sampling stays where reasoning is off',
    api: responses,
    id: 'gpt-5.1',
    body: { ...sampled, reasoning: { effort: 'none' } },
    changes: {},
  },
  {
    what: 'a chat request for a model that does not reason, to one that does',
    api: chat,
    id: 'gpt-5',
    body: { messages, temperature: 0.2, logprobs: true, top_logprobs: 1, max_tokens: 9 },
    changes: {
      temperature: undefined,
      logprobs: undefined,
      top_logprobs: undefined,
      max_tokens: undefined,
      max_completion_tokens: 9,
    },
  },
  {
    what: 'an effort of a chat request becomes the nearest that it knows',
    api: chat,
    id: 'gpt-5.1',
    body: { messages, reasoning_effort: 'max', verbosity: 'low', max_completion_tokens: 9 },
    changes: { reasoning_effort: 'high' },
  },
  {
    what: 'a chat request for a model that reasons, to one that does not',
    api: chat,
    id: 'gpt-4.1',
    body: { messages, reasoning_effort: 'low', verbosity: 'low', max_completion_tokens: 9 },
    changes: { reasoning_effort: undefined, verbosity: undefined },
  },
  {
    what: 'a limit beyond the most that it has',
    api: chat,
    id: 'gpt-4.1',
    body: { messages, max_tokens: 64_000, max_completion_tokens: 64_000 },
    changes: { max_tokens: 32_768, max_completion_tokens: 32_768 },
  },
  {
    what: 'a limit beyond the most that it has',
    api: responses,
    id: 'gpt-4.1',
    body: { input: 'Hi', max_output_tokens: 64_000 },
    changes: { max_output_tokens: 32_768 },
  },
]

for (const { what, api, id, body, changes } of rows) {
  for (const [how, model] of [
    ['redirected', 'other'],
    ['standing in', 'busy-gpt'],
  ] as const) {
    test(`translation §14: ${id}, ${how}: ${what}`, async (t) => {
      const { ask } = await strict(t, api, [id])

      const sent = await ask({ model, ...body })

      // no model that stands in gets the reasoning of another, §13.3
      const input = how === 'standing in' && body.input === loop ? { input: unthought } : {}
      const expected = { ...body, ...input, ...changes, model: id }
      assert.deepEqual(sent, objectFrom(JSON.stringify(expected)))
    })
  }
}

test('translation §14: a request to the model that it names goes up byte for byte, and only once refused without a part', async (t) => {
  for (const [api, body] of [
    [responses, codex],
    [chat, { messages, reasoning_effort: 'max', verbosity: 'low', max_tokens: 9 }],
  ] as const) {
    const { upstream, ask } = await strict(t, api, ['gpt-4.1'])
    const text = JSON.stringify({ model: 'gpt-4.1', ...body }, null, 1)

    if (api === chat) await assert.rejects(ask(text), /not supported with this model/)
    else assert.deepEqual((await ask(text)).input, unthought)

    assert.equal(upstream.requests[0]?.body.toString(), text)
  }
})

test('translation §14: of a model that nobody knows nothing is taken', async (t) => {
  for (const [api, body] of [
    [responses, { ...codex, temperature: 0.2 }],
    [chat, { messages, reasoning_effort: 'max', temperature: 0.2, max_tokens: 9 }],
  ] as const) {
    const { upstream, ask } = await strict(t, api, ['glm-4.6'])

    await assert.rejects(ask({ model: 'other', ...body }), /does not exist/)

    assert.deepEqual(upstream.requests.at(-1)?.json(), { ...body, model: 'glm-4.6' })
  }
})
