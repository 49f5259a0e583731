/** Which files a configuration is made of, and what each was when it was read. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ConfigError, loadConfig } from '../../lib/config/load.ts'
import { tempDir } from '../helpers/temp-dir.ts'

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

function load(dir: string, env: Record<string, string>, seen: Map<string, string>) {
  const packageDir = path.join(dir, 'program')
  return loadConfig({
    flags: {},
    env: { DATA_DIR: path.join(dir, 'data'), ...env },
    cwd: dir,
    packageDir,
    homeDir: dir,
    seen,
  })
}

function folders(): string {
  const dir = tempDir()
  for (const name of ['data', 'program']) mkdirSync(path.join(dir, name))
  return dir
}

test('contract §3.18: every file that a configuration is made of is known by what it was, also one that may come', () => {
  const dir = folders()
  const at = (name: string) => path.join(dir, name)
  const config = `{ "system_prompt": "\${file:${at('prompt')}}" }`
  writeFileSync(at('program/config.json'), config)
  writeFileSync(at('data/.env'), 'HOST=127.0.0.1\n')
  writeFileSync(at('prompt'), 'Be brief.\n')
  writeFileSync(at('keys'), 'k-of-the-first-client')
  const seen = new Map<string, string>()

  const loaded = load(dir, { API_KEYS_FILE: at('keys') }, seen)

  assert.equal(loaded.config.file_hash, sha256(config))
  assert.deepEqual(Object.fromEntries(seen), {
    [at('program/.env')]: 'ENOENT',
    [at('data/.env')]: sha256('HOST=127.0.0.1\n'),
    [at('keys')]: sha256('k-of-the-first-client'),
    [at('data/config.json')]: 'ENOENT',
    [at('program/config.json')]: sha256(config),
    [at('prompt')]: sha256('Be brief.\n'),
  })
})

test('contract §3.18: the files of a broken configuration are known, too', () => {
  const dir = folders()
  const file = path.join(dir, 'data', 'config.json')
  const secret = path.join(dir, 'secret')
  writeFileSync(file, `{ "admin_key": "\${file:${secret}}" }`)
  const seen = new Map<string, string>()

  assert.throws(() => load(dir, {}, seen), ConfigError)

  assert.equal(seen.get(secret), 'ENOENT')
  assert.ok(seen.has(file))
})
