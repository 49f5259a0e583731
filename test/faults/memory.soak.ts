/** What the compiled program takes of a small machine, and that large bodies do not hold others up. Linux only. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { median } from '../bench/figures.ts'
import { run } from '../bench/load.ts'
import {
  clientKey,
  rssMb,
  startOurs,
  startUpstream,
  watchRss,
  type Target,
} from '../bench/processes.ts'
import { serving, servingLongLine } from './serving.ts'

const headers = { 'content-type': 'application/json', authorization: `Bearer ${clientKey}` }

function bodyOf(text: string, more: object = {}): string {
  const messages = [{ role: 'user', content: text }]
  return JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 9, messages, ...more })
}

async function ours(t: TestContext, upstreamUrl: string): Promise<Target> {
  const target = await startOurs(upstreamUrl)
  t.after(() => target.stop())
  return target
}

/** On a thread of its own: this one, which sends and reads the large bodies, is held up itself. */
const healthWatcher = `
const { get } = require('node:http')
const { parentPort, workerData } = require('node:worker_threads')
const { url, shared } = workerData
const ask = () => new Promise((resolve, reject) => {
  get(url, (answer) => answer.resume().once('end', resolve)).once('error', reject)
})
async function watch() {
  await ask()
  parentPort.postMessage('watching')
  while (shared.over[0] === 0) {
    const began = performance.now()
    await ask()
    shared.slowest[0] = Math.max(shared.slowest[0], performance.now() - began)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
watch()
`

/** Asks for its health every 20 ms until told; the longest that an answer took, ms, also of one that is still to come. */
async function watchHealth({ url }: Target): Promise<() => Promise<number>> {
  const shared = {
    over: new Uint8Array(new SharedArrayBuffer(1)),
    slowest: new Float64Array(new SharedArrayBuffer(8)),
  }
  const workerData = { url: `${url}/health`, shared }
  const watcher = new Worker(healthWatcher, { eval: true, workerData })
  await once(watcher, 'message')
  return async () => {
    const ended = once(watcher, 'exit')
    shared.over[0] = 1
    await ended
    assert.ok(shared.slowest[0]! > 0)
    return shared.slowest[0]!
  }
}

test('row 7: memory is small when idle and does not climb from load to load', async (t) => {
  const upstream = await startUpstream()
  t.after(() => upstream.stop())
  const target = await ours(t, upstream.url)
  await wait(1000)
  const idle = rssMb(target)
  const rounds: number[] = []
  const body = Buffer.from(bodyOf('word '.repeat(2000), { stream: true }))
  const ask = { path: '/v1/chat/completions', wish: 'events=500', body, events: 500 } as const
  for (let round = 0; round < 10; round += 1) {
    await run(target, { ask, concurrency: 100, forMs: 60_000, requests: 400 })
    await wait(500)
    rounds.push(rssMb(target))
  }
  t.diagnostic(
    `RSS idle ${idle.toFixed(0)} MB, after each of ten loads ${rounds.map((mb) => mb.toFixed(0)).join(' ')}`,
  )

  assert.ok(idle <= 80, `${idle} MB`)
  assert.ok(Math.max(...rounds) <= 256)
  assert.ok(median(rounds.slice(-3)) - median(rounds.slice(2, 5)) <= 20)
})

test('row 6: prompts of 10 MB do not hold others up', async (t) => {
  const upstream = await startUpstream()
  t.after(() => upstream.stop())
  const target = await ours(t, upstream.url)
  const body = bodyOf('word '.repeat(2_000_000))
  const slowest = await watchHealth(target)
  for (const path of ['/v1/messages', '/v1/chat/completions']) {
    for (let count = 0; count < 5; count += 1) {
      const answer = await fetch(target.url + path, { method: 'POST', headers, body })
      assert.equal(answer.status, 200)
      await answer.text()
    }
  }
  const ms = await slowest()
  t.diagnostic(`slowest health check ${ms.toFixed(0)} ms`)

  assert.ok(ms < 300, `${ms} ms`)
})

for (const path of ['/v1/messages', '/v1/chat/completions']) {
  test(`row 38: ${path}: a body of 100 MB costs little memory`, async (t) => {
    const text = 'x'.repeat(100_000_000)
    const content = [{ type: 'text', text }]
    const whole = JSON.stringify({
      id: 'm',
      type: 'message',
      role: 'assistant',
      content,
      stop_reason: 'end_turn',
    })
    const target = await ours(t, await serving(t, (res) => res.end(whole)))
    await wait(500)
    const before = rssMb(target)
    const peak = watchRss(target)
    const answer = await fetch(target.url + path, { method: 'POST', headers, body: bodyOf('x') })
    const { byteLength } = await answer.arrayBuffer()
    const grown = peak() - before
    t.diagnostic(`grew by ${grown.toFixed(0)} MB`)

    // To be translated a body has to be held whole, and more than once: so large a one is refused.
    if (path === '/v1/messages') assert.ok(byteLength > 100_000_000)
    else assert.equal(answer.status, 502)
    assert.ok(grown < 150, `${grown} MB`)
  })

  test(`row 40: ${path}: a line of 64 MB does not hold others up`, async (t) => {
    const begun = 'data: {"type":"message_start","message":{"id":"m"}}\n\n'
    const upstreamUrl = await servingLongLine(t, begun)
    const target = await ours(t, upstreamUrl)
    await wait(500)
    const before = rssMb(target)
    const [slowest, peak] = [await watchHealth(target), watchRss(target)]
    const body = bodyOf('x', { stream: true })
    const answer = await fetch(target.url + path, { method: 'POST', headers, body })
    const text = await answer.text()
    const [ms, grown] = [await slowest(), peak() - before]
    t.diagnostic(`slowest health check ${ms.toFixed(0)} ms, grew by ${grown.toFixed(0)} MB`)

    if (path === '/v1/chat/completions') assert.match(text, /upstream_protocol_error/)
    assert.ok(ms < 300, `${ms} ms`)
    assert.ok(grown < 150, `${grown} MB`)
  })
}
