/**
 * Tests and the contract (`docs/*.md`) held together. Every section, rule, row, case and kind of the pages is in the name of a test,
 * and no test names what the pages do not have. `§5.4` is a section of translation.md, `§2.6` a rule of its section 2, `contract
 * §5.3` a rule of contract.md, `row 12`, `T9`, `O16`, `KT2` and `KO3` are in faults.md. A failure lists what is missing.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const docsDir = path.join(import.meta.dirname, '..', 'docs')
const [contract, translation, faults] = ['contract', 'translation', 'faults'].map((name) =>
  readFileSync(path.join(docsDir, `${name}.md`), 'utf8'),
) as [string, string, string]

interface Section {
  /** `5.4` */
  id: string
  text: string
  /** the numbered rules, each with its number */
  rules: { number: string; text: string }[]
}

test('every section of translation.md has a test that names it', () => {
  const names = sectionsOf(translation).map(({ id }) => `§${id}`)

  assert.equal(withoutTest(names).join('\n'), '')
})

test('every name in the tables of translation.md is in a test for its chapter', () => {
  const [tests, helpers] = [sourcesOf('tests'), sourcesOf('helpers')]
  const untested = sectionsOf(translation).flatMap(({ id, text }) => {
    const chapter = `§${id.split('.')[0]}`
    const own = [...tests.filter((source) => mentions(source, chapter)), ...helpers].join('\n')
    return rowsOf(text)
      .map((names) => names.filter((name) => !name.split('.').every((part) => own.includes(part))))
      .filter((names) => names.length > 0)
      .map((names) => `§${id} ${names.join(', ')}`)
  })

  assert.equal(untested.join('\n'), '')
})

test('every section and every rule of contract.md has a test that names it, or its case', () => {
  const names = sectionsOf(contract).flatMap(({ id, rules }) =>
    rules.length > 0
      ? rules.map(({ number, text }) => [`contract §${id}.${number}`, ...casesIn(text)])
      : [[`contract §${id}`]],
  )
  const untested = names
    .filter((ways) => withoutTest(ways).length === ways.length)
    .map(([name]) => name)

  assert.equal(untested.join('\n'), '')
})

test('every row, case and kind of faults.md has a test that names it', () => {
  assert.equal(withoutTest([...numbersOfFaults()]).join('\n'), '')
})

test('no test and no page names a section, row, case or kind that is not there', () => {
  const known = new Set([
    ...idsOf(translation).map((id) => `§${id}`),
    ...idsOf(contract).map((id) => `contract §${id}`),
    ...numbersOfFaults(),
  ])
  const named = [...sourcesOf('tests'), contract, translation, faults].flatMap(namesIn)
  const unknown = new Set(named.filter((name) => !known.has(name)))

  assert.equal([...unknown].join('\n'), '')
})

test('no page speaks of a text that a reader of the repository does not have', () => {
  const foreign = /\.\.\/shared|\b(?:design|lessons|clients|reliability|changes|any-client)\.md/

  assert.deepEqual(
    [contract, translation, faults].filter((page) => foreign.test(page)),
    [],
  )
})

function withoutTest(names: string[]): string[] {
  const tests = sourcesOf('tests')
  return names.filter((name) => !tests.some((source) => mentions(source, name)))
}

/** Not `§5` in `§51` or in `contract §5`, nor `row 1` in `row 12`; but `§2.6`, the sixth rule of a section, is in `§2`. */
function mentions(source: string, name: string): boolean {
  const before = name.startsWith('§') ? '(?<!contract )(?<!RFC \\d+ )' : '(?<![\\w-])'
  const after = /^K?[TO]\d/.test(name) ? '(?=[:,])' : '(?!\\d)'
  return new RegExp(`${before}${name.replaceAll('.', '\\.')}${after}`).test(source)
}

/** The names of this file's kind in a text, as `mentions` knows them. */
function namesIn(text: string): string[] {
  const sections = text.matchAll(/(?<!RFC \d+ )((?:contract )?§\d+(?:\.\d+)*)/g)
  const rows = text.matchAll(/\b(row \d+)\b/g)
  const cases = text.matchAll(/(?<=['"`(])(K?[TO]\d+)(?=[:,)])/g)
  return [...sections, ...rows, ...cases].map(([, name]) => name ?? '')
}

function casesIn(rule: string): string[] {
  return Array.from(
    rule.matchAll(/\(([^)]*\bK?[TO]\d+[^)]*)\)/g),
    ([, list]) => list ?? '',
  ).flatMap((list) => list.match(/\bK?[TO]\d+/g) ?? [])
}

/** Rows, cases and kinds: the first cell of their tables. */
function numbersOfFaults(): string[] {
  const cells = Array.from(faults.matchAll(/^\| (\d+|K?[TO]\d+) \|/gm), ([, cell]) => cell ?? '')
  return cells.map((cell) => (/^\d/.test(cell) ? `row ${cell}` : cell))
}

/** Every number that a section or a rule can be named by. */
function idsOf(page: string): string[] {
  return allSections(page).flatMap(({ id, rules }) =>
    [id].concat(rules.map(({ number }) => `${id}.${number}`)),
  )
}

/** The numbered sections, without those that only gather others. */
function sectionsOf(page: string): Section[] {
  const sections = allSections(page)
  return sections.filter(({ id }) => !sections.some((other) => other.id.startsWith(`${id}.`)))
}

function allSections(page: string): Section[] {
  return page
    .split(/^##+ (?=\d)/m)
    .slice(1)
    .map((text) => {
      const id = /^[\d.]*\d/.exec(text)?.[0] ?? ''
      const rules = text.split(/^(?=\d+\. )/m).slice(1)
      return { id, text, rules: rules.map((rule) => ({ number: numberOf(rule), text: rule })) }
    })
}

function numberOf(rule: string): string {
  return rule.slice(0, rule.indexOf('.'))
}

/** The names that the first column of a section's tables gives, a list a row. */
function rowsOf(section: string): string[][] {
  const cells = Array.from(section.matchAll(/^\| (.*?) \|/gm), ([, cell]) => cell ?? '')
  return cells
    .map((cell) => Array.from(cell.matchAll(/`([\w.-]+)`/g), ([, name]) => name ?? ''))
    .filter((names) => names.length > 0)
}

/** The tests, or what they share. */
function sourcesOf(kind: 'tests' | 'helpers'): string[] {
  return readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|sh)$/.test(name) && name !== 'contract.test.ts')
    .filter((name) => /\.(?:test|soak)\.ts$|\.sh$/.test(name) === (kind === 'tests'))
    .map((name) => readFileSync(path.join(import.meta.dirname, name), 'utf8'))
}
