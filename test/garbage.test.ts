/** What requests and events leave behind for the garbage collector: nothing that outlives them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import type { Transform } from 'node:stream'
import { test } from 'node:test'
import { GCProfiler } from 'node:v8'
import { sseEvents } from '../pipelines/stages/sse-events.ts'
import { oneOfEach as roads } from './faults/roads.ts'
import { serving } from './faults/serving.ts'
import { collect } from './helpers/collect.ts'
import { least } from './helpers/least.ts'
import { oneUpstream, startProxy } from './helpers/proxy.ts'

const quiet = { log_level: 'silent' }

/** Asks so many times in turn, on one connection. */
async function askInTurn(url: string, body: string, times: number): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const headers = { authorization: 'Bearer caller', 'content-type': 'application/json' }
  for (let count = 0; count < times; count++) {
    const sent = http.request(url, { method: 'POST', agent, headers })
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    await once(answer.resume(), 'end')
    assert.equal(answer.statusCode, 200)
  }
  agent.destroy()
}

/**
 * What collections of the young generation found alive for the second time and moved to the old one, bytes. What V8 makes of its
 * own in the meantime, such as compiled code, grows old as well, but not each time.
 */
async function grownOld(work: () => Promise<void>): Promise<number> {
  const profiler = new GCProfiler()
  profiler.start()
  await work()
  let bytes = 0
  for (const { gcType, beforeGC, afterGC } of profiler.stop().statistics) {
    if (gcType === 'Scavenge') bytes += oldSpace(afterGC) - oldSpace(beforeGC)
  }
  return bytes
}

function oldSpace({ heapSpaceStatistics }: { heapSpaceStatistics: Space[] }): number {
  return heapSpaceStatistics.find(({ spaceName }) => spaceName === 'old_space')!.spaceUsedSize
}

interface Space {
  spaceName: string
  spaceUsedSize: number
}

/**
 * From 24 on a Writable writes a function of its own into a property (`onwrite` of its state). V8 takes such a function for
 * one that stays and makes it old at once, and with it, until a full collection, the stream and all that it holds.
 */
const keepsWritables = Number(process.versions.node.split('.')[0]) >= 24 && 'Node keeps streams'

/** Requests in turn that the figure is the mean of. */
const measured = 800

for (const { name, path: route, ask, body, stream } of roads) {
  for (const streamed of [false, true]) {
    const form = streamed ? 'a streamed' : 'a'
    const skip = streamed && route === '/v1/chat/completions' && keepsWritables
    const title = `${name}: ${form} request that is over leaves nothing for a full collection`
    test(title, { skip }, async (t) => {
      const [type, said] = streamed
        ? ['text/event-stream', stream(['Hi']).join('')]
        : ['application/json', JSON.stringify(body(['Hi']))]
      const upstream = await serving(t, (res) => res.setHeader('content-type', type).end(said))
      const { url } = await startProxy(t, { config: oneUpstream(upstream, quiet) })
      const request = JSON.stringify({ ...ask, stream: streamed })
      await askInTurn(url + route, request, 400)

      // One that anything old still points to takes its 15 KB along.
      const most = 1500 * measured
      const bytes = await least(most, () =>
        grownOld(() => askInTurn(url + route, request, measured)),
      )

      t.diagnostic(`${Math.round(bytes / measured)} bytes a request`)
      assert.ok(bytes < most, `${Math.round(bytes / measured)} bytes a request`)
    })
  }
}

/** Writes so many events of 20 kB, each followed by enough collections for what is still alive to grow old. */
async function writeRarely(stage: Transform, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    stage.write(`data: {"text":"${'x'.repeat(20_000)}${count}"}\n\n`)
    await new Promise((resolve) => setImmediate(resolve))
    for (let round = 0; round < 2; round++) collect({ type: 'minor' })
  }
}

test('an event that is over leaves nothing for a full collection, however rare events are', async (t) => {
  const stage = sseEvents().on('data', () => undefined)
  await writeRarely(stage, 300)

  // What Node's own streams leave is a kilobyte, and on a busy machine three; with the event it would be above twenty.
  const most = 10_000 * 200
  const bytes = await least(most, () => grownOld(() => writeRarely(stage, 200)))

  t.diagnostic(`${Math.round(bytes / 200)} bytes an event`)
  assert.ok(bytes < most, `${Math.round(bytes / 200)} bytes an event`)
})
