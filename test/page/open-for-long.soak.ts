/**
 * The page open for an hour at one request a second: as many polls and requests as that hour has (PAGE_POLLS, 720), one after the
 * other without the time between. The page may grow by 2 MB, and the compiled program by no more than it does without a page.
 * Linux only.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientKey, rssMb, startOurs, startUpstream, type Target } from '../bench/processes.ts'
import { inBrowser, skip, visit } from './browser.ts'

const polls = Number(process.env.PAGE_POLLS ?? 720)
const requestsPerPoll = 5

async function ask({ url }: Target): Promise<void> {
  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': clientKey },
    body: '{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}',
  })
  await answer.text()
}

/** The same requests; without a page nobody looks between them. Hands back the memory of the program after each tenth. */
async function hour(target: Target, look: () => Promise<void>): Promise<number[]> {
  const sizes: number[] = []
  for (let count = 1; count <= polls; count += 1) {
    for (let asked = 0; asked < requestsPerPoll; asked += 1) await ask(target)
    await look()
    if (count % Math.ceil(polls / 10) === 0) sizes.push(rssMb(target))
  }
  return sizes
}

test(
  `contract §20.5: open for ${polls} polls, neither page nor proxy grows`,
  { skip },
  inBrowser(async (t) => {
    const upstream = await startUpstream()
    t.after(() => upstream.stop())
    const [watched, alone] = [await startOurs(upstream.url), await startOurs(upstream.url)]
    for (const target of [watched, alone]) t.after(() => target.stop())
    const { page } = await visit(t, `${watched.url}/status?all=1`, { isTimed: true })
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Performance.enable')
    const look = async () => {
      const answer = page.waitForResponse('**/status.json')
      await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))
      await answer
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
    }
    const measure = async () => {
      await cdp.send('HeapProfiler.collectGarbage')
      const { metrics } = await cdp.send('Performance.getMetrics')
      const of = (name: string) => metrics.find((one) => one.name === name)?.value ?? NaN
      return {
        heapMb: of('JSHeapUsedSize') / 1e6,
        nodes: of('Nodes'),
        listeners: of('JSEventListeners'),
      }
    }

    // until the list of last requests is full
    for (let count = 0; count < 250; count += 1) await ask(watched)
    for (let count = 0; count < 20; count += 1) await look()
    const before = await measure()
    const withPage = await hour(watched, look)
    const after = await measure()
    const without = await hour(alone, async () => undefined)

    const shown = (sizes: number[]) => sizes.map((size) => size.toFixed(0)).join(' ')
    t.diagnostic(`page: ${JSON.stringify(before)} → ${JSON.stringify(after)}`)
    t.diagnostic(`proxy with the page, MB: ${shown(withPage)}; without: ${shown(without)}`)
    assert.ok(after.heapMb - before.heapMb <= 2)
    assert.ok(after.nodes - before.nodes <= 200)
    assert.equal(after.listeners, before.listeners)
    // the halves against each other: what grows with time shows in the second
    assert.ok(withPage.at(-1)! - withPage[4]! <= 3, shown(withPage))
  }),
)
