/** The page of troubleshooting: it quotes what the program says, and all that a user can meet. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { ConfigError, loadConfig } from '../../lib/config/load.ts'
import { packageDir, quotesOf, textOf, troubleshooting } from './page.ts'

/** What Claude Code, Codex and Docker say. */
const foreign = new Set([
  "doesn't recognize the model",
  "There's an issue with the selected model",
  'Missing environment variable',
  '.env not found',
])

/** Parts of other messages and of explanations, and what only the log says beside an error that the client was told. */
const needNoRow = [
  /^\$\{(?:config\.file|choice\.path|place)\}:? \$\{/,
  /^The client (?:closed the connection|left)/,
  /^(?:limit must be|\$\{param\} names no model)/,
  /^(?:it (?:switched protocols|closed the connection|was given up)|its name has no address)/,
  /^no (?:answer within|endpoint serves the model)/,
  /^(?:`model` stands in the address|a request that is explained)/,
  /^(?:an answer|request failed by a fault of this program)/,
  /^(?:ENOTDIR$|a request that is explained is not sent$|the proxy is being stopped; it waited for)/,
  /^(?:names )?\$\{file\}:? \$\{(?:whyUnreadable|unreadableWithRemedy)/,
]

const ownSource = ['bin', 'lib', 'pipelines/json'].map(sourceIn).join('\n')
const said = [ownSource, sourceIn('pipelines'), faultOf({ port: 'x' })].join('\n')

const [english, chinese] = troubleshooting
const rows = quotesOf(english)
const quotes = rows.flat()

for (const quote of quotes) {
  test(`quoted: ${quote}`, () => {
    assert.ok(foreign.has(quote) || patternOf(quote).test(said), 'nothing says this')
  })
}

test('every message that a user can meet has its row', () => {
  const known = [...quotes.map(patternOf), ...needNoRow]
  const messages = messagesIn(ownSource)
  assert.ok(messages.length > 50, `${messages.length} messages`)

  const withoutRow = messages.filter((message) => !known.some((pattern) => pattern.test(message)))

  assert.deepEqual(withoutRow, [])
})

test('the rows stand in the order of the alphabet, by the first message of each', () => {
  const firsts = rows.map(([first]) => first!.replace(/^[^a-z\d]+/i, '').toLowerCase())

  assert.deepEqual(
    firsts.filter((first, index) => index > 0 && first < firsts[index - 1]!),
    [],
  )
})

test('the Chinese page quotes the same messages in the same order', () => {
  assert.deepEqual(quotesOf(chinese), rows)
})

test('the messages that the READMEs have a word on are on that page, too', () => {
  const [inEnglish, inChinese] = ['README.md', 'README.zh-CN.md'].map((page) => {
    const text = textOf(page)
    const table = text.slice(text.indexOf('\n| `Port … on … is in use`'))
    return Array.from(table.matchAll(/^\| `([^`]+)`/gm), ([, quote]) => quote!)
  })

  assert.ok(inEnglish!.length > 5)
  assert.deepEqual(inChinese, inEnglish)
  assert.deepEqual(
    inEnglish!.filter((quote) => !quotes.includes(quote)),
    [],
  )
})

/** All source in a folder, without the demo, whose answers are examples. */
function sourceIn(dir: string): string {
  return readdirSync(path.join(packageDir, dir), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.c?[tj]s$/.test(name) && !name.startsWith('demo'))
    .map((name) => readFileSync(path.join(packageDir, dir, name), 'utf8'))
    .join('\n')
}

/** `…` is any value, which in the source is an expression. */
function patternOf(quote: string): RegExp {
  const parts = quote.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(parts.join('.{0,80}?'))
}

/** The texts of errors, faults, warnings and log lines. */
function messagesIn(source: string): string[] {
  const callees = [
    String.raw`Error\(\s*(?:\d+,\s*(?:'\w+'|null),\s*)?`,
    String.raw`badRequest\(\s*'\w+',\s*(?:'\w+'|\w+),\s*`,
    String.raw`forbidden\(\s*'\w+',\s*`,
    String.raw`(?:invalidJson|fault|(?<!#)note|push)\(\s*`,
    String.raw`log\.(?:warn|error)\(\s*(?:\{[^}]*\},\s*)?`,
  ]
  const calls = new RegExp(`(?:${callees.join('|')})(['\`])((?:(?!\\1).)*)\\1\\s*[,)]`, 'gs')
  return Array.from(source.matchAll(calls), ([, , message]) => message!)
}

/** What the program says of a configuration file with such a fault in it. */
function faultOf(config: unknown): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'droid2api-'))
  try {
    writeFileSync(path.join(dir, 'config.json'), JSON.stringify(config))
    loadConfig({ flags: { config: 'config.json' }, env: {}, cwd: dir, packageDir, homeDir: dir })
    return ''
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
