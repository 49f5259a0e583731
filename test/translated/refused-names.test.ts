/** What an upstream refuses of a translated request, and it is asked again without, is named as its client wrote it. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, responsesBody, startUpstream } from '../helpers/upstream.ts'

const parameters = { type: 'object', properties: {}, required: [], additionalProperties: false }
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
const said = { role: 'assistant', content: 'Hello.' }

const answers: Record<string, unknown> = {
  'claude-sonnet-4-5': anthropicMessage({ text: ['Hello.'] }),
  'gpt-5.1': responsesBody({ text: ['Hello.'] }),
  'gpt-4.1': responsesBody({ text: ['Hello.'] }),
  'glm-4.6': { id: 'c', choices: [{ index: 0, message: said, finish_reason: 'stop' }], usage },
}

const routes = {
  chat: '/v1/chat/completions',
  messages: '/v1/messages',
  responses: '/v1/responses',
}

const hi: Record<keyof typeof routes, JsonObject> = {
  chat: { messages: [{ role: 'user', content: 'Hi' }] },
  messages: { max_tokens: 9000, messages: [{ role: 'user', content: 'Hi' }] },
  responses: { input: 'Hi' },
}

const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='

interface Row {
  client: keyof typeof routes
  model: string
  sent: JsonObject
  /** the refusals, one after the other */
  says: string[]
  /** undefined where nothing is named */
  named: string | undefined
}

const chatTools = [{ type: 'function', function: { name: 'a', parameters } }]
const strictTools = [{ type: 'function', function: { name: 'a', parameters, strict: true } }]
const pictured = [
  { role: 'user', content: [{ type: 'image_url', image_url: { url: pixel } }] },
  { role: 'assistant', content: 'I see.' },
  { role: 'user', content: 'What?' },
]
const temperature = '`temperature` is deprecated for this model.'
const noLevel = 'Model does not support parameter reasoningEffort.'
const summary = 'Your organization must be verified to generate reasoning summaries.'

const rows: Row[] = [
  {
    client: 'messages',
    model: 'glm-4.6',
    sent: {
      temperature: 0,
      tools: [{ name: 'a', input_schema: parameters }],
      tool_choice: { type: 'any' },
    },
    says: ['this model does not support this tool_choice', 'temperature is not supported'],
    named: 'temperature, tool_choice',
  },
  {
    client: 'responses',
    model: 'glm-4.6',
    sent: { reasoning: { effort: 'high' }, top_p: 0.5 },
    says: [noLevel],
    named: 'reasoning.effort',
  },
  {
    client: 'responses',
    model: 'glm-4.6',
    sent: { max_output_tokens: 60_000 },
    says: ['This model supports at most 4096 completion tokens'],
    named: undefined,
  },
  {
    client: 'chat',
    model: 'gpt-5.1',
    sent: { reasoning_effort: 'high', prompt_cache_key: 'k' },
    says: ["Unsupported value: 'reasoning.effort'. Supported values are: 'low', 'medium'."],
    named: 'reasoning_effort',
  },
  {
    client: 'chat',
    model: 'gpt-4.1',
    sent: { max_completion_tokens: 500, top_p: 0.5, user: 'u' },
    says: ["Unsupported parameter: 'max_output_tokens'", "Unsupported parameter: 'top_p'"],
    named: 'top_p, max_completion_tokens',
  },
  {
    client: 'messages',
    model: 'gpt-5.1',
    sent: { thinking: { type: 'enabled', budget_tokens: 4000 } },
    says: [summary],
    named: 'thinking',
  },
  {
    client: 'chat',
    model: 'gpt-5.1',
    sent: { reasoning_effort: 'low' },
    says: [summary],
    named: undefined,
  },
  {
    client: 'chat',
    model: 'claude-sonnet-4-5',
    sent: { temperature: 0.5, seed: 3 },
    says: [temperature],
    named: 'seed, temperature',
  },
  {
    client: 'chat',
    model: 'claude-sonnet-4-5',
    sent: { temperature: 1 },
    says: [temperature],
    named: undefined,
  },
  {
    client: 'responses',
    model: 'claude-sonnet-4-5',
    sent: { temperature: 0.5 },
    says: [temperature],
    named: 'temperature',
  },
  {
    client: 'chat',
    model: 'claude-sonnet-4-5',
    sent: { tools: strictTools, tool_choice: 'required' },
    says: [
      'tools.0.custom.strict: Extra inputs are not permitted',
      'tool_choice forces tool use, which is not supported',
    ],
    named: 'tool_choice, strict',
  },
  {
    client: 'chat',
    model: 'claude-sonnet-4-5',
    sent: { reasoning_effort: 'high' },
    says: [
      '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive".',
    ],
    named: undefined,
  },
  {
    client: 'chat',
    model: 'claude-sonnet-4-5',
    sent: { reasoning: { max_tokens: 3000 }, max_completion_tokens: 9000 },
    says: [
      '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive".',
    ],
    named: 'reasoning',
  },
  {
    client: 'chat',
    model: 'claude-sonnet-4-5',
    sent: { tools: chatTools, reasoning_effort: 'high' },
    says: ['Thinking may not be enabled when tool_choice forces tool use.'],
    named: 'reasoning_effort',
  },
  {
    client: 'chat',
    model: 'claude-sonnet-4-5',
    sent: { messages: pictured },
    says: ['messages.0.content.0.image.source.base64: Could not process image'],
    named: 'messages.image_url',
  },
]

async function proxyBefore(t: TestContext, says: readonly string[], more: object = {}) {
  let count = 0
  const upstream = await startUpstream(t, ({ body }) => {
    const { model } = JSON.parse(body.toString()) as { model: string }
    const message = says[count++]
    if (message === undefined) return { body: answers[model] as JsonObject }
    return {
      status: 400,
      body: { type: 'error', error: { type: 'invalid_request_error', message } },
    }
  })
  const config = oneUpstream(upstream.url)
  const proxy = await startProxy(t, {
    config: {
      ...config,
      models: [...config.models, { name: 'Older', id: 'gpt-4.1', type: 'openai' }].map((one) =>
        Object.assign(one, more),
      ),
    },
  })
  return { upstream, proxy }
}

for (const { client, model, sent, says, named } of rows) {
  const [first = ''] = says
  test(`translation §1.4: of a ${client} request to ${model} "${first.slice(0, 50)}" names ${named ?? 'nothing'}`, async (t) => {
    const { upstream, proxy } = await proxyBefore(t, says)
    const body = { model, ...hi[client], ...sent }

    for (const asked of [says.length + 1, says.length + 2]) {
      const back = await post(proxy.url + routes[client], body)

      assert.match(await back.text(), /Hello\./)
      assert.equal(back.status, 200)
      assert.equal(upstream.requests.length, asked, 'what was refused is known')
      assert.equal(back.headers.get('x-droid2api-dropped') ?? undefined, named)
    }
  })
}

test('translation §1.4: the level that the operator set is not named where it is refused', async (t) => {
  const { upstream, proxy } = await proxyBefore(t, [noLevel], { reasoning: 'high' })

  const back = await post(proxy.url + routes.responses, { model: 'glm-4.6', ...hi.responses })

  assert.equal(back.status, 200)
  assert.equal(upstream.requests.length, 2)
  assert.equal(back.headers.get('x-droid2api-dropped'), null)
})

test('translation §1.4: what one place refused is not named where another took it', async (t) => {
  const refusing = await startUpstream(t, ({ body }) => {
    if (body.includes('"temperature"')) {
      return { status: 400, body: { error: { message: 'temperature is not supported' } } }
    }
    return { status: 503, body: { error: { message: 'down' } } }
  })
  const taking = await startUpstream(t, () => ({ body: answers['gpt-4.1'] as JsonObject }))
  const proxy = await startProxy(t, {
    config: {
      system_prompt: '',
      endpoints: [
        { name: 'a', type: 'common', base_url: refusing.url, auth: 'none' },
        { name: 'b', type: 'openai', base_url: taking.url, auth: 'none' },
      ],
      models: [
        { name: 'GLM', id: 'glm-4.6', type: 'common', endpoint: 'a', fallback: ['gpt-4.1'] },
        { name: 'Older', id: 'gpt-4.1', type: 'openai', endpoint: 'b' },
      ],
    },
  })

  const back = await post(proxy.url + routes.messages, {
    model: 'glm-4.6',
    ...hi.messages,
    temperature: 0.5,
  })

  assert.match(await back.text(), /Hello\./)
  assert.equal(refusing.requests.length, 2)
  assert.equal(back.headers.get('x-droid2api-dropped'), null)
})

test('translation §1.4: what one account was refused is not named where another got it', async (t) => {
  const upstream = await startUpstream(t, ({ headers, body }) => {
    if (headers.authorization === 'Bearer key-of-two')
      return { body: answers['glm-4.6'] as JsonObject }
    if (body.includes('"temperature"')) {
      return { status: 400, body: { error: { message: 'temperature is not supported' } } }
    }
    return { status: 429, headers: { 'retry-after': '60' }, body: {} }
  })
  const accounts = ['one', 'two']
  const proxy = await startProxy(t, {
    config: {
      system_prompt: '',
      accounts: accounts.map((name) => ({ name, key: `key-of-${name}` })),
      endpoints: [{ name: 'a', type: 'common', base_url: upstream.url, accounts }],
      models: [{ name: 'GLM', id: 'glm-4.6', type: 'common' }],
    },
  })
  const ask = { model: 'glm-4.6', ...hi.messages, temperature: 0.5 }

  const back = await post(proxy.url + routes.messages, ask)

  assert.match(await back.text(), /Hello\./)
  assert.equal(upstream.requests.length, 3)
  assert.match(String(upstream.requests[2]?.body), /"temperature":0.5/)
  assert.equal(back.headers.get('x-droid2api-dropped'), null)
})
