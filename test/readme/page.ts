/** The pages, read as their readers do: blocks to copy, what they print, words in the text that are commands. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const packageDir = path.join(import.meta.dirname, '..', '..')

const security = 'docs/zh-CN/security.md'

/** In Chinese, what a section of CHANGELOG.md says. */
export const fromTheOriginal = 'docs/zh-CN/from-the-original.md'

/** The pages whose commands and files the tests of this folder run, each with the page that says the same in Chinese. */
export const translations: [english: string, chinese: string][] = [
  ['README.md', 'README.zh-CN.md'],
  ['.github/SECURITY.md', security],
  ...readdirSync(path.join(packageDir, 'docs', 'zh-CN'))
    .filter((name) => ![fromTheOriginal, security].includes(`docs/zh-CN/${name}`))
    .map((name): [string, string] => [`docs/${name}`, `docs/zh-CN/${name}`]),
]

/** Their blocks need a configuration or a vendor of their own: `operating.test.ts` and `test/presets/page.test.ts` run them. */
const triedElsewhere = new Set(['docs/operating.md', 'docs/presets.md'])

/** Those without the Chinese ones, which have the same blocks. */
const english = [...translations.map(([page]) => page), 'CONTRIBUTING.md'].filter(
  (page) => !triedElsewhere.has(page),
)

export interface Block {
  /** `sh`, `json`, …; empty for what a command prints */
  language: string
  text: string
}

export function textOf(page: string): string {
  return readFileSync(path.join(packageDir, page), 'utf8')
}

export function blocksOf(page: string): Block[] {
  return Array.from(textOf(page).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm), (found) => ({
    language: found[1]!,
    text: found[2]!,
  }))
}

/** What stands in the text of a page as code, without the blocks; each once. */
export function codeSpansOf(page: string): string[] {
  const text = textOf(page).replaceAll(/^```[\s\S]*?^```$/gm, '')
  return [...new Set(Array.from(text.matchAll(/`([^`\n]+)`/g), ([, code]) => code!))]
}

/** What stands in the text of any page as code. */
export function codeSpans(): string[] {
  return [...new Set(english.flatMap(codeSpansOf))]
}

/** The blocks of a language on all pages. Two pages may show the same one. */
export function textsIn(language: string): string[] {
  const blocks = english.flatMap(blocksOf).filter((block) => block.language === language)
  return [...new Set(blocks.map(({ text }) => text))]
}

/** The same, by their first line. */
export function blocksIn(language: string): Map<string, string> {
  const blocks = new Map<string, string>()
  for (const text of textsIn(language)) {
    const first = text.slice(0, text.indexOf('\n'))
    if (blocks.has(first)) throw new Error(`two blocks begin with ${first} and are not the same`)
    blocks.set(first, text)
  }
  return blocks
}

/** The block that begins so. */
export function blockOf(language: string, begins: string): string {
  const found = textsIn(language).find((text) => text.startsWith(begins))
  if (found === undefined) throw new Error(`no block begins with ${begins}`)
  return found
}

/** What a page shows as printed by the block that begins so: the block behind it. */
export function shownAfter(begins: string): string {
  const blocks = english.flatMap(blocksOf)
  const shown = blocks
    .filter((_, index) => blocks[index - 1]?.text.startsWith(begins))
    .find(({ language }) => language === '')
  if (!shown) throw new Error(`nothing is shown for ${begins}`)
  return shown.text
}

export const troubleshooting = ['docs/troubleshooting.md', 'docs/zh-CN/troubleshooting.md'] as const

/** What the rows of a table of messages quote, row by row: the code in their first column. */
export function quotesOf(page: string): string[][] {
  const rows = textOf(page)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  return rows.map((row) =>
    Array.from(row.split(' | ')[0]!.matchAll(/`([^`]+)`/g), ([, quote]) => quote!),
  )
}
