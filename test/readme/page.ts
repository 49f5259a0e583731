/** A README, read as its readers do: blocks to copy, what they print, words in the text that are commands. */
import { readFileSync } from 'node:fs'
import path from 'node:path'

export const packageDir = path.join(import.meta.dirname, '..', '..')
export const english = 'README.md'
export const chinese = 'README.zh-CN.md'

export interface Block {
  /** `sh`, `json`, …; empty for what a command prints */
  language: string
  text: string
}

export function textOf(readme: string): string {
  return readFileSync(path.join(packageDir, readme), 'utf8')
}

export function blocksOf(readme: string): Block[] {
  return Array.from(textOf(readme).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm), (found) => ({
    language: found[1]!,
    text: found[2]!,
  }))
}

/** What stands in the text as code, without the blocks; each once. */
export function codeSpansOf(readme: string): string[] {
  const text = textOf(readme).replaceAll(/^```[\s\S]*?^```$/gm, '')
  return [...new Set(Array.from(text.matchAll(/`([^`\n]+)`/g), ([, code]) => code!))]
}

/** The blocks of a language, by their first line. */
export function blocksIn(language: string): Map<string, string> {
  const blocks = new Map<string, string>()
  for (const { text } of blocksOf(english).filter((block) => block.language === language)) {
    const first = firstLine(text)
    if (blocks.has(first)) throw new Error(`two blocks begin with ${first}`)
    blocks.set(first, text)
  }
  return blocks
}

/** The block that begins so. */
export function blockOf(language: string, begins: string): string {
  const found = blocksOf(english).find(
    (block) => block.language === language && block.text.startsWith(begins),
  )
  if (!found) throw new Error(`no block begins with ${begins}`)
  return found.text
}

/** What the page shows as printed by the block that begins so: the block behind it. */
export function shownAfter(begins: string): string {
  const blocks = blocksOf(english)
  const at = blocks.findIndex(({ text }) => text.startsWith(begins))
  const next = blocks[at + 1]
  if (at === -1 || !next || next.language === 'sh')
    throw new Error(`nothing is shown for ${begins}`)
  return next.text
}

function firstLine(text: string): string {
  return text.slice(0, text.indexOf('\n'))
}

/** What the rows of the troubleshooting table quote: the code in their first column. */
export function quotesOf(readme: string): string[] {
  return troubles(readme).flatMap((row) =>
    Array.from(row.split(' | ')[0]!.matchAll(/`([^`]+)`/g), ([, quote]) => quote!),
  )
}

/** The only table whose first column quotes messages: it begins with the port that is taken. */
function troubles(readme: string): string[] {
  const text = textOf(readme)
  const begin = text.indexOf('\n| `Port … on … is in use`')
  return text.slice(begin + 1, text.indexOf('\n\n', begin)).split('\n')
}
