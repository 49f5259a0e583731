/**
 * Debian's Chromium, one for all tests of a process. What a page does that it must not do fails its test: errors and warnings
 * of the console (refusals by the content security policy are such), exceptions, dialogs, requests to another origin, and
 * requests that fail.
 */
import assert from 'node:assert/strict'
import { after, type TestContext } from 'node:test'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { need, skipWithout } from '../helpers/packaged-server.ts'

export const skip = skipWithout('chromium')

/** No loopback name, and so no place where a page has a clipboard. */
export const otherName = 'proxy.test'

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  // its calls home, of which each start has several
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--host-resolver-rules=MAP ${otherName} 127.0.0.1`,
]

let started: Promise<Browser> | undefined

after(async () => {
  await (await started)?.close()
})

function browser(): Promise<Browser> {
  started ??= chromium.launch({ executablePath: need('chromium'), args: flags })
  return started
}

export interface Visit {
  page: Page
  /** what the page did that it must not do; a test that means it takes it out */
  faults: string[]
  /** Lets the next poll come, and waits until it is shown. */
  poll: () => Promise<void>
}

/** What tests opened: closed before their proxies are, as a page that asks a proxy which is gone says so in its console. */
const opened = new WeakMap<TestContext, (() => Promise<void>)[]>()

/** A test that visits pages. Fails at its end where one did what it must not. */
export function inBrowser(run: (t: TestContext) => Promise<void>) {
  return async (t: TestContext): Promise<void> => {
    const ends: (() => Promise<void>)[] = []
    opened.set(t, ends)
    t.after(() => Promise.all(ends.map((end) => end())))
    await run(t)
  }
}

/**
 * Opens the page in a context with nothing kept from before, and waits until its script has shown what it asked for.
 * `isTimed`: its clock is the real one, else it stands until the test moves it.
 */
export async function visit(
  t: TestContext,
  url: string,
  { isTimed = false, ...options }: BrowserContextOptions & { isTimed?: boolean } = {},
): Promise<Visit> {
  const size = { viewport: { width: 1280, height: 800 }, locale: 'en-US' }
  const context = await (await browser()).newContext({ ...size, ...options })
  // tsx gives functions their names by it, also those that run in the page
  await context.addInitScript('globalThis.__name = (named) => named')
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  const faults = faultsOf(page, new URL(url).origin)
  opened.get(t)!.push(async () => {
    await context.close()
    assert.deepEqual(faults, [])
  })
  if (!isTimed) await stopClock(page)
  const isLive = options.javaScriptEnabled !== false
  const first = isLive ? page.waitForResponse('**/status.json') : undefined
  await page.goto(url)
  await first
  if (isLive) await settled(page)
  return {
    page,
    faults,
    poll: async () => {
      const next = page.waitForResponse('**/status.json')
      await page.clock.fastForward(5_000)
      await next
      await settled(page)
    },
  }
}

/** An installed clock goes on by itself, and one cannot be stopped at a time that has passed: so it begins a minute ago. */
async function stopClock(page: Page): Promise<void> {
  const now = Date.now()
  await page.clock.install({ time: now - 60_000 })
  await page.clock.pauseAt(now)
}

/** An answer that is there is shown a few turns later. They are counted without a timer or a frame, as the clock may stand. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { port1, port2 } = new MessageChannel()
    for (let turn = 0; turn < 5; turn += 1) {
      const next = new Promise((resolve) =>
        port1.addEventListener('message', resolve, { once: true }),
      )
      port1.start()
      port2.postMessage(turn)
      await next
    }
  })
}

function faultsOf(page: Page, origin: string): string[] {
  const faults: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const asked = new URL(request.url())
    if (asked.protocol !== 'data:' && asked.origin !== origin) faults.push(asked.href)
  })
  page.on('requestfailed', (request) => faults.push(`${request.url()} failed`))
  return faults
}
