/** Every relative link of every page leads to a file that is there, and to a heading that is in it. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { packageDir, textOf } from './page.ts'

const pages = [
  ...readdirSync(packageDir).filter((name) => name.endsWith('.md')),
  '.github/SECURITY.md',
  ...readdirSync(path.join(packageDir, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

for (const page of pages) {
  test(`every link of ${page} leads somewhere`, () => {
    const links = linksOf(page).filter((link) => !/^[a-z]+:/.test(link))

    assert.deepEqual(
      links.filter((link) => !leadsSomewhere(page, link)),
      [],
    )
  })
}

test('a link to a heading that is not there leads nowhere', () => {
  assert.ok(linksOf('README.md').length > 20)
  assert.ok(leadsSomewhere('README.md', 'docs/deploy.md#scale-out'))
  assert.ok(leadsSomewhere('docs/zh-CN/deploy.md', '#多副本'))
  assert.ok(!leadsSomewhere('README.md', 'docs/deploy.md#scale-in'))
  assert.ok(!leadsSomewhere('README.md', 'docs/deployed.md'))
})

function linksOf(page: string): string[] {
  const text = textOf(page).replaceAll(/^```[\s\S]*?^```$/gm, '')
  const inline = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, link]) => link!)
  const inHtml = Array.from(text.matchAll(/(?:src|srcset|href)="([^"]+)"/g), ([, link]) => link!)
  return [...inline, ...inHtml]
}

function leadsSomewhere(page: string, link: string): boolean {
  const [file = '', heading] = link.split('#')
  const target = file === '' ? page : path.join(path.dirname(page), file)
  if (!existsSync(path.join(packageDir, target))) return false
  return heading === undefined || anchorsOf(target).has(heading)
}

function anchorsOf(page: string): Set<string> {
  const text = textOf(page).replaceAll(/^```[\s\S]*?^```$/gm, '')
  return new Set(Array.from(text.matchAll(/^#+ (.+)$/gm), ([, title]) => anchor(title!)))
}

/** As GitHub makes them. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
}
