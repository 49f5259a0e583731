/** Whose midnight ends the day: the program with its zone in the environment and in `.env`. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../lib/config/load.ts'
import { runProgram } from '../helpers/program.ts'
import { tempDir } from '../helpers/temp-dir.ts'

const key = 'k-alice-3f9a1c7e55'
const config = { clients: [{ name: 'alice', key, requests_per_day: 5 }] }

test('contract §14.5: the zone may stand in .env, which is read after the program has begun', async (t) => {
  const dataDir = tempDir()
  mkdirSync(dataDir, { recursive: true })
  writeFileSync(path.join(dataDir, '.env'), 'TZ=Asia/Tokyo\n')
  const program = runProgram(t, { config, env: { DATA_DIR: dataDir } })

  const answer = await fetch(`${await program.url()}/usage/me`, { headers: { 'x-api-key': key } })
  const { limits } = (await answer.json()) as {
    limits: { requests_per_day: { resets_at: string } }
  }

  assert.match(limits.requests_per_day.resets_at, /T15:00:00\.000Z$/)
})

const zones: [zone: string, isKnown: boolean][] = [
  ['Europe/Berlin', true],
  [':Europe/Berlin', true],
  ['UTC', true],
  ['Mars/Phobos', false],
  ['UTC+8', false],
  ['CET-1CEST', false],
]

for (const [zone, isKnown] of zones) {
  test(`contract §14.5: ${zone} is ${isKnown ? 'a time zone' : 'none, which is told'}`, () => {
    const dir = tempDir()
    const packageDir = path.join(import.meta.dirname, '..', '..')

    const env = { TZ: zone, DATA_DIR: dir }
    const { warnings } = loadConfig({ flags: {}, env, cwd: dir, packageDir, homeDir: dir })

    assert.equal(/TZ is .*, which is not a time zone/.test(warnings.join()), !isKnown)
  })
}
