/** start.sh, beyond what the README shows of it. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { sandbox } from './sandbox.ts'

test('start.sh builds again what has changed, and hands its flags on', async (t) => {
  const { dir, paste, start } = sandbox(t)
  const file = path.join(dir, 'lib', 'endpoints', 'root.ts')
  writeFileSync(file, readFileSync(file, 'utf8').replace("'droid2api'", "'droid2api-of-tomorrow'"))

  const { url } = await start('./start.sh demo')

  assert.match(paste(`curl -sf ${url}`), /droid2api-of-tomorrow/)
  assert.match(paste(`curl -sf ${url}/health`), /"source":"none"/)
})
