/** Client keys of which the configuration holds only the hash. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

const key = 'local-9f8e7d6c5b4a'
const hash = createHash('sha256').update(key).digest('hex')

test('row 64: a key is known by its hash, and the hash itself is no key', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: {} }))
  const { url } = await startProxy(t, {
    config: oneUpstream(upstream.url, { api_keys: [`sha256:${hash.toUpperCase()}`] }),
    env: { FACTORY_API_KEY: 'fk-the-account-key' },
  })
  const statusWith = async (presented: string) => {
    const ask = { model: 'gpt-5.1', input: 'x' }
    return (await post(`${url}/v1/responses`, ask, { authorization: `Bearer ${presented}` })).status
  }

  assert.equal(await statusWith(key), 200)
  assert.equal(await statusWith(hash), 401)
  assert.equal(await statusWith(`sha256:${hash}`), 401)
  assert.equal(await statusWith(`sha256:${hash.toUpperCase()}`), 401)
})

test('row 64: a hash that is none stops the start', async (t) => {
  const config = oneUpstream('http://127.0.0.1:9', { api_keys: [`sha256:${hash.slice(1)}`] })

  await assert.rejects(startProxy(t, { config }), /64 hexadecimal digits/)
})
