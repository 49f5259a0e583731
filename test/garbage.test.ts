/** What a request leaves behind for the garbage collector: nothing that outlives the request. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { GCProfiler } from 'node:v8'
import { roads } from './faults/roads.ts'
import { oneUpstream, startProxy } from './helpers/proxy.ts'

/** An upstream that keeps nothing of what it is asked. */
async function forgetfulUpstream(t: TestContext, answer: object): Promise<string> {
  const body = JSON.stringify(answer)
  const server = http.createServer((req, res) => {
    req.resume().once('end', () => res.setHeader('content-type', 'application/json').end(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

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

/** What collections of the young generation found alive for the second time and moved to the old one, bytes. */
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

for (const { name, path: route, ask, body } of roads) {
  test(`${name}: a request that is over leaves nothing for a full collection`, async (t) => {
    const upstream = await forgetfulUpstream(t, body(['Hi']))
    const { url } = await startProxy(t, { config: oneUpstream(upstream, { log_level: 'silent' }) })
    const request = JSON.stringify({ ...ask, stream: false })
    await askInTurn(url + route, request, 500)

    const bytes = await grownOld(() => askInTurn(url + route, request, 1500))

    // One that anything old still points to takes its 15 KB along.
    t.diagnostic(`${Math.round(bytes / 1500)} bytes a request`)
    assert.ok(bytes / 1500 < 2500, `${Math.round(bytes / 1500)} bytes a request`)
  })
}
