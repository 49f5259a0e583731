/** Streams whose upstream says nothing for long, as front proxies see them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { keepSlowAlive } from '../../lib/same-api/early-head.ts'
import { deferred } from '../helpers/deferred.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import { startUpstream, type Answer, type Script } from '../helpers/upstream.ts'

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

async function start(t: TestContext, script: Script) {
  const upstream = await startUpstream(t, script)
  const endpoints = [{ name: 'e', type: 'common', base_url: `${upstream.url}/v1`, auth: 'none' }]
  const models = [{ name: 'M', id: 'm', type: 'common' }]
  return { upstream, proxy: await startProxy(t, { config: { ...keys, endpoints, models } }) }
}

function asked(route: string, said: string, stream: boolean) {
  const turns =
    route === '/v1/responses' ? { input: said } : { messages: [{ role: 'user', content: said }] }
  return { model: 'm', max_tokens: 9, stream, ...turns }
}

test('contract §6.10: behind a front proxy a stream begins before its upstream does, and an error that comes late is an event', async (t) => {
  const { proxy } = await start(t, async (asking, reply) => {
    await wait(slowMs)
    await reply.send(asking.body.includes('REFUSED') ? refused : whole)
  })
  const ask = async (route: string, said: string, headers: Record<string, string>) => {
    const begunMs = performance.now()
    const body = asked(route, said, true)
    const answer = await post(proxy.url + route, body, { ...key, ...headers })
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

test('contract §6.10: a front proxy is known by any header that such ones send', async (t) => {
  const { proxy } = await start(t, () => new Promise(() => undefined))
  const signs = [
    { 'x-forwarded-for': '192.0.2.1' },
    { 'x-real-ip': '192.0.2.1' },
    { 'cf-connecting-ip': '192.0.2.1' },
    { forwarded: 'for=192.0.2.1' },
    { 'x-forwarded-proto': 'https' },
    { via: '1.1 caddy' },
  ]
  const body = asked('/v1/messages', 'Hi', true)
  const answers = signs.map((sign) => post(`${proxy.url}/v1/messages`, body, { ...key, ...sign }))
  await until(() => Array.from(proxy.app.calls).filter(({ awaited }) => awaited).length === 6)

  keepSlowAlive(proxy.app, performance.now() + 3000)

  for (const { status } of await Promise.all(answers)) assert.equal(status, 200)
})

for (const route of Object.keys(routes)) {
  for (const stream of [true, false]) {
    const name = stream ? 'a stream' : 'JSON'
    test(`contract §6.10: ${route}: a body that comes slowly, for ${name}, begins no answer, and the wait counts from its end`, async (t) => {
      const answers = deferred()
      const { upstream, proxy } = await start(t, async () => {
        await answers.promise
        return refused
      })
      const body = JSON.stringify(asked(route, 'Hi', stream))
      const headers = { ...key, ...front, 'content-length': body.length }
      const sent = request(proxy.url + route, { method: 'POST', headers })
      t.after(() => sent.destroy())
      let head: IncomingMessage | undefined
      sent.once('response', (answer) => (head = answer))
      const look = async (atMs: number) => {
        keepSlowAlive(proxy.app, atMs)
        await wait(50)
        return head !== undefined
      }

      sent.write(body.slice(0, -9))
      await wait(300)
      assert.ok(!(await look(performance.now() + 60_000)), 'before the body was there')
      const wholeMs = performance.now()
      sent.end(body.slice(-9))
      await upstream.nextRequest()
      assert.ok(!(await look(wholeMs + 2900)), 'before its patience was over')
      assert.equal(await look(performance.now() + 3000), stream)
      answers.resolve()
      if (!head) await once(sent, 'response')

      assert.equal(head!.statusCode, stream ? 200 : 503)
      assert.equal(head!.headers['content-type']?.startsWith('text/event-stream'), stream)
      assert.match(await text(head!), /out of memory/)
    })
  }
}
