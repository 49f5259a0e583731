/** start.sh, beyond what the README shows of it. */
import assert from 'node:assert/strict'
import { lstatSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { sandbox } from './sandbox.ts'

test('start.sh builds again what has changed, and hands its flags on', async (t) => {
  const { dir, paste, start } = sandbox(t)
  change(path.join(dir, 'lib', 'endpoints', 'root.ts'), "'droid2api'", "'droid2api-of-tomorrow'")

  const { url } = await start('./start.sh demo')

  assert.match(paste(`curl -sf ${url}`), /droid2api-of-tomorrow/)
  assert.match(paste(`curl -sf ${url}/health`), /"source":"none"/)
})

test('start.sh builds again where the way to build has changed', (t) => {
  const { dir, paste } = sandbox(t)
  change(path.join(dir, '.build', 'build.ts'), 'js: "', 'js: "/* of tomorrow */ ')

  paste('./start.sh --version')

  const program = readFileSync(path.join(dir, 'dist', 'bin', 'droid2api.js'), 'utf8')
  assert.match(program, /\/\* of tomorrow \*\//)
})

test('start.sh installs again where other packages are asked for, and only then', (t) => {
  const { dir, paste } = sandbox(t)
  const installedAgain = () => lstatSync(path.join(dir, 'node_modules')).isSymbolicLink()
  paste('rm node_modules && mkdir node_modules && touch node_modules/.package-lock.json')

  paste('./start.sh --version')
  assert.equal(installedAgain(), false)

  paste('touch -t 202001010000 node_modules/.package-lock.json && ./start.sh --version')
  assert.equal(installedAgain(), true)
})

function change(file: string, before: string, after: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(before, after))
}
