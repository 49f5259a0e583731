/** What the compiled program adds to the time of one request after the other. Linux only. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { request, type Ask } from '../bench/load.ts'
import { startOurs, startUpstream, type Target } from '../bench/processes.ts'

const messages = [{ role: 'user', content: 'word '.repeat(200) }]
const body = Buffer.from(JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 9, messages }))

/** Sorted, ms. */
async function times(target: Target, ask: Ask, count: number): Promise<number[]> {
  const agent = new http.Agent({ keepAlive: true })
  const took: number[] = []
  for (let done = 0; done < count; done += 1) {
    const began = performance.now()
    await request(target, ask, agent)
    took.push(performance.now() - began)
  }
  agent.destroy()
  return took.toSorted((a, b) => a - b)
}

for (const path of ['/v1/messages', '/v1/chat/completions'] as const) {
  test(`row 3: ${path}: two hundred requests in turn take little longer than without`, async (t) => {
    const upstream = await startUpstream()
    t.after(() => upstream.stop())
    const target = await startOurs(upstream.url)
    t.after(() => target.stop())
    await times(target, { path, body, events: 0 }, 100)

    const direct = await times(upstream, { path: '/v1/messages', body, events: 0 }, 200)
    const ours = await times(target, { path, body, events: 0 }, 200)
    const added = [100, 198].map((index) => ours[index]! - direct[index]!)
    t.diagnostic(`p50 +${added[0]!.toFixed(2)} ms, p99 +${added[1]!.toFixed(2)} ms`)

    assert.ok(added[0]! <= 3 && added[1]! <= 20, added.join())
  })
}
