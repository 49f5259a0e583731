/** The built program: one file behind its launcher, whose validators were compiled when it was built. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { configurationFaults, type Finding } from '../../lib/cli/finding.ts'
import { ConfigError, loadConfig } from '../../lib/config/load.ts'
import { installProgram } from '../helpers/built-program.ts'
import { tempDir } from '../helpers/temp-dir.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')

/** What the built program finds wrong with a configuration. */
function findingsOf(program: string, file: string, env: Record<string, string>): Finding[] {
  const args = [program, 'check', '--json', '--config', file]
  const { stdout } = spawnSync(process.execPath, args, {
    env: { PATH: process.env.PATH, HOME: path.dirname(file), PORT: '0', ...env },
    encoding: 'utf8',
  })
  return (JSON.parse(stdout) as { findings: Finding[] }).findings
}

/** What the source, which has ajv, finds wrong with it; undefined where it can be loaded. */
function faultsOf(dir: string, file: string, env: Record<string, string>): Finding[] | undefined {
  try {
    loadConfig({
      flags: { config: file },
      env: { PORT: '0', ...env },
      cwd: dir,
      packageDir,
      homeDir: dir,
    })
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return configurationFaults(error)
    throw error
  }
}

function configured(t: TestContext, config: unknown): { dir: string; file: string } {
  const dir = tempDir()
  const file = path.join(dir, 'checked.json')
  writeFileSync(file, JSON.stringify(config))
  return { dir, file }
}

const broken: [name: string, config: unknown, env?: Record<string, string>][] = [
  ['wrong types', { port: 'x', host: 3, api_keys: 'a', model_redirects: [], dev_mode: 'yes' }],
  ['wrong values', { port: 70_000, log_level: 'loud', keep_alive_s: -1, default_stream: 'no' }],
  ['wrong members of lists', { models: [{ id: '' }, 7], endpoints: [{ auth: 7 }, { name: '' }] }],
  ['a variable that is no number', {}, { PORT: 'many' }],
  ['variables out of range', {}, { PORT: '70000', LOG_LEVEL: 'loud' }],
]

for (const [name, config, env = {}] of broken) {
  test(`says of ${name} what the source says`, (t) => {
    const { dir, file } = configured(t, config)

    const built = findingsOf(installProgram(dir), file, env)

    assert.ok(built.length > 0)
    assert.deepEqual(built, faultsOf(dir, file, env))
  })
}

const whole: [name: string, config: unknown, said: RegExp][] = [
  ['an empty file', {}, /checked\.json, 11 models/],
  ['members that are left out', { timeouts: { idle_s: 5 }, auth: {} }, /checked\.json, 11 models/],
  [
    'an own endpoint',
    { endpoints: [{ name: 'a', type: 'openai', base_url: 'https://a.test/v1' }] },
    /checked\.json, 4 models/,
  ],
  [
    'unknown keys',
    { prot: 3001, timeouts: { idle: 5 } },
    /unknown key prot[\s\S]*unknown key timeouts\.idle/,
  ],
]

for (const [name, config, said] of whole) {
  test(`takes ${name}, as the source does`, (t) => {
    const { dir, file } = configured(t, config)

    const built = findingsOf(installProgram(dir), file, {})

    assert.equal(faultsOf(dir, file, {}), undefined)
    assert.match(built.map(({ what }) => what).join('\n'), said)
    assert.ok(built.every(({ level }) => level !== 'error'))
  })
}

const bundle = () =>
  readFileSync(path.join(path.dirname(installProgram(tempDir())), 'main.cjs'), 'utf8')

test('brings validators in place of ajv, and nothing that packages load and nobody calls', () => {
  assert.doesNotMatch(bundle(), /strictTuples|RedirectableRequest|kImpl/)
})

test('is ASCII: one other character, and V8 keeps all of it at two bytes each, 0.8 MB more', () => {
  assert.doesNotMatch(bundle(), /[^\0-\x7f]/)
})
