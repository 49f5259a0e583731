/** `base_url` as people write it: what comes of it, and what is said where it is wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fullAddress, otherType } from '../../lib/config/base-url.ts'
import type { ModelType } from '../../lib/config/types.ts'
import { runProgram } from '../helpers/program.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { startUpstream, type Script } from '../helpers/upstream.ts'

const addresses: [given: string, type: ModelType, full: string][] = [
  ['https://api.anthropic.com', 'anthropic', 'https://api.anthropic.com/v1/messages'],
  ['https://api.anthropic.com/v1/', 'anthropic', 'https://api.anthropic.com/v1/messages'],
  ['https://api.anthropic.com/v1/messages/', 'anthropic', 'https://api.anthropic.com/v1/messages'],
  ['https://api.z.ai/api/anthropic', 'anthropic', 'https://api.z.ai/api/anthropic/v1/messages'],
  [
    'https://g.test/v1/acc/gw/anthropic',
    'anthropic',
    'https://g.test/v1/acc/gw/anthropic/v1/messages',
  ],
  ['https://api.openai.com/v1', 'openai', 'https://api.openai.com/v1/responses'],
  ['https://api.openai.com', 'openai', 'https://api.openai.com/v1/responses'],
  [
    'https://r.openai.azure.com/openai/v1?api-version=preview',
    'openai',
    'https://r.openai.azure.com/openai/v1/responses?api-version=preview',
  ],
  [
    'https://r.openai.azure.com/openai/responses?api-version=2',
    'openai',
    'https://r.openai.azure.com/openai/responses?api-version=2',
  ],
  [
    'https://r.openai.azure.com/openai/deployments/gpt?api-version=2',
    'common',
    'https://r.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2',
  ],
  ['https://openrouter.ai/api/v1', 'common', 'https://openrouter.ai/api/v1/chat/completions'],
  ['https://openrouter.ai/api', 'common', 'https://openrouter.ai/api/v1/chat/completions'],
  ['https://api.z.ai/api/paas/v4/', 'common', 'https://api.z.ai/api/paas/v4/chat/completions'],
  [
    'https://api.z.ai/api/coding/paas/v4',
    'common',
    'https://api.z.ai/api/coding/paas/v4/chat/completions',
  ],
  ['https://x.test/v1beta/openai/', 'common', 'https://x.test/v1beta/openai/chat/completions'],
  [
    'https://api.deepinfra.com/v1/openai',
    'common',
    'https://api.deepinfra.com/v1/openai/chat/completions',
  ],
  ['https://api.groq.com/openai/v1', 'common', 'https://api.groq.com/openai/v1/chat/completions'],
  ['http://127.0.0.1:11434', 'common', 'http://127.0.0.1:11434/v1/chat/completions'],
  ['http://[::1]:8080/v1/#x', 'common', 'http://[::1]:8080/v1/chat/completions'],
  [
    'https://api.factory.ai/api/llm/o/v1/chat/completions',
    'common',
    'https://api.factory.ai/api/llm/o/v1/chat/completions',
  ],
  ['https://h.test/v1/messages', 'common', 'https://h.test/v1/messages'],
]

for (const [given, type, full] of addresses) {
  test(`O40: ${given} for ${type} is ${full}`, () => {
    assert.equal(fullAddress(given, type).href, full)
  })
}

const wrong: [given: string, type: ModelType, other: string | undefined][] = [
  ['https://h/v1/messages', 'common', '/messages'],
  ['https://h/v1/chat/completions/', 'anthropic', '/chat/completions'],
  ['https://h/v1/completions', 'common', '/completions'],
  ['https://h/v1/models?x=1', 'openai', '/models'],
  ['http://127.0.0.1:11434/api/chat', 'common', '/api/chat'],
  ['https://h/v1/chat/completions', 'common', undefined],
  ['https://h/v1', 'openai', undefined],
]

for (const [given, type, other] of wrong) {
  test(`O40: ${given} for ${type} ${other ? `ends in ${other}` : 'is right'}`, () => {
    assert.equal(otherType(given, type), other)
  })
}

/** Knows one path; the rest is 404. */
const onlyChat: Script = ({ url }) =>
  url === '/v1/chat/completions'
    ? { body: '{"id":"1","object":"chat.completion","choices":[]}' }
    : { status: 404, body: '{"error":{"message":"Not Found"}}' }

const model = { name: 'M', id: 'm', type: 'common' }

for (const tail of ['/v1', '/v1/', '', '/', '/v1/chat/completions/']) {
  test(`O40: base_url with “${tail}” behind the host reaches the API`, async (t) => {
    const upstream = await startUpstream(t, onlyChat)
    const proxy = await startProxy(t, {
      config: {
        models: [model],
        endpoints: [{ name: 'local', type: 'common', base_url: upstream.url + tail }],
        system_prompt: '',
      },
    })

    const answer = await post(`${proxy.url}/v1/chat/completions`, {
      model: 'm',
      messages: [{ role: 'user', content: 'x' }],
    })

    assert.equal(upstream.requests[0]?.url, '/v1/chat/completions')
    assert.equal(answer.status, 200)
  })
}

test('O40: one endpoint without a type serves each model at the path of its own', async (t) => {
  const upstream = await startUpstream(t, () => ({ status: 404, body: '{}' }))
  const proxy = await startProxy(t, {
    config: {
      models: (['anthropic', 'openai', 'common'] as const).map((type) => ({
        name: type,
        id: type,
        type,
        endpoint: 'all',
      })),
      endpoints: [{ name: 'all', base_url: `${upstream.url}/v1` }],
      system_prompt: '',
    },
  })

  await post(`${proxy.url}/v1/messages`, {
    model: 'anthropic',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'x' }],
  })
  await post(`${proxy.url}/v1/messages/count_tokens`, {
    model: 'anthropic',
    messages: [{ role: 'user', content: 'x' }],
  })
  await post(`${proxy.url}/v1/responses`, { model: 'openai', input: 'x' })
  await post(`${proxy.url}/v1/chat/completions`, {
    model: 'common',
    messages: [{ role: 'user', content: 'x' }],
  })

  assert.deepEqual(
    upstream.requests.map(({ url }) => url),
    ['/v1/messages', '/v1/messages/count_tokens', '/v1/responses', '/v1/chat/completions'],
  )
})

test('O40: an upstream’s 404 names endpoint and address, in the error and in the log, without a query', async (t) => {
  const upstream = await startUpstream(t, () => ({
    status: 404,
    body: '{"error":{"message":"no such route"}}',
  }))
  const endpoints = ['anthropic', 'common'].map((type) => ({
    name: `my-${type}`,
    type,
    base_url: `${upstream.url}/sub/v1?key=hunter2`,
  }))
  const proxy = await startProxy(t, {
    config: {
      models: [model, { name: 'C', id: 'c', type: 'anthropic' }],
      endpoints,
      system_prompt: '',
    },
  })

  const messages = [{ role: 'user', content: 'x' }]
  const translated = await post(`${proxy.url}/v1/chat/completions`, { model: 'c', messages })
  const { error } = (await translated.json()) as { error: { message: string } }
  await (await post(`${proxy.url}/v1/chat/completions`, { model: 'm', messages })).text()

  const where = `my-anthropic at ${upstream.url}/sub/v1/messages`
  assert.equal(error.message, `no such route (asked: the endpoint ${where})`)
  const lines = proxy.logs.filter(({ msg }) => msg === 'request')
  assert.deepEqual(
    lines.map(({ notFound }) => notFound),
    [where, `my-common at ${upstream.url}/sub/v1/chat/completions`],
  )
  assert.doesNotMatch(proxy.rawLog(), /hunter2/)
})

test('O40: check shows the full address, and warns of one that is another type’s', async (t) => {
  const endpoints = [
    { name: 'good', type: 'common', base_url: 'http://127.0.0.1:1/v1' },
    { name: 'bad', type: 'anthropic', base_url: 'http://127.0.0.1:1/v1/chat/completions' },
  ]
  const models = [model, { name: 'C', id: 'c', type: 'anthropic' }]
  const program = runProgram(t, { args: ['check'], config: { endpoints, models } })
  await program.exit

  assert.match(program.stdout(), /good \(http:\/\/127\.0\.0\.1:1\/v1\/chat\/completions\)/)
  assert.match(
    program.stdout(),
    /warning .*the base_url of endpoint bad ends in \/chat\/completions, where models of type anthropic/,
  )
})
