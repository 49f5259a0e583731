/** A reader that stops reading must stop the upstream, not fill this machine's memory. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { oneUpstream, startProxy } from '../helpers/proxy.ts'
import { roads, send, type Road } from './roads.ts'

const total = 100 * 1024 * 1024

/** An upstream with 100 MB of one answer to send; tells how much of it has left. */
async function endlessUpstream(t: TestContext, stream: Road['stream']) {
  const sent = { bytes: 0 }
  const text = 'x'.repeat(16_000)
  const events = stream([text])
  const first = events.findIndex((event) => event.includes(text))
  const delta = events[first]!
  const server = createServer((req, res) => {
    req.resume()
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write(events.slice(0, first).join(''))
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
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sent }
}

for (const { name, path, ask, stream } of roads) {
  test(`row 11: ${name}: a client that stops reading stops the upstream`, async (t) => {
    const upstream = await endlessUpstream(t, stream)
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
