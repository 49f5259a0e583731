/** The pages in both languages say the same, and what they name is there. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { blocksOf, codeSpansOf, fromTheOriginal, packageDir, textOf, translations } from './page.ts'

for (const [english, chinese] of translations) {
  test(`${chinese} has the blocks of ${english}: commands, outputs, files`, () => {
    const [inEnglish, inChinese] = [english, chinese].map((page) =>
      // the words of a picture are in each language
      blocksOf(page).filter(({ language }) => language !== 'mermaid'),
    )

    assert.deepEqual(inChinese, inEnglish)
  })

  test(`${chinese} names in its sentences what ${english} names`, () => {
    assert.deepEqual(codeSpansOf(chinese).toSorted(), codeSpansOf(english).toSorted())
  })

  test(`${chinese} and ${english} say what \`droid2api\` is where it is not installed`, () => {
    for (const page of [chinese, english]) {
      const names = codeSpansOf(page).some((span) => /^droid2api [a-z]/.test(span))
      assert.ok(!names || textOf(page).includes('node dist/bin/droid2api.js'), page)
    }
  })

  test(`each row of a table of ${english} has one in ${chinese}`, () => {
    const rows = (page: string) => textOf(page).match(/^\|/gm)?.length

    assert.equal(rows(chinese), rows(english))
  })
}

test(`${fromTheOriginal} names, row by row, what breaks by CHANGELOG.md`, () => {
  const namedIn = (text: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
      .slice(1)
      .map((row) => row.match(/`[^`]+`/g)?.toSorted())
  const [, breaks = ''] = /^### What breaks.*?$(.*?)^### /ms.exec(textOf('CHANGELOG.md')) ?? []

  assert.ok(namedIn(breaks).length > 8)
  assert.deepEqual(namedIn(textOf(fromTheOriginal)), namedIn(breaks))
})

for (const readme of ['README.md', 'README.zh-CN.md']) {
  test(`${readme} is short enough to be read: at most 240 lines`, () => {
    assert.ok(textOf(readme).split('\n').length <= 241)
  })
}

test('the figures of the READMEs are those of docs/performance.md', () => {
  const rows = textOf('docs/performance.md').split('\n')
  /** those of Node 20, which come first */
  const figures = (row: string) => {
    const line = rows.find((one) => one.startsWith(`| ${row}`))!
    const [, bare, ours] = /([\d.]+) → ([\d.]+) (?:ms|MB)/.exec(line)!
    return [Number(bare), Number(ours)] as const
  }
  const [bare, ours] = figures('JSON 1 KB passed through, latency at 100 requests/s, p50')
  const expected = [
    `${(ours - bare).toFixed(1)} ms`,
    `${Math.round(figures('memory idle')[1])} MB`,
    `${figures('memory with 1 000')[1]} MB`,
    `${figures('start to first answer')[1]} ms`,
  ]

  for (const page of ['README.md', 'README.zh-CN.md']) {
    const said = textOf(page).match(/[\d.]+ (?:ms|MB)(?=[ ,.，。（])/g)
    assert.deepEqual(said, expected, page)
  }
})

test('each page of docs/ says in its first line whom it is for', () => {
  const inEnglish = readdirSync(path.join(packageDir, 'docs')).filter((name) =>
    name.endsWith('.md'),
  )

  assert.ok(inEnglish.length > 8)
  for (const name of inEnglish) assert.match(textOf(`docs/${name}`), /^# .+\n\nFor whoever /, name)
  const inChinese = [...translations.slice(1).map(([, chinese]) => chinese), fromTheOriginal]
  for (const chinese of inChinese) {
    assert.match(textOf(chinese), /^# .+\n\n供/, chinese)
  }
})

test('the map of CONTRIBUTING.md names what is there', () => {
  const map = blocksOf('CONTRIBUTING.md').find(({ text }) => text.startsWith('bin/droid2api.ts'))!
  const places = map.text.split('\n').flatMap((line) => line.split(/\s/)[0] || [])

  assert.ok(places.length > 20)
  assert.deepEqual(
    places.filter((place) => !existsSync(path.join(packageDir, place))),
    [],
  )
})

test('the map of CONTRIBUTING.md has every folder of lib and pipelines', () => {
  const map = textOf('CONTRIBUTING.md')
  const folders = ['lib', 'pipelines'].flatMap((root) =>
    readdirSync(path.join(packageDir, root), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${root}/${name}/`),
  )

  assert.ok(folders.length > 15)
  assert.deepEqual(
    folders.filter((folder) => !map.includes(`\n${folder} `)),
    [],
  )
})

test('what CONTRIBUTING.md names is there', () => {
  const named = codeSpansOf('CONTRIBUTING.md').filter((span) =>
    /^(?:\.ci|bin|deploy|docs|lib|pipelines|test)\/\S*$|^[A-Z]+\.md$/.test(span),
  )

  assert.ok(named.length > 5)
  assert.deepEqual(
    named.filter((place) => !existsSync(path.join(packageDir, place))),
    [],
  )
})

for (const page of ['docs/clients.md', 'docs/zh-CN/clients.md']) {
  test(`${page} names the versions of the SDKs that the tests use`, () => {
    const { devDependencies: used } = JSON.parse(textOf('package.json')) as {
      devDependencies: Record<string, string>
    }
    const text = textOf(page)
    const row = (client: string) => text.split('\n').find((line) => line.includes(client)) ?? ''

    assert.ok(row('| [OpenAI SDK]').includes(used.openai!))
    assert.ok(row('| [Anthropic SDK]').includes(used['@anthropic-ai/sdk']!))
    assert.ok(row('| [AI SDK]').includes(used.ai!))
    assert.ok(row('| [AI SDK]').includes(used['@ai-sdk/openai-compatible']!))
  })
}
