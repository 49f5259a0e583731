/** The page with no model, one, and four hundred, and with names that mean harm. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { post, startProxy } from '../helpers/proxy.ts'
import { inBrowser, skip, visit } from './browser.ts'
import { tooWide, unlabelled } from './measures.ts'

const model = (id: string, name = id) => ({ id, name, type: 'common' })

for (const count of [0, 1, 400]) {
  test(
    `contract §20.7: ${count} models are shown, found and fit`,
    { skip },
    inBrowser(async (t) => {
      const models = Array.from({ length: count }, (_, index) => model(`vendor/model-${index}`))
      const { url } = await startProxy(t, { config: { models } })
      const { page, poll } = await visit(t, `${url}/status`, {
        viewport: { width: 360, height: 700 },
      })

      assert.deepEqual([await tooWide(page), await unlabelled(page)], [[], []])
      const rows = page.locator('#models tbody tr:visible')
      assert.equal(await rows.count(), Math.min(count, 15))
      if (count === 0) assert.match((await page.textContent('#models'))!, /No model is configured/)
      if (count < 400) return
      const search = page.getByRole('searchbox', { name: 'Find a model' })
      await search.fill('MODEL-39')
      assert.equal(await rows.count(), 11)
      await poll()
      assert.equal(await rows.count(), 11)
      await search.fill('no such')
      assert.match((await page.textContent('#models'))!, /No model has “no such” in its name/)
      await search.fill('')
      await page.locator('summary').click()
      assert.equal(await rows.count(), 400)
      assert.deepEqual(await tooWide(page), [])
    }),
  )
}

const harm = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(2)</script>',
  "'-alert(3)-'",
  '</style></title><svg onload=alert(4)>',
  'javascript:alert(5)',
  '{{constructor.constructor("alert(6)")()}}',
  '$& $1 {0} {1}',
  '\u202Etxt.exe‮',
  'x'.repeat(300),
  '__proto__',
  '🦊 模型 ü',
]

test(
  'contract §20.6: names that mean harm are texts, in HTML and in the browser',
  { skip },
  inBrowser(async (t) => {
    const models = harm.map((id) => model(id, `of ${id}`))
    const { url } = await startProxy(t, { config: { models } })
    for (const id of harm) {
      await post(`${url}/v1/chat/completions`, { model: `${id}?`, messages: [] })
    }
    for (const javaScriptEnabled of [true, false]) {
      const { page } = await visit(t, `${url}/status`, { javaScriptEnabled })

      const shown = await page.locator('#models tbody th .id').allTextContents()
      const asked = await page.locator('#recent .what').allTextContents()
      assert.deepEqual(shown, harm)
      assert.deepEqual(
        asked.toReversed(),
        harm.map((id) => `${id}?`.slice(0, 100)),
      )
      assert.equal(
        await page.locator('main img, main script, main [onerror], main [onload]').count(),
        0,
      )
      assert.ok((await page.locator('#connect pre').count()) > 2)
      await page.setViewportSize({ width: 360, height: 700 })
      assert.deepEqual(await tooWide(page), [])
    }
  }),
)

test('contract §20.6: the page repeats nothing of a request’s address and headers', async (t) => {
  const { url, server } = await startProxy(t)
  assert.ok(server.listening)

  const answer = await fetch(`${url}/status?lang=%3Cscript%3E&show=%22%3E&measure=x`, {
    headers: { accept: 'text/html', 'accept-language': '<b>' },
  })

  const html = await answer.text()
  assert.match(html, /^<!doctype html><html lang="en">/)
  assert.doesNotMatch(html, /<script>|<b>/)
})
