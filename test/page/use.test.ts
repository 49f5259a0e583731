/** The page in use: what a click, a key and time do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { post, startProxy } from '../helpers/proxy.ts'
import { inBrowser, otherName, skip, visit } from './browser.ts'
import { busyProxy } from './busy-proxy.ts'

const key = 'the-key-of-whoever-looks'

/** What the rows of the last requests say went wrong, or did not. */
async function results(page: Page): Promise<string[]> {
  return await page.locator('#recent .result').allTextContents()
}

test(
  'contract §20.4: the filter shows errors alone, by a click and by its address',
  { skip },
  inBrowser(async (t) => {
    const { url } = await busyProxy(t)
    const { page, poll } = await visit(t, `${url}/status`)
    const failed = ['404 model_not_found', '400', '500 api_error']

    assert.equal((await results(page)).length, 9)
    await page.getByRole('link', { name: 'Errors 3' }).click()
    assert.deepEqual(await results(page), failed)
    await poll()
    assert.deepEqual(await results(page), failed)
    assert.match(page.url(), /show=errors/)
    const attempts = page.locator('#recent .tried').last()
    assert.equal(await attempts.textContent(), 'openai 500')
    await page.reload()
    assert.deepEqual(await results(page), failed)
    await page.getByRole('link', { name: 'All', exact: true }).click()
    assert.equal((await results(page)).length, 9)
    assert.equal(
      await page.locator('#recent .tried').last().textContent(),
      'anthropic/work 429anthropic/spare 200',
    )
  }),
)

test(
  'contract §20.4: the language that was chosen stays with the browser',
  { skip },
  inBrowser(async (t) => {
    const { url } = await startProxy(t)
    const { page, poll } = await visit(t, `${url}/status`)

    await page.getByRole('link', { name: '中文' }).click()
    assert.equal(await page.textContent('h1'), '一切正常')
    assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN')
    await poll()
    assert.equal(await page.textContent('h1'), '一切正常')
    await page.goto(`${url}/status`)
    await page.getByRole('heading', { name: '一切正常' }).waitFor()
  }),
)

test(
  'contract §20.4: without a script the page tells the same, and its links work',
  { skip },
  inBrowser(async (t) => {
    const { url } = await busyProxy(t)
    const { page } = await visit(t, `${url}/status`, { javaScriptEnabled: false })

    assert.equal((await results(page)).length, 9)
    assert.equal(await page.getByRole('button').count(), 0)
    await page.getByRole('link', { name: 'Errors 3' }).click()
    assert.equal((await results(page)).length, 3)
    await page.getByRole('link', { name: '中文' }).click()
    assert.equal(await page.textContent('h1'), '一切正常')
    assert.equal((await results(page)).length, 3)
  }),
)

test(
  'contract §20.5: a poll takes neither focus nor selection, nor what is folded open',
  { skip },
  inBrowser(async (t) => {
    const models = Array.from({ length: 40 }, (_, index) => ({
      name: `m${index}`,
      id: `model-${index}`,
      type: 'common',
    }))
    const proxy = await startProxy(t, { config: { models } })
    const { page, poll } = await visit(t, `${proxy.url}/status`)
    await page.locator('summary').click()
    await page.getByRole('button', { name: 'Copy name: model-3', exact: true }).focus()
    await page.evaluate(() => getSelection()!.selectAllChildren(document.querySelector('h2')!))
    await page.evaluate(() => Object.assign(window, { kept: document.activeElement }))

    await post(`${proxy.url}/v1/chat/completions`, { model: 'model-99', messages: [] })
    await poll()

    assert.deepEqual(await results(page), ['404 model_not_found'])
    assert.ok(
      await page.evaluate(() => Object.is(document.activeElement, Reflect.get(window, 'kept'))),
    )
    assert.equal(await page.evaluate(() => String(getSelection())), 'Accounts')
    assert.ok(await page.locator('details').evaluate((one) => one.hasAttribute('open')))
  }),
)

test(
  'contract §20.5: while nobody looks nothing is asked, and then at once',
  { skip },
  inBrowser(async (t) => {
    const { url } = await startProxy(t)
    const { page } = await visit(t, `${url}/status`)
    let asked = 0
    page.on('request', () => (asked += 1))
    const turn = (state: string) =>
      page.evaluate((now) => {
        Object.defineProperty(document, 'visibilityState', { value: now, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, state)

    await turn('hidden')
    await page.clock.fastForward(60_000)
    assert.equal(asked, 0)
    const back = page.waitForResponse('**/status.json')
    await turn('visible')
    await back
    assert.equal(asked, 1)
  }),
)

test(
  'contract §20.5: a proxy that does not answer is told, and found again',
  { skip },
  inBrowser(async (t) => {
    const { url } = await startProxy(t)
    const { page, faults, poll } = await visit(t, `${url}/status`)

    await page.route('**/status.json', (route) => route.abort())
    await page.clock.fastForward(5_000)
    await page.getByRole('heading', { name: 'No answer from the proxy' }).waitFor()
    assert.match((await page.textContent('.notes')) ?? '', /The page goes on asking/)
    await page.unroute('**/status.json')
    await poll()
    assert.equal(await page.textContent('h1'), 'Everything works')

    assert.equal(faults.splice(0).length, 2, 'the failed request, and the line in the console')
  }),
)

test(
  'contract §20.5: a proxy of another version makes the page load anew',
  { skip },
  inBrowser(async (t) => {
    const proxy = await startProxy(t, { env: { ADMIN_KEY: key } })
    const httpCredentials = { username: 'me', password: key }
    const { page } = await visit(t, `${proxy.url}/status`, { httpCredentials })

    Object.assign(proxy.app, { version: '9.9.9' })
    const reloaded = page.waitForEvent('load')
    await page.clock.fastForward(5_000)
    await reloaded

    assert.equal(await page.textContent('.brand span'), '9.9.9')
  }),
)

test(
  'contract §20.7: every link, field and button is reached by Tab, in the order of the page',
  { skip },
  inBrowser(async (t) => {
    const { url } = await busyProxy(t)
    const { page } = await visit(t, `${url}/status`)
    const stops = await page.evaluate(() =>
      Array.from(document.querySelectorAll('a, button, input, summary, [tabindex]'))
        .filter((one) => one.checkVisibility())
        .map((one) => one.outerHTML),
    )

    const reached: string[] = []
    for (const _ of stops) {
      await page.keyboard.press('Tab')
      const [html, isMarked] = await page.evaluate(() => {
        const one = document.activeElement!
        return [one.outerHTML, getComputedStyle(one).outlineStyle !== 'none'] as const
      })
      assert.ok(isMarked, html)
      reached.push(html)
    }

    assert.ok(stops.length > 20)
    assert.deepEqual(reached, stops)
    await page.reload()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    assert.match(page.url(), /#main$/)
  }),
)

test(
  'contract §20.8: a button copies what stands beside it, and says so',
  { skip },
  inBrowser(async (t) => {
    const { url } = await busyProxy(t)
    const { page } = await visit(t, `${url}/status`, {
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const pasted = () => page.evaluate(() => navigator.clipboard.readText())
    const button = page.getByRole('button', { name: 'Copy: Claude Code' })

    await button.click()
    await page.getByText('Copied').waitFor({ state: 'attached' })
    // the mouse is still above it, and what it says stands in place of its name
    assert.equal(await styleOf(button, 'color'), 'rgba(0, 0, 0, 0)')
    assert.equal(await pasted(), await page.locator('#connect pre').first().textContent())
    assert.equal(await button.getAttribute('data-said'), 'Copied')
    await page.clock.fastForward(2_000)
    assert.equal(await button.getAttribute('data-said'), null)

    await page.getByRole('button', { name: 'Copy curl: gpt-5.4' }).click()
    assert.equal(
      await pasted(),
      `curl ${url}/v1/chat/completions -H 'content-type: application/json' -H 'authorization: Bearer YOUR_CLIENT_KEY' \\\n  -d '{"model":"gpt-5.4","messages":[{"role":"user","content":"Hello"}]}'`,
    )
  }),
)

test(
  'contract §20.8: it copies also where the page is reached by plain HTTP and a name',
  { skip },
  inBrowser(async (t) => {
    const models = Array.from({ length: 20 }, (_, index) => ({
      name: `m${index}`,
      id: `model-${index}`,
      type: 'common',
    }))
    const { url } = await startProxy(t, { config: { models }, env: { ADMIN_KEY: key } })
    const there = url.replace('127.0.0.1', otherName)
    const authorization = `Basic ${Buffer.from(`me:${key}`).toString('base64')}`
    const { page } = await visit(t, `${there}/status`, {
      extraHTTPHeaders: { authorization },
    })

    assert.equal(await page.evaluate(() => isSecureContext), false)
    await page.getByRole('button', { name: 'Copy name: model-7', exact: true }).click()
    await page.getByText('Copied').waitFor({ state: 'attached' })
    await page.getByRole('searchbox').focus()
    await page.keyboard.press('Control+V')
    assert.equal(await page.getByRole('searchbox').inputValue(), 'model-7')
    assert.ok((await page.textContent('#connect'))!.includes(`ANTHROPIC_BASE_URL=${there} `))
  }),
)

test(
  'contract §20.7: a contrast theme of the system shows what is chosen, and one text on a button',
  { skip },
  inBrowser(async (t) => {
    const { url } = await busyProxy(t)
    const { page } = await visit(t, `${url}/status`, {
      forcedColors: 'active',
      permissions: ['clipboard-write'],
    })
    const button = page.getByRole('button', { name: 'Copy: Claude Code' })
    const chosen = page.locator('.choice [aria-current]').first()

    await button.click()
    await page.getByText('Copied').waitFor({ state: 'attached' })

    assert.equal(await styleOf(button, 'color'), 'rgba(0, 0, 0, 0)')
    assert.equal(await styleOf(chosen, 'outlineStyle'), 'solid')
  }),
)

test(
  'contract §20.7: on paper the text is dark, whatever the theme of the screen',
  { skip },
  inBrowser(async (t) => {
    const { url } = await busyProxy(t)
    const { page } = await visit(t, `${url}/status`, { colorScheme: 'dark' })
    const body = page.locator('body')
    const onScreen = await styleOf(body, 'color')

    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })

    assert.equal(onScreen, 'rgb(236, 236, 234)')
    assert.equal(await styleOf(body, 'color'), 'rgb(29, 30, 33)')
  }),
)

async function styleOf(place: Locator, name: 'color' | 'outlineStyle'): Promise<string> {
  return await place.evaluate((element, property) => getComputedStyle(element)[property], name)
}
