/** Headers without which an API refuses every request. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

test("contract §7.9: a call without anthropic-version gets one, and a client's own stays", async (t) => {
  const upstream = await startUpstream(t, () => ({ body: {} }))
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const messages = [{ role: 'user', content: 'x' }]
  const call = { model: 'claude-sonnet-4-5', max_tokens: 9, messages }

  await post(`${url}/v1/messages`, call)
  await post(`${url}/v1/messages`, call, { 'anthropic-version': '2024-01-01' })
  await post(`${url}/v1/responses`, { model: 'gpt-5.1', input: 'x' })

  const versions = upstream.requests.map(({ headers }) => headers['anthropic-version'])
  assert.deepEqual(versions, ['2023-06-01', '2024-01-01', undefined])
})
