/** A thousand streams at once for a minute (SOAK_STREAM_SECONDS) on each road: every one whole. Linux only. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { run } from '../bench/load.ts'
import { rssMb, startOurs, startUpstream, watchRss } from '../bench/processes.ts'

const seconds = Number(process.env.SOAK_STREAM_SECONDS ?? 60)
const streams = 1000
const everyMs = 200

for (const path of ['/v1/messages', '/v1/chat/completions'] as const) {
  test(`${path}: ${streams} streams at once for ${seconds} s are all whole`, async (t) => {
    const upstream = await startUpstream()
    t.after(() => upstream.stop())
    const target = await startOurs(upstream.url)
    t.after(() => target.stop())
    await wait(1000)
    const idle = rssMb(target)
    const events = Math.floor((seconds * 1000) / everyMs)
    const messages = [{ role: 'user', content: 'x' }]
    const asked = { model: 'claude-sonnet-4-5', max_tokens: 9, stream: true, messages }
    const ask = {
      path,
      wish: `events=${events}&every=${everyMs}`,
      body: Buffer.from(JSON.stringify(asked)),
      events,
    }
    const peakOf = watchRss(target)

    // throws where a stream is not whole
    const load = { ask, concurrency: streams, forMs: seconds * 3000, requests: streams }
    const answered = await run(target, load)
    const peak = peakOf()

    const perStream = ((peak - idle) / streams) * 1000
    t.diagnostic(
      `RSS idle ${idle.toFixed(0)} MB, peak ${peak.toFixed(0)} MB: ${perStream.toFixed(0)} KB a stream`,
    )
    assert.equal(answered, streams)
  })
}
