/** A body for which the system has no memory left: its own request fails, and no other. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'

const body = JSON.stringify({
  model: 'claude-sonnet-4-5',
  max_tokens: 9,
  messages: [{ role: 'user', content: 'hi' }],
})

/** Sends the body in two pieces that do not arrive as one. */
async function askInPieces(url: string): Promise<number | undefined> {
  const headers = { authorization: 'Bearer caller', 'content-type': 'application/json' }
  const sent = http.request(url, { method: 'POST', headers, agent: false })
  sent.write(body.slice(0, 10))
  await new Promise((resolve) => setTimeout(resolve, 50))
  sent.end(body.slice(10))
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  await once(answer.resume(), 'end')
  return answer.statusCode
}

for (const route of ['/v1/messages', '/v1/chat/completions']) {
  test(`${route}: a body that cannot be put together costs its own request alone`, async (t) => {
    const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const concat = t.mock.method(Buffer, 'concat')
    concat.mock.mockImplementation(() => {
      throw new RangeError('Array buffer allocation failed')
    })

    assert.equal(await askInPieces(url + route), 500)

    concat.mock.restore()
    assert.equal(await askInPieces(url + route), 200)
  })
}
