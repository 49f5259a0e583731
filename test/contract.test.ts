/**
 * Whether the tests cover the texts that they are written from, where those lie beside the project: every section of the
 * mapping, every name in the first column of its tables, every row of the fault table. A test says what it is for by `§5.4`
 * or `row 12: ` in its name. The failure lists what has no test.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const sharedDir = path.join(import.meta.dirname, '..', '..', 'shared')
const mappingFile = path.join(sharedDir, 'spec', 'translation.md')
const faultsFile = path.join(sharedDir, 'reliability.md')
const skip = !existsSync(mappingFile) && 'there is no ../shared'

/** Google and the reverse direction, which nobody has written yet, and a list of what other sections say. */
const withoutCode = new Set(['12', '13', '15'])

interface Section {
  /** `5.4` */
  id: string
  /** the names that the first column of its tables gives, a list a row */
  rows: string[][]
}

test('every section of the mapping has a test that names it', { skip }, () => {
  const tests = sourcesOf('tests')
  const untested = sectionsOf(readFileSync(mappingFile, 'utf8'))
    .map(({ id }) => `§${id}`)
    .filter((name) => !tests.some((source) => mentions(source, name)))

  assert.equal(untested.join('\n'), '')
})

test('every name in the mapping’s tables is in a test for its chapter', { skip }, () => {
  const [tests, helpers] = [sourcesOf('tests'), sourcesOf('helpers')]
  const untested = sectionsOf(readFileSync(mappingFile, 'utf8')).flatMap(({ id, rows }) => {
    const chapter = `§${id.split('.')[0]}`
    const own = [...tests.filter((source) => mentions(source, chapter)), ...helpers].join('\n')
    return rows
      .map((names) => names.filter((name) => !name.split('.').every((part) => own.includes(part))))
      .filter((names) => names.length > 0)
      .map((names) => `§${id} ${names.join(', ')}`)
  })

  assert.equal(untested.join('\n'), '')
})

test('every row of the fault table has a test that names it', { skip }, () => {
  const tests = sourcesOf('tests')
  const rows = readFileSync(faultsFile, 'utf8').matchAll(/^\| (\d+) \|/gm)
  const untested = Array.from(rows, ([, row]) => Number(row)).filter(
    (row) => !tests.some((source) => mentions(source, `row ${row}`)),
  )

  assert.equal(untested.join('\n'), '')
})

/** Not `§5` in `§51`, nor `row 1` in `row 12`; but `§2.6`, the sixth rule of a section, is in `§2`. */
function mentions(source: string, name: string): boolean {
  return source
    .split(name)
    .slice(1)
    .some((after) => !/^\d/.test(after))
}

/** The numbered headings, without those that only gather others. */
function sectionsOf(text: string): Section[] {
  const sections = text
    .split(/^#+ (?=\d)/m)
    .slice(1)
    .map(readSection)
  return sections.filter(({ id }) => {
    const isGroup = sections.some((other) => other.id.startsWith(`${id}.`))
    return !isGroup && !withoutCode.has(id)
  })
}

function readSection(text: string): Section {
  const id = /^[\d.]*\d/.exec(text)?.[0] ?? ''
  const cells = Array.from(text.matchAll(/^\| (.*?) \|/gm), ([, cell]) => cell ?? '')
  const rows = cells.map((cell) =>
    Array.from(cell.matchAll(/`([\w.-]+)`/g), ([, name]) => name ?? ''),
  )
  return { id, rows: rows.filter((names) => names.length > 0) }
}

/** The tests, or what they share. */
function sourcesOf(kind: 'tests' | 'helpers'): string[] {
  return readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|sh)$/.test(name) && name !== 'contract.test.ts')
    .filter((name) => /\.(?:test|soak)\.ts$|\.sh$/.test(name) === (kind === 'tests'))
    .map((name) => readFileSync(path.join(import.meta.dirname, name), 'utf8'))
}
