/** What comments of the program refer to is there: files, rows of the bench, sections of the translation. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const root = path.join(import.meta.dirname, '..')
const page = (name: string) => readFileSync(path.join(root, 'docs', name), 'utf8')

const files = ['lib', 'pipelines', 'bin']
  .flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true }).map((file) =>
      path.join(folder, String(file)),
    ),
  )
  .filter((file) => /\.(?:ts|cjs)$/.test(file))

/** Of a file, each as one line, whatever lines it was broken into. */
function commentsIn(file: string): string[] {
  const text = readFileSync(path.join(root, file), 'utf8')
  const found = text.matchAll(/^ *\/\*[^]*?\*\/|(?:^ *\/\/.*\n)+/gm)
  return Array.from(found, ([comment]) => comment.replaceAll(/\s*\n *(?:\*|\/\/) */g, ' '))
}

/** What of that which the comments name is not there. */
function missing(named: RegExp, isThere: (name: string) => boolean): string {
  return files
    .flatMap((file) =>
      commentsIn(file).flatMap((comment) =>
        Array.from(comment.matchAll(named), ([, name]) => name!)
          .filter((name) => !isThere(name))
          .map((name) => `${file}: ${name}`),
      ),
    )
    .join('\n')
}

test('files that comments name are there', () => {
  assert.ok(files.length > 300)
  assert.equal(
    missing(/\b((?:lib|pipelines|test|docs)\/[\w./-]+\.(?:ts|md))/g, (file) =>
      existsSync(path.join(root, file)),
    ),
    '',
  )
})

test('rows of the bench that comments name are rows', () => {
  const rows = page('performance.md')
  const isRow = (name: string) => rows.includes(`\n| ${name}`)
  assert.ok(isRow('memory idle'))
  assert.equal(missing(/\bbench[`)]*(?:,| has the row|:) "([^"]+)"/g, isRow), '')
})

test('sections of the translation that comments name are there', () => {
  const sections = page('translation.md')
  const isSection = (id: string) =>
    new RegExp(`\\n#+ ${id.replace('.', '\\.')}\\.? `).test(sections)
  assert.ok(isSection('5.5') && isSection('14'))
  assert.equal(
    missing(/(?<=translation\.md §|translation\.md §[\d.]+ and §)([\d.]*\d)/g, isSection),
    '',
  )
})
