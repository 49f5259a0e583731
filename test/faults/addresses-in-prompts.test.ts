/** Images and files that a prompt has by their address are for the provider to fetch, if for anybody. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everyType, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

test('contract §8.10: the proxy never fetches an address that stands in a prompt', async (t) => {
  const [pictures, upstream] = await Promise.all([
    startUpstream(t, () => ({ body: {} })),
    startUpstream(t, () => ({ status: 400, body: { error: { message: 'no' } } })),
  ])
  const { url } = await startProxy(t, {
    config: everyType(upstream.url),
    env: { FACTORY_API_KEY: 'fk-of-the-account' },
  })
  const address = `${pictures.url}/a.png`

  for (const model of ['claude-sonnet-4-5', 'gpt-5.1', 'glm-4.6', 'gemini-3-pro']) {
    const answers = await Promise.all([
      post(`${url}/v1/chat/completions`, { model, messages: [inChat(address)] }),
      post(`${url}/v1/messages`, { model, max_tokens: 9, messages: [inMessages(address)] }),
      post(`${url}/v1/responses`, { model, input: [inResponses(address)] }),
    ])
    assert.deepEqual(
      answers.map(({ status }) => status),
      [400, 400, 400],
      model,
    )
  }

  assert.ok(upstream.requests.some(({ body }) => body.toString().includes(address)))
  assert.equal(pictures.requests.length, 0)
})

function inChat(url: string) {
  return { role: 'user', content: [{ type: 'image_url', image_url: { url } }] }
}

function inMessages(url: string) {
  return {
    role: 'user',
    content: [
      { type: 'image', source: { type: 'url', url } },
      { type: 'document', source: { type: 'url', url } },
    ],
  }
}

function inResponses(url: string) {
  return {
    role: 'user',
    content: [
      { type: 'input_image', image_url: url },
      { type: 'input_file', file_url: url },
    ],
  }
}
