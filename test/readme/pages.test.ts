/** Both READMEs say the same, and what they point at is there. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { blocksOf, chinese, codeSpansOf, english, packageDir, textOf } from './page.ts'

test('both READMEs have the same blocks: commands, outputs, files', () => {
  const [inEnglish, inChinese] = [english, chinese].map((readme) =>
    // the map of the source is told in each language
    blocksOf(readme).filter(({ text }) => !/[─→]|^bin\//.test(text)),
  )

  assert.deepEqual(inChinese, inEnglish)
})

test('both READMEs name the same things in their sentences', () => {
  assert.deepEqual(codeSpansOf(chinese).toSorted(), codeSpansOf(english).toSorted())
})

for (const readme of [english, chinese]) {
  test(`the map of ${readme} names what is there`, () => {
    const map = blocksOf(readme).find(({ text }) => text.startsWith('bin/droid2api.ts'))!.text
    const places = map.split('\n').flatMap((line) => line.split(/\s/)[0] || [])

    assert.ok(places.length > 15)
    assert.deepEqual(
      places.filter((place) => !existsSync(path.join(packageDir, place))),
      [],
    )
  })

  test(`every link of ${readme} leads somewhere`, () => {
    const text = textOf(readme)
    const links = Array.from(text.matchAll(/\]\(([^)]+)\)/g), ([, link]) => link!)

    assert.ok(links.length > 10)
    assert.deepEqual(
      links.filter((link) => !leadsSomewhere(link, readme)),
      [],
    )
  })

  test(`${readme} names the versions of the SDKs that the tests use`, () => {
    const { devDependencies: used } = JSON.parse(
      readFileSync(path.join(packageDir, 'package.json'), 'utf8'),
    ) as { devDependencies: Record<string, string> }
    const text = textOf(readme)
    const row = (client: string) => text.split('\n').find((line) => line.includes(client)) ?? ''

    assert.ok(row('| [OpenAI SDK]').includes(used.openai!))
    assert.ok(row('| [Anthropic SDK]').includes(used['@anthropic-ai/sdk']!))
    assert.ok(row('| AI SDK').includes(used.ai!))
    assert.ok(row('| AI SDK').includes(used['@ai-sdk/openai-compatible']!))
  })
}

test('what CONTRIBUTING.md links to and names is there', () => {
  const text = readFileSync(path.join(packageDir, 'CONTRIBUTING.md'), 'utf8')
  const links = Array.from(text.matchAll(/\]\(([^)#]+)/g), ([, link]) => link!)
  const places = Array.from(text.matchAll(/`((?:bin|deploy|docs|lib|pipelines|test)\/\S*?)`/g))
  const named = [...links, ...places.map(([, place]) => place!)]

  assert.ok(named.length > 15)
  assert.deepEqual(
    named.filter((place) => !existsSync(path.join(packageDir, place))),
    [],
  )
})

/** As GitHub makes them. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
    .replaceAll(' ', '-')
}

/** To a file or a folder, to a heading of it, or to one of this page. */
function leadsSomewhere(link: string, readme: string): boolean {
  const [file, heading] = link.split('#')
  const page = file || readme
  if (!existsSync(path.join(packageDir, page))) return false
  return heading === undefined || headingsOf(page).has(heading)
}

function headingsOf(page: string): Set<string> {
  return new Set(Array.from(textOf(page).matchAll(/^#+ (.+)$/gm), ([, title]) => anchor(title!)))
}
