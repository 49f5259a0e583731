/** A reader that stops reading must stop the upstream, not fill this machine's memory. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { begun, roads, send, type Road } from './roads.ts'
import { serving } from './serving.ts'

const total = 100 * 1024 * 1024

/** An upstream with 100 MB of one answer to send; tells how much of it has left. */
async function endlessUpstream(t: TestContext, road: Road, eventBytes: number) {
  const sent = { bytes: 0 }
  const events = begun(road, ['x'.repeat(eventBytes)])
  const delta = events.pop()!
  const url = await serving(t, (res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write(events.join(''))
    const fill = () => {
      let room = true
      while (room && sent.bytes < total) {
        sent.bytes += delta.length
        room = res.write(delta)
      }
    }
    res.on('drain', fill)
    fill()
  })
  return { url, sent }
}

const cases = roads.flatMap((road) =>
  [16_000, 1_000_000].map((eventBytes) => ({ road, eventBytes })),
)

for (const { road, eventBytes } of cases) {
  const { name, path, ask } = road
  const events = `events of ${eventBytes / 1000} KB`

  test(`contract §6.4, row 11: ${name}: a client that stops reading stops the upstream, ${events}`, async (t) => {
    const upstream = await endlessUpstream(t, road, eventBytes)
    const { url } = await startProxy(t, { config: oneUpstream(upstream.url) })
    const sent = send(url + path, { ...ask, stream: true })
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    answer.pause()

    await settled(() => upstream.sent.bytes)

    assert.ok(upstream.sent.bytes < 24 * 1024 * 1024, `${upstream.sent.bytes} bytes left`)
    sent.destroy()
  })
}

/** Waits until a count has stopped growing. */
async function settled(count: () => number): Promise<void> {
  for (let before = -1, still = 0; still < 10;) {
    await wait(50)
    still = count() === before ? still + 1 : 0
    before = count()
  }
}
