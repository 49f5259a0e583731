/** The settings of glibc's malloc, which are written down wherever the program is started. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { asShipped } from '../bench/processes.ts'

test('start.sh, the systemd unit and the bench set malloc alike', () => {
  assert.deepEqual(settings('start.sh', /(MALLOC_[A-Z_]+)="\$\{\1:-(\d+)\}"/g), asShipped)
  assert.deepEqual(settings('deploy/droid2api.service', /(MALLOC_[A-Z_]+)=(\d+)/g), asShipped)
})

function settings(file: string, pattern: RegExp): Record<string, string> {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
  return Object.fromEntries(Array.from(text.matchAll(pattern), ([, name, value]) => [name, value]))
}
