/** Tokens of a request, counted by the API of a model that the client does not speak. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { everyType, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream, type Answer } from '../helpers/upstream.ts'

const tool = { type: 'object', properties: { path: { type: 'string' } } }
const messages = {
  route: '/v1/messages/count_tokens',
  body: {
    system: 'Be brief.',
    messages: [{ role: 'user', content: 'Hi' }],
    tools: [{ name: 'read', input_schema: tool }],
    thinking: { type: 'enabled', budget_tokens: 2000 },
    temperature: 0.5,
    stream: true,
  },
  shown: { input_tokens: 123 },
}
const responses = {
  route: '/v1/responses/input_tokens',
  body: {
    instructions: 'Be brief.',
    input: 'Hi',
    tools: [{ type: 'function', name: 'read', parameters: tool }],
    text: { verbosity: 'low' },
    max_output_tokens: 100,
    store: true,
  },
  shown: { object: 'response.input_tokens', input_tokens: 123 },
}

const counts = {
  'claude-sonnet-4-5': { path: '/v1/messages/count_tokens', answer: { input_tokens: 123 } },
  'gpt-5.1': {
    path: '/v1/responses/input_tokens',
    answer: { object: 'response.input_tokens', input_tokens: 123 },
  },
  'gemini-3-pro': {
    path: '/v1beta/models/gemini-3-pro:countTokens',
    answer: { totalTokens: 123, promptTokensDetails: [{ modality: 'TEXT', tokenCount: 123 }] },
  },
}

/** Members that are no part of a count, and that an API would refuse. */
const foreign =
  /"(?:stream|store|max_tokens|max_output_tokens|temperature|generationConfig|include)"/

for (const { client, model } of [
  { client: messages, model: 'gpt-5.1' },
  { client: messages, model: 'gemini-3-pro' },
  { client: responses, model: 'claude-sonnet-4-5' },
  { client: responses, model: 'gemini-3-pro' },
] as const) {
  test(`contract §2.5: ${client.route} to ${model} is counted where the model is`, async (t) => {
    const { path, answer } = counts[model]
    const { upstream, ask } = await counting(t, { body: answer })

    const back = await ask(client.route, { model, ...client.body })

    assert.equal(back.status, 200)
    assert.deepEqual(await back.json(), client.shown)
    const [request] = upstream.requests
    assert.equal(request?.url, path)
    const sent = request?.body.toString() ?? ''
    assert.doesNotMatch(sent, foreign)
    for (const text of ['Be brief.', 'Hi', '"read"', model]) assert.ok(sent.includes(text), sent)
  })
}

test('contract §2.5: Vertex AI counts a request as it is, without a member around it', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: { totalTokens: 5 } }))
  const base_url = `${upstream.url}/v1/projects/p/locations/global/publishers/google`
  const endpoints = [{ name: 'vertex', type: 'google', base_url, auth: 'client' }]
  const models = [{ name: 'Gemini', id: 'gemini-3-pro', type: 'google' }]
  const { url } = await startProxy(t, { config: { endpoints, models } })

  const back = await post(url + messages.route, { model: 'gemini-3-pro', ...messages.body })

  assert.deepEqual(await back.json(), { input_tokens: 5 })
  const [request] = upstream.requests
  assert.match(request?.url ?? '', /\/publishers\/google\/models\/gemini-3-pro:countTokens$/)
  assert.deepEqual(Object.keys(request?.json() as object), [
    'contents',
    'systemInstruction',
    'tools',
  ])
})

test('contract §2.5: where nobody counts, a count is a 404 and nothing is sent: never a guess', async (t) => {
  const { upstream, ask } = await counting(t, {})

  for (const { route, body } of [messages, responses]) {
    const back = await ask(route, { model: 'glm-4.6', ...body })
    const { error } = (await back.json()) as { error: { message: string } }

    assert.equal(back.status, 404)
    assert.equal(error.message, 'Token counting is not available for the model "glm-4.6".')
  }
  assert.equal(upstream.requests.length, 0)
})

test('contract §2.5: an endpoint that answers but does not count makes it the same 404', async (t) => {
  for (const status of [404, 405, 501]) {
    const { ask } = await counting(t, { status, body: { error: { message: 'no such page' } } })

    const back = await ask(messages.route, { model: 'gpt-5.1', ...messages.body })
    const { error } = (await back.json()) as { error: { type: string; message: string } }

    assert.deepEqual([back.status, error.type], [404, 'not_found_error'])
    assert.match(error.message, /^Token counting is not available for the model "gpt-5\.1"\./)
  }
})

test('contract §2.5: an answer without a count is no count of nothing', async (t) => {
  const { ask } = await counting(t, { body: { id: 'resp_1', output: [] } })

  const back = await ask(messages.route, { model: 'gpt-5.1', ...messages.body })
  const { error } = (await back.json()) as { error: { message: string } }

  assert.equal(back.status, 502)
  assert.match(error.message, /told no count/)
})

test('contract §2.5: a count is no request of a client’s limits', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: { totalTokens: 5000 } }))
  const clients = [{ name: 'alice', key: '${ALICE}', tokens_per_day: 100 }]
  const { url } = await startProxy(t, {
    config: { ...everyType(upstream.url), clients },
    env: { ALICE: 'the-key-of-alice-1234', FACTORY_API_KEY: 'fk-1' },
  })
  const headers = { authorization: 'Bearer the-key-of-alice-1234' }

  for (let count = 0; count < 3; count++) {
    const body = { model: 'gemini-3-pro', ...messages.body }
    const back = await post(url + messages.route, body, headers)
    assert.equal(back.status, 200)
  }
})

async function counting(t: TestContext, answer: Answer) {
  const upstream = await startUpstream(t, () => answer)
  const { url } = await startProxy(t, { config: everyType(upstream.url) })
  return { upstream, ask: (route: string, body: object) => post(url + route, body) }
}
