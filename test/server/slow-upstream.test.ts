/** Streams whose upstream says nothing for long, as front proxies see them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { post, startProxy } from '../helpers/proxy.ts'
import { startUpstream, type Answer } from '../helpers/upstream.ts'

const slowMs = 7500
const front = { 'x-forwarded-for': '192.0.2.1' }
const keys = { api_keys: ['key-of-alice-3f9a1c'], keep_alive_s: 1 }
const key = { 'x-api-key': keys.api_keys[0]! }

const chunk = (delta: object, reason: string | null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`
const whole: Answer = {
  sse: [chunk({ content: 'Hi' }, null), chunk({}, 'stop'), 'data: [DONE]\n\n'],
}
const refused: Answer = {
  status: 503,
  body: { error: { message: 'out of memory', type: 'overload' } },
}

const routes = {
  '/v1/chat/completions': '[DONE]',
  '/v1/messages': 'message_stop',
  '/v1/responses': 'response.completed',
}

test('contract §6.10: behind a front proxy a stream begins before its upstream does, and an error that comes late is an event', async (t) => {
  const upstream = await startUpstream(t, async (request, reply) => {
    await new Promise((resolve) => setTimeout(resolve, slowMs))
    await reply.send(request.body.includes('REFUSED') ? refused : whole)
  })
  const endpoints = [{ name: 'e', type: 'common', base_url: `${upstream.url}/v1`, auth: 'none' }]
  const proxy = await startProxy(t, {
    config: { ...keys, endpoints, models: [{ name: 'M', id: 'm', type: 'common' }] },
  })
  const ask = async (route: string, text: string, headers: Record<string, string>) => {
    const said =
      route === '/v1/responses' ? { input: text } : { messages: [{ role: 'user', content: text }] }
    const begunMs = performance.now()
    const answer = await post(
      proxy.url + route,
      { model: 'm', max_tokens: 9, stream: true, ...said },
      { ...key, ...headers },
    )
    const headMs = performance.now() - begunMs
    return { status: answer.status, headMs, body: await answer.text() }
  }

  await Promise.all(
    Object.entries(routes).map(async ([route, end]) => {
      const [good, bad, near] = await Promise.all([
        ask(route, 'Hi', front),
        ask(route, 'REFUSED', front),
        ask(route, 'REFUSED', {}),
      ])
      assert.equal(good.status, 200)
      assert.ok(good.headMs < slowMs, `${route}: ${good.headMs} ms`)
      assert.match(good.body, /^(?:: keep-alive\n\n)+(?:data|event): /)
      assert.ok(good.body.includes('Hi') && good.body.includes(end), good.body)
      assert.equal(bad.status, 200)
      assert.match(bad.body, /^(?:: keep-alive\n\n)+[^]*"message":"[^"]*out of memory/)
      assert.ok(!bad.body.includes(end), bad.body)
      assert.equal(near.status, 503, near.body)
      assert.ok(near.headMs >= slowMs - 100)
    }),
  )
})
