/** Many requests at once, and clients that leave. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, anthropicStream, startUpstream } from '../helpers/upstream.ts'
import { asks, routes } from './asks.ts'

const claudeRoutes = ['/v1/messages', '/v1/chat/completions'] as const

test('row 1: a hundred streams at once on each road are all whole', async (t) => {
  const upstream = await startUpstream(t, () => ({
    sse: anthropicStream({ text: ['one ', 'two ', 'three'] }).flatMap((event) => [
      event,
      { waitMs: 5 },
    ]),
  }))
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const streams = claudeRoutes.flatMap((route) =>
    Array.from({ length: 100 }, async () => {
      const answer = await post(url + route, { ...asks[route], stream: true })
      const text = await answer.text()
      const end = route === '/v1/messages' ? 'event: message_stop' : 'data: [DONE]'
      return ['one ', 'two ', 'three', end].every((piece) => text.includes(piece))
    }),
  )

  const whole = await Promise.all(streams)

  assert.equal(whole.filter(Boolean).length, 200)
})

test('row 2: five hundred plain requests at once are five hundred answers', async (t) => {
  const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }))
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const asked = Array.from({ length: 500 }, async (_, count) => {
    const route = claudeRoutes[count % 2]!
    const answer = await post(url + route, asks[route])
    return answer.status === 200 && (await answer.text()).includes('Hi')
  })

  const answered = await Promise.all(asked)

  assert.equal(answered.filter(Boolean).length, 500)
  assert.equal(upstream.requests.length, 500)
})

for (const route of routes) {
  test(`row 9: ${route}: a client that leaves before the first byte stops the upstream`, async (t) => {
    const upstream = await startUpstream(t, [{ sse: ['hang'], silent: true }])
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const sent = request(url + route, {
      method: 'POST',
      headers: { authorization: 'Bearer caller' },
    })
    sent.on('error', () => undefined)
    sent.end(JSON.stringify(asks[route]))
    await upstream.nextRequest()

    sent.destroy()
    await upstream.whenClosed(0)

    assert.equal(upstream.closedEarly, 1)
  })

  test(`row 10: ${route}: sixty aborted streams leave nothing open`, async (t) => {
    const begun = anthropicStream({ text: ['one'] }).slice(0, 4)
    const upstream = await startUpstream(t, () => ({ sse: [...begun, 'hang'] }))
    const proxy = await startProxy(t, { config: oneUpstream(upstream.url) })

    for (let count = 0; count < 60; count += 1) {
      const sent = request(proxy.url + route, {
        method: 'POST',
        headers: { authorization: 'Bearer caller' },
      })
      sent.on('error', () => undefined)
      sent.end(JSON.stringify({ ...asks[route], stream: true }))
      await upstream.nextRequest()
      sent.destroy()
    }
    for (let count = 0; count < 60; count += 1) await upstream.whenClosed(count)
    while (proxy.app.calls.size > 0) await new Promise((resolve) => setImmediate(resolve))

    assert.equal(upstream.open, 0)
    assert.equal(proxy.app.calls.size, 0)
  })
}
