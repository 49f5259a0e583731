/** How the page looks in a real browser: at three sizes, in both themes and both languages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inBrowser, skip, visit } from './browser.ts'
import { busyProxy } from './busy-proxy.ts'
import { paleTexts, tooWide, unlabelled } from './measures.ts'

const sizes = [360, 768, 1280]
const themes = ['light', 'dark'] as const
const languages = { 'en-US': 'Everything works', 'zh-CN': '一切正常' }

test(
  'contract §20.7: at each size, in each theme and language all fits, is labelled and can be read',
  { skip },
  inBrowser(async (t) => {
    const { url } = await busyProxy(t)
    const ways = themes.flatMap((colorScheme) =>
      Object.entries(languages).map(([locale, heading]) => ({ colorScheme, locale, heading })),
    )
    const looks = ways.map(({ colorScheme, locale, heading }) =>
      t.test(
        `${colorScheme}, ${locale}`,
        inBrowser(async (one) => {
          const { page } = await visit(one, `${url}/status`, { colorScheme, locale })

          assert.equal(await page.textContent('h1'), heading)
          assert.deepEqual(await unlabelled(page), [])
          for (const width of sizes) {
            await page.setViewportSize({ width, height: 800 })
            assert.deepEqual(await tooWide(page), [], `${width} px`)
            assert.deepEqual(await paleTexts(page), [], `${width} px`)
          }
        }),
      ),
    )
    await Promise.all(looks)
  }),
)
