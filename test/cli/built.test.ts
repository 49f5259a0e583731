/** The built program: one file, whose validators were compiled when it was built. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { buildProgram } from '../helpers/built-program.ts'

const projectDir = path.join(import.meta.dirname, '..', '..')
let dir: string
let program: string

before(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'droid2api-'))
  program = buildProgram(dir)
})

after(() => rmSync(dir, { recursive: true }))

function run(args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', ...args], {
    cwd: projectDir,
    env: { PATH: process.env.PATH, HOME: dir, PORT: '0', ...env },
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

const cases: [name: string, config: unknown, env?: Record<string, string>][] = [
  ['an empty file', {}],
  ['the defaults of members that are left out', { timeouts: { idle_s: 5 }, auth: {} }],
  [
    'an own endpoint',
    { endpoints: [{ name: 'a', type: 'openai', base_url: 'https://a.test/v1' }] },
  ],
  ['wrong types', { port: 'x', host: 3, api_keys: 'a', model_redirects: [], dev_mode: 'yes' }],
  ['wrong values', { port: 70_000, log_level: 'loud', keep_alive_s: -1, default_stream: 'no' }],
  ['wrong members of lists', { models: [{ id: '' }, 7], endpoints: [{ auth: 7 }, { name: '' }] }],
  ['unknown keys', { prot: 3001, timeouts: { idle: 5 }, models: [] }],
  ['a variable that is no number', {}, { PORT: 'many' }],
  ['variables out of range', {}, { PORT: '70000', LOG_LEVEL: 'loud' }],
]

for (const [name, config, env] of cases) {
  test(`says of ${name} what the source says`, () => {
    const file = path.join(dir, 'checked.json')
    writeFileSync(file, JSON.stringify(config))
    const args = ['check', '--json', '--config', file]

    const built = run([program, ...args], env)
    const fromSource = run([path.join(projectDir, 'bin', 'droid2api.ts'), ...args], env)

    assert.deepEqual(built, fromSource)
  })
}

test('brings validators in place of ajv', () => {
  assert.doesNotMatch(readFileSync(program, 'utf8'), /strictTuples/)
})
