/** Many requests at once, and clients that leave. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import type { ClientRequest } from 'node:http'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { least } from '../helpers/least.ts'
import { oneUpstream, post, startProxy } from '../helpers/proxy.ts'
import { startUpstream, type Step, type Upstream } from '../helpers/upstream.ts'
import { begun, firstBytes, roads, send } from './roads.ts'

const texts: [string, ...string[]] = ['one ', 'two ', 'three']

for (const road of roads) {
  const { name, path, ask, stream, body, end } = road

  test(`row 1: ${name}: a hundred streams at once are all whole`, async (t) => {
    const sse: Step[] = stream(texts).flatMap((event) => [event, { waitMs: 5 }])
    const upstream = await startUpstream(t, () => ({ sse }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const streams = Array.from({ length: 100 }, async () => {
      const answer = await post(url + path, { ...ask, stream: true })
      const text = await answer.text()
      return [...texts, end].every((piece) => text.includes(piece))
    })

    const whole = await Promise.all(streams)

    assert.equal(whole.filter(Boolean).length, 100)
  })

  test(`row 2: ${name}: five hundred plain requests at once are five hundred answers`, async (t) => {
    const upstream = await startUpstream(t, () => ({ body: body(['Hi']) }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const asked = Array.from({ length: 500 }, async () => {
      const answer = await post(url + path, ask)
      return answer.status === 200 && (await answer.text()).includes('Hi')
    })

    const answered = await Promise.all(asked)

    assert.equal(answered.filter(Boolean).length, 500)
    assert.equal(upstream.requests.length, 500)
  })

  test(`row 4: ${name}: twenty requests in a row use one connection`, async (t) => {
    const upstream = await startUpstream(t, () => ({ body: body(['Hi']) }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    for (let count = 0; count < 20; count += 1) await (await post(url + path, ask)).text()

    assert.equal(upstream.requests.length, 20)
    assert.equal(upstream.sockets, 1)
  })

  test(`contract §6.5, row 8: ${name}: a client that leaves in mid-stream stops the upstream`, async (t) => {
    const upstream = await startUpstream(t, () => ({ sse: [...begun(road, texts), 'hang'] }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    const tookMs = await least(500, async () => {
      const sent = send(url + path, { ...ask, stream: true })
      await firstBytes(sent)
      return await left(sent, upstream)
    })

    assert.ok(tookMs < 500, `${tookMs} ms`)
    assert.equal(upstream.closedEarly, upstream.requests.length)
  })

  test(`row 9: ${name}: a client that leaves before the first byte stops the upstream`, async (t) => {
    const upstream = await startUpstream(t, () => ({ sse: ['hang'], silent: true }))
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })

    const tookMs = await least(500, async () => {
      const sent = send(url + path, ask)
      await upstream.nextRequest()
      return await left(sent, upstream)
    })

    assert.ok(tookMs < 500, `${tookMs} ms`)
    assert.equal(upstream.closedEarly, upstream.requests.length)
  })

  test(`row 10: ${name}: sixty aborted streams leave nothing open`, async (t) => {
    const upstream = await startUpstream(t, () => ({ sse: [...begun(road, texts), 'hang'] }))
    const { url, app } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const before = descriptors()

    for (let count = 0; count < 60; count += 1) {
      const sent = send(url + path, { ...ask, stream: true })
      await firstBytes(sent)
      sent.destroy()
    }
    for (let count = 0; count < 60; count += 1) await upstream.whenClosed(count)
    while (app.calls.size > 0 || descriptors() > before + 8) await wait(5)

    assert.equal(upstream.open, 0)
    assert.equal(upstream.closedEarly, 60)
  })
}

/** How long its upstream has a request that the client has left, ms. */
async function left(sent: ClientRequest, upstream: Upstream): Promise<number> {
  const from = performance.now()
  sent.destroy()
  await upstream.whenClosed(upstream.requests.length - 1)
  return performance.now() - from
}

/** The open file descriptors of this process, where the system shows them. */
function descriptors(): number {
  try {
    return readdirSync('/dev/fd').length
  } catch {
    // not everywhere is there such a folder
    return 0
  }
}
