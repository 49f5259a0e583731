/** What clients that leave, stop reading or send too much cost the compiled program. Linux only. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import {
  clientKey,
  openDescriptors,
  rssMb,
  startOurs,
  watchRss,
  type Target,
} from '../bench/processes.ts'
import { oneUpstream } from '../helpers/proxy.ts'
import { begun, roads } from './roads.ts'
import { serving } from './serving.ts'

const headers = { 'content-type': 'application/json', authorization: `Bearer ${clientKey}` }

/** The program in front of an upstream that writes `events` and, as fast as it is read, the last of them `more` times. */
async function ours(t: TestContext, events: string[], more = 0): Promise<Target> {
  const url = await serving(t, (res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write(events.join(''))
    let left = more
    const fill = () => {
      while (left > 0 && !res.destroyed && res.write(events.at(-1))) left -= 1
    }
    res.on('drain', fill)
    fill()
  })
  const target = await startOurs(url, { config: oneUpstream(url) })
  t.after(() => target.stop())
  return target
}

/** Asks and reads the first bytes of the answer, which then waits. */
async function begin(url: string, body: object): Promise<http.ClientRequest> {
  const sent = http.request(url, { method: 'POST', headers, agent: false })
  sent.on('error', () => undefined)
  sent.end(JSON.stringify({ ...body, stream: true }))
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  answer.on('error', () => undefined)
  await once(answer, 'data')
  answer.pause()
  return sent
}

for (const road of roads) {
  const { name, path, ask } = road
  const events = begun(road, ['x'.repeat(1000)])

  test(`row 10: ${name}: sixty streams that were left cost nothing any more`, async (t) => {
    const target = await ours(t, events)
    for (let count = 0; count < 20; count += 1) (await begin(target.url + path, ask)).destroy()
    await wait(1000)
    const before = { rss: rssMb(target), descriptors: openDescriptors(target) }

    for (let count = 0; count < 60; count += 1) (await begin(target.url + path, ask)).destroy()
    await wait(1000)
    const rss = rssMb(target) - before.rss
    const descriptors = openDescriptors(target) - before.descriptors
    t.diagnostic(`RSS +${rss.toFixed(0)} MB, descriptors +${descriptors}`)

    assert.ok(rss < 30, `${rss} MB`)
    assert.ok(descriptors <= 8, `${descriptors} descriptors`)
  })

  test(`row 11: ${name}: a stream of 96 MB that is not read costs little`, async (t) => {
    const target = await ours(t, events, 96_000)
    await wait(1000)
    const before = rssMb(target)
    const peak = watchRss(target)

    const sent = await begin(target.url + path, ask)
    await wait(3000)
    const grown = peak() - before
    sent.destroy()
    t.diagnostic(`grew by ${grown.toFixed(0)} MB`)

    assert.ok(grown < 60, `${grown} MB`)
  })
}

test('row 14: bodies of 110 MB, announced or not, are refused and take no memory', async (t) => {
  const target = await ours(t, [': never asked\n\n'])
  await wait(1000)
  const before = rssMb(target)
  const peak = watchRss(target)
  const piece = Buffer.alloc(1_000_000, 0x20)

  for (const { path } of roads) {
    for (const length of [{ 'content-length': 110_000_000 }, {}]) {
      const sent = http.request(target.url + path, {
        method: 'POST',
        headers: { ...headers, ...length },
        agent: false,
      })
      sent.on('error', () => undefined)
      const body = Readable.from(Array.from({ length: 110 }, () => piece))
      body.on('error', () => undefined)
      body.pipe(sent)
      const [answer] = (await once(sent, 'response')) as [IncomingMessage]
      assert.equal(answer.statusCode, 413)
      sent.destroy()
    }
  }
  const grown = peak() - before
  t.diagnostic(`grew by ${grown.toFixed(0)} MB`)

  // one body up to the limit of 100 MiB, and as much of those before as V8 lets lie before it collects: 64 MiB
  assert.ok(grown < 180, `${grown} MB`)
})
