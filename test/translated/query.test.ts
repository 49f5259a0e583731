/** The query of a client is a word of its own API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const types = ['anthropic', 'openai', 'common', 'google']

const seen: Record<string, string> = {
  anthropic: '/v1/messages?beta=true',
  openai: '/v1/responses',
  common: '/v1/chat/completions',
  google: '/v1beta/models/m-google:streamGenerateContent?alt=sse',
}

test("contract §2.1: Claude Code's query goes to models of its own API alone (gpt-load#586)", async (t) => {
  const upstream = await startUpstream(t, () => ({ status: 400, body: {} }))
  const { url } = await startProxy(t, {
    config: {
      endpoints: types.map((type) => ({ name: type, type, base_url: upstream.url, auth: 'none' })),
      models: types.map((type) => ({ name: type, id: `m-${type}`, type })),
    },
  })

  for (const type of types) {
    const messages = [{ role: 'user', content: 'x' }]
    const body = { model: `m-${type}`, max_tokens: 9, stream: true, messages }
    await post(`${url}/v1/messages?beta=true`, body)

    assert.equal(upstream.requests.at(-1)?.url, seen[type])
  }
})
