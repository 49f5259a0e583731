/**
 * `npm run screenshots`: the pictures of the status page in the README, of a proxy that has something to show. Needs Chromium and
 * Debian's `webp` and `fonts-inter`, so that they look the same wherever they are made.
 */
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { tempDir } from '../helpers/temp-dir.ts'
import { inBrowser, visit } from './browser.ts'
import { busyProxy } from './busy-proxy.ts'

const docsDir = path.join(import.meta.dirname, '..', '..', 'docs')

/** What a desktop calls its own font is here the same on every machine. */
function fonts(dir: string): string {
  const file = path.join(dir, 'fonts.conf')
  writeFileSync(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>/usr/share/fonts</dir><cachedir>${dir}</cachedir>
<match target="pattern"><test name="family" qual="any"><string>system-ui</string></test>
<edit name="family" mode="assign" binding="strong"><string>Inter</string></edit></match>
<match target="pattern"><test name="family" qual="any"><string>ui-monospace</string></test>
<edit name="family" mode="assign" binding="strong"><string>DejaVu Sans Mono</string></edit></match>
</fontconfig>`,
  )
  return file
}

test(
  'pictures for the README',
  inBrowser(async (t) => {
    const dir = tempDir()
    process.env.FONTCONFIG_FILE = fonts(dir)
    const proxy = await busyProxy(t)
    // as after some days
    const started = Date.now() - 12.3 * 86_400_000
    process.uptime = () => (Date.now() - started) / 1000
    Object.assign(proxy.app, { version: '1.0.0' })
    Object.assign(proxy.app.configState, { loadedAt: started + 90_000_000 })
    for (const colorScheme of ['light', 'dark'] as const) {
      const size = { viewport: { width: 1180, height: 1340 }, deviceScaleFactor: 1.5 }
      const { page } = await visit(t, `${proxy.url}/status`, { colorScheme, ...size })
      const png = path.join(dir, 'page.png')
      await page.screenshot({ path: png })
      const picture = path.join(docsDir, `status-${colorScheme}.webp`)
      execFileSync('cwebp', ['-quiet', '-q', '88', '-m', '6', png, '-o', picture])
      rmSync(png)
    }
  }),
)
