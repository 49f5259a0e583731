/** A stream that began before its upstream's answer: when it gets comments, and when no more. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import type { App, Call } from '../../lib/app.ts'
import { keepSlowAlive } from '../../lib/same-api/early-head.ts'
import { deferred } from '../helpers/deferred.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { until } from '../helpers/until.ts'
import { startUpstream } from '../helpers/upstream.ts'

const comment = ': keep-alive\n\n'
const chunk = (delta: object, reason: string | null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`
const first = chunk({ content: 'Hi' }, null)
const last = `${chunk({}, 'stop')}data: [DONE]\n\n`

/** How often a look writes to the client. */
function writesAt(t: TestContext, app: Pick<App, 'calls'>, res: ServerResponse, nowMs: number) {
  const { mock } = t.mock.method(res, 'write')
  keepSlowAlive(app as App, nowMs)
  mock.restore()
  return mock.callCount()
}

for (const route of ['/v1/chat/completions', '/v1/messages']) {
  test(`contract §6.10: ${route}: a comment comes each keep_alive_s until the upstream answers, and then none of these`, async (t) => {
    const [answers, ends] = [deferred(), deferred()]
    const sse = [first, last.slice(0, 9), { until: ends.promise }, last.slice(9)]
    const upstream = await startUpstream(t, async (_request, reply) => {
      await answers.promise
      await reply.send({ sse })
    })
    const { url, app } = await startProxy(t, {
      config: oneUpstream(upstream.url, { keep_alive_s: 30 }),
    })
    const body = { model: 'glm-4.6', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }
    const sent = post(url + route, { ...body, stream: true }, { via: '1.1 caddy' })
    await upstream.nextRequest()
    const [call] = app.calls
    const { res, sinceMs } = call!.awaited!
    const look = (afterS: number) => writesAt(t, app, res, sinceMs + afterS * 1000)

    assert.deepEqual([0, 89, 91, 100, 120, 122, 123].map(look), [0, 0, 1, 0, 0, 1, 0])
    answers.resolve()
    let said = ''
    const read = (async () => {
      const answer = await sent
      for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) said += piece
    })()
    await until(() => said.includes('Hi'))

    // within an event, which a comment would split
    assert.equal(look(9000), 0)
    ends.resolve()
    await read
    assert.equal(said.split(comment).length - 1, 2)
    if (route === '/v1/chat/completions') assert.equal(said, comment + comment + first + last)
  })
}

test('contract §6.10: a stream whose upstream has answered is not begun once more', async (t) => {
  const ends = deferred()
  const upstream = await startUpstream(t, () => ({ sse: [first, { until: ends.promise }, last] }))
  const { url, app } = await startProxy(t, { config: oneUpstream(upstream.url) })
  const body = { model: 'glm-4.6', messages: [{ role: 'user', content: 'Hi' }], stream: true }
  const answer = await post(`${url}/v1/chat/completions`, body, { via: '1.1 caddy' })
  const [call] = app.calls
  const { res, sinceMs } = call!.awaited!

  assert.equal(writesAt(t, app, res, sinceMs + 600_000), 0)

  ends.resolve()
  assert.equal(await answer.text(), first + last)
})

test('contract §6.10: a stream that has ended, but is not read yet, gets no comment', async (t) => {
  const config = { keep_alive_s: 1 }
  const headers = { via: '1.1 caddy' }
  const writes: number[] = []
  const server = createServer((_req, res) => {
    const call = { awaited: { res, sinceMs: 0 }, config, headers } as unknown as Call
    const app = { calls: new Set([call]) }
    writes.push(writesAt(t, app, res, 3000))
    res.end('data: {}\n\n')
    writes.push(writesAt(t, app, res, 60_000))
  })
  t.after(() => server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const [answer] = (await once(
    get(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    'response',
  )) as [IncomingMessage]

  assert.equal(await text(answer), `${comment}data: {}\n\n`)
  assert.deepEqual(writes, [1, 0])
})
