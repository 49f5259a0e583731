/** Connections that lie idle: used again soon, and not after the machine slept or a router forgot them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deferred } from '../helpers/deferred.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { anthropicMessage, startUpstream } from '../helpers/upstream.ts'

const body = {
  model: 'claude-sonnet-4-5',
  max_tokens: 10,
  messages: [{ role: 'user', content: 'Hi' }],
}

for (const path of ['/v1/messages', '/v1/chat/completions']) {
  test(`contract §12.2: ${path}: a connection that lay idle for over 90 s is not used again`, async (t) => {
    const upstream = await startUpstream(t, () => ({ body: anthropicMessage({ text: ['Hi'] }) }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const beganMs = Date.now()
    t.mock.timers.enable({ apis: ['Date'], now: beganMs })
    const askAfter = async (seconds: number) => {
      t.mock.timers.setTime(Date.now() + seconds * 1000)
      const answer = await post(url + path, body)
      assert.equal(answer.status, 200, await answer.text())
      return upstream.sockets
    }

    assert.equal(await askAfter(0), 1)
    assert.equal(await askAfter(85), 1)
    // counted from its last use
    assert.equal(await askAfter(85), 1)
    assert.equal(await askAfter(95), 2)
    assert.equal(await askAfter(0), 2)
    // the clock is set back by a day: for how long it lay, nobody knows
    assert.equal(await askAfter(-86_400), 3)
    assert.equal(await askAfter(1), 3)
  })
}

test('contract §12.2: of connections that all lay idle none is used again', async (t) => {
  const rounds = [deferred(), deferred()]
  // neither request of a round is answered before the other has come, so that each has a connection of its own
  const upstream = await startUpstream(t, async () => {
    const { length } = upstream.requests
    const both = rounds[Math.ceil(length / 2) - 1]!
    if (length % 2 === 0) both.resolve()
    await both.promise
    return { body: anthropicMessage({ text: ['Hi'] }) }
  })
  const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const ask = async () => await (await post(`${url}/v1/messages`, body)).text()
  await Promise.all([ask(), ask()])

  t.mock.timers.setTime(Date.now() + 600_000)
  await Promise.all([ask(), ask()])

  assert.equal(upstream.sockets, 4)
})
