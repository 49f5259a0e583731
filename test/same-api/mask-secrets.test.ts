/** What an upstream echoes of the credential that it refused (row 66). */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { maskSecrets } from '../../lib/same-api/forward.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { cutAt } from '../pipelines/stages/slices.ts'
import { startUpstream } from '../helpers/upstream.ts'

const key = 'fk-the-account-key'
const stars = '*'.repeat(key.length)

async function masked(pieces: Buffer[], secrets: string[]): Promise<string> {
  return (await buffer(Readable.from(pieces).pipe(maskSecrets(secrets)))).toString('latin1')
}

test('row 66: wherever the bytes are cut, no secret passes and nothing else changes', async () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 40 })
  const secret = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 })
  const places = fc.array(fc.nat(40), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(letters, secret, places, async (text, word, cuts) => {
      const result = await masked(cutAt(Buffer.from(text), cuts), [word])
      assert.equal(result, text.replaceAll(word, '*'.repeat(word.length)))
    }),
    { numRuns: 1000 },
  )
})

for (const route of ['/v1/messages', '/v1/responses', '/v1/chat/completions']) {
  test(`row 66: ${route}: an error that echoes the key is told without it`, async (t) => {
    const message = `invalid key ${key}`
    const error = { type: 'authentication_error', message }
    const upstream = await startUpstream(t, () => ({
      status: 400,
      headers: { 'x-request-id': `for-${key}` },
      body: JSON.stringify({ type: 'error', error }),
    }))
    const { url } = await startProxy(t, {
      config: oneUpstream(upstream.url),
      env: { FACTORY_API_KEY: key },
    })
    const model = route === '/v1/responses' ? 'gpt-5.1' : 'claude-sonnet-4-5'
    const back = await post(`${url}${route}`, { model, messages: [{ role: 'user', content: 'x' }] })
    const text = await back.text()

    assert.equal(back.status, 400)
    assert.ok(!text.includes(key) && !JSON.stringify([...back.headers]).includes(key))
    assert.equal(upstream.requests[0]?.headers.authorization, `Bearer ${key}`)
    if (route !== '/v1/chat/completions') {
      assert.equal(
        text,
        JSON.stringify({ type: 'error', error: { ...error, message: `invalid key ${stars}` } }),
      )
    }
  })
}
