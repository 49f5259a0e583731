/** A folder of a test's own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const dirs: string[] = []
process.on('exit', () => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
})

/**
 * Makes it. It stays until the process of the tests exits: hooks of a test run in the order in which they were added, so
 * one that was added here would remove the folder while the test's programs still write into it.
 */
export function tempDir(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'droid2api-'))
  dirs.push(dir)
  return dir
}
