import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { tempDir } from './temp-dir.ts'

const projectDir = path.join(import.meta.dirname, '..', '..')

/** What `npm test` says of a file with these lines, and its exit code. */
function run(lines: string): { said: string; code: number | null } {
  const file = path.join(tempDir(), 'some.test.mjs')
  writeFileSync(file, `import { describe, test } from 'node:test'\n${lines}\n`)
  const { NODE_TEST_CONTEXT: _of, ...env } = process.env
  const own = ['--import', 'tsx', '--import', './test/helpers/deadline.ts', 'test/run.ts', file]
  const { stdout, status } = spawnSync(process.execPath, own, {
    cwd: projectDir,
    env,
    encoding: 'utf8',
  })
  return { said: stdout, code: status }
}

test('a process that ends in the middle of a test has failed, and the test is named', () => {
  const { said, code } = run(`
    describe('some', () => {
      test('well', () => undefined)
      test('leaves early', async () => {
        await new Promise((resolve) => setImmediate(resolve))
        process.exit(0)
      })
    })`)

  assert.match(said, /ended in the middle of a test\n +in: leaves early\n/)
  assert.match(said, / 1 failed, /)
  assert.equal(code, 1)
})
