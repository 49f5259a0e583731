/** What a provider of type openai has stored under an id: it is asked for it, where there is but one that can have it. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import OpenAI from 'openai'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { responsesBody, responsesStream, startUpstream } from '../helpers/upstream.ts'

const model = 'gpt-5.1'

async function start(t: TestContext, more: object = {}, apiKey = 'any') {
  const upstream = await startUpstream(t, ({ url }) =>
    url.includes('stream=true')
      ? { sse: responsesStream({ text: ['Late.'] }) }
      : { body: responsesBody({ text: ['Late.'] }) },
  )
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url, { ...more }),
    env: { FACTORY_API_KEY: 'fk-of-the-account' },
  })
  return { upstream, client: new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 }) }
}

test('§17.10 an answer in the background of an openai model can be asked for, ended and deleted', async (t) => {
  const { upstream, client } = await start(t)

  await client.responses.create({ model, input: 'Hi', background: true })
  const answer = await client.responses.retrieve('resp_1', {
    include: ['reasoning.encrypted_content'],
  })
  await client.responses.cancel('resp_1')
  await client.responses.inputItems.list('resp_1', { limit: 2 })
  await client.responses.delete('resp_1')
  const events = await client.responses.retrieve('resp_1', { stream: true, starting_after: 3 })
  const types = []
  for await (const { type } of events) types.push(type)

  assert.equal(answer.output_text, 'Late.')
  assert.equal(types.at(-1), 'response.completed')
  assert.deepEqual(
    upstream.requests
      .slice(1)
      .map(({ method, url, body }) => [method, decodeURI(url), body.length]),
    [
      ['GET', '/v1/responses/resp_1?include[]=reasoning.encrypted_content', 0],
      ['POST', '/v1/responses/resp_1/cancel', 0],
      ['GET', '/v1/responses/resp_1/input_items?limit=2', 0],
      ['DELETE', '/v1/responses/resp_1', 0],
      ['GET', '/v1/responses/resp_1?stream=true&starting_after=3', 0],
    ],
  )
  for (const { headers } of upstream.requests) {
    assert.equal(headers.authorization, 'Bearer fk-of-the-account')
  }
})

const key = 'key-of-alice-0123456789'
const unclear: [why: string, config: object, apiKey?: string][] = [
  [
    'is no endpoint of type openai',
    { models: [{ name: 'A', id: 'claude-sonnet-4-5', type: 'anthropic' }] },
  ],
  ['are two', twoEndpoints()],
  [
    'is none that the client may use',
    { clients: [{ name: 'alice', key, models: ['claude-*'] }] },
    key,
  ],
  ['are several accounts', severalAccounts()],
]

function twoEndpoints() {
  const { endpoints, models } = oneUpstream('http://127.0.0.1:9')
  const second = {
    name: 'second',
    type: 'openai',
    base_url: 'http://127.0.0.1:9/v1',
    auth: 'account',
  }
  const other = { name: 'O', id: 'gpt-other', type: 'openai', endpoint: 'second' }
  return { endpoints: [...endpoints, second], models: [...models, other] }
}

function severalAccounts() {
  const accounts = ['one', 'two'].map((name) => ({ name, key: `key-of-${name}-0123456789` }))
  const { models } = oneUpstream('http://127.0.0.1:9')
  const names = accounts.map(({ name }) => name)
  const gpt = { name: 'gpt', type: 'openai', base_url: 'http://127.0.0.1:9/v1', accounts: names }
  return { accounts, endpoints: [gpt], models: models.filter(({ type }) => type === 'openai') }
}

for (const [why, config, apiKey] of unclear) {
  test(`§17.10 where there ${why}, a stored answer is a 404, and nobody is asked`, async (t) => {
    const { upstream, client } = await start(t, config, apiKey)

    await assert.rejects(client.responses.retrieve('resp_1'), { status: 404, param: 'id' })
    await assert.rejects(client.responses.delete('resp_1'), { status: 404 })
    await assert.rejects(client.responses.cancel('resp_1'), { status: 404 })
    assert.equal(upstream.requests.length, 0)
  })
}

test('contract §2.5: a request of a sub-path that names its model goes to that model, also where it comes in chunks', async (t) => {
  const { upstream, client } = await start(t)
  const body = new Blob([JSON.stringify({ model, note: 'of the client' })])

  const chunked: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
    body: body.stream(),
    duplex: 'half',
  }
  const answer = await fetch(`${client.baseURL}/responses/resp_1/cancel`, chunked)

  assert.equal(answer.status, 200, await answer.text())
  assert.match(upstream.requests[0]?.body.toString() ?? '', /of the client/)
})
