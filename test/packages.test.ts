/** What a user installs besides this program: few packages, each with its checksum, none that runs code at install. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { builtProgram } from './helpers/built-program.ts'

interface Package {
  dev?: boolean
  integrity?: string
  hasInstallScript?: boolean
  resolved?: string
}

const projectDir = path.join(import.meta.dirname, '..')
const lockFile = path.join(projectDir, 'package-lock.json')
const lock = JSON.parse(readFileSync(lockFile, 'utf8')) as { packages: Record<string, Package> }
const installed = Object.entries(lock.packages).filter(([place]) => place !== '')
const production = installed.filter(([, { dev }]) => !dev)

test('row 68: production installs at most 30 packages, and none runs a script', () => {
  assert.ok(production.length > 4 && production.length <= 30, `${production.length} packages`)
  for (const [place, { hasInstallScript }] of production) assert.ok(!hasInstallScript, place)
})

test('row 68: every package has its checksum, and none a place of its own', () => {
  for (const [place, { integrity, resolved }] of installed) {
    assert.match(integrity ?? '', /^sha512-/, place)
    assert.equal(resolved, undefined, place)
  }
})

test('row 68: npm warns of no script, neither in a clone nor where the packed program is installed', () => {
  const { scripts, allowScripts } = JSON.parse(
    readFileSync(path.join(projectDir, 'package.json'), 'utf8'),
  ) as { scripts: Record<string, string>; allowScripts: Record<string, boolean> }
  const withScript = installed.filter(([, { hasInstallScript }]) => hasInstallScript)
  const names = withScript.map(([place]) => place.slice('node_modules/'.length))

  assert.deepEqual(allowScripts, Object.fromEntries(names.map((name) => [name, false])))
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
    assert.equal(scripts[name], undefined, name)
  }
})

test('npm pack takes the program and what is read about it, and nothing else', () => {
  builtProgram()
  // its script would build into the file that other tests are starting
  const answer = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: projectDir,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const packed = answer.match(/"path": "([^"]+)"/g)?.map((field) => field.slice(9, -1))
  // the code of main.cjs that V8 keeps is named after both
  const named = packed?.map((file) => file.replace(/main-\w+-v[\w.-]+\.cache$/, 'main-….cache'))

  assert.deepEqual([...new Set(named)].toSorted(), [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'README.zh-CN.md',
    'config.json',
    'dist/bin/droid2api.js',
    'dist/bin/import.cjs',
    'dist/bin/main-….cache',
    'dist/bin/main.cjs',
    'dist/bin/package.json',
    'dist/page/page.css',
    'dist/page/page.js',
    'docs/config.schema.json',
    'package.json',
  ])
})

test('contract §10.2: a production install stays below 7 MB', () => {
  const sizes = production.map(([place]) => sizeOf(path.join(projectDir, place)))
  const bytes = sizes.reduce((sum, size) => sum + size, 0)

  assert.ok(bytes > 1_000_000 && bytes < 7_000_000, `${bytes} bytes`)
})

/** Bytes of all files below a folder; packages within it are counted by themselves. */
function sizeOf(dir: string): number {
  let bytes = 0
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const file = path.join(dir, entry.name)
    if (entry.name === 'node_modules') continue
    bytes += entry.isDirectory() ? sizeOf(file) : lstatSync(file).size
  }
  return bytes
}
