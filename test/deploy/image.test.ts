/** The image, read without a container engine: where the program is, what is beside it, and that it runs with no more. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { builtProgram } from '../helpers/built-program.ts'
import { tempDir } from '../helpers/temp-dir.ts'

const packageDir = path.join(import.meta.dirname, '..', '..')
const [build, image] = readFileSync(path.join(packageDir, 'Dockerfile'), 'utf8')
  .replaceAll('\\\n', ' ')
  .split(/^(?=FROM )/m)
  .map((stage) => stage.split('\n').filter((line) => /^[A-Z]+ /.test(line))) as [string[], string[]]

/** What follows an instruction, each time that it is given. */
function given(stage: string[], instruction: string): string[] {
  return stage
    .filter((line) => line.startsWith(`${instruction} `))
    .map((line) => line.slice(instruction.length + 1))
}

/** The folder that the first stage hands over, made by its own commands of what is built here. */
function handedOver(t: TestContext, args: Record<string, string> = {}): string {
  const dir = tempDir()
  cpSync(path.join(builtProgram(), '..', '..'), path.join(dir, 'dist'), { recursive: true })
  cpSync(path.join(packageDir, 'package.json'), path.join(dir, 'package.json'))
  mkdirSync(path.join(dir, 'node_modules', '@redis'), { recursive: true })
  const client = path.join('node_modules', '@redis', 'client')
  cpSync(path.join(packageDir, client), path.join(dir, client), { recursive: true })
  const script = given(build, 'RUN').find((line) => line.includes('program')) ?? ''
  execFileSync('sh', ['-ec', script], { cwd: dir, env: { PATH: process.env.PATH, ...args } })
  // away from the packages that the first stage keeps
  const program = path.join(tempDir(), 'droid2api')
  cpSync(path.join(dir, 'program'), program, { recursive: true })
  cpSync(path.join(packageDir, 'config.json'), path.join(program, 'config.json'))
  return program
}

function run(dir: string, command: string[], env: Record<string, string> = {}) {
  const [program = '', ...args] = command
  return spawnSync(program, args, {
    cwd: dir,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, NODE_ENV: 'production', DATA_DIR: '/nonexistent', ...env },
  })
}

test('O6: the program is not below /app, where users of the original mount a volume; its data are', () => {
  const [workdir = ''] = given(image, 'WORKDIR')

  assert.ok(path.isAbsolute(workdir) && !workdir.startsWith('/app'), workdir)
  for (const copied of given(image, 'COPY')) assert.match(copied, / \.\/$/)
  assert.deepEqual(JSON.parse(given(image, 'CMD')[0] ?? ''), ['node', 'dist/bin/droid2api.js'])
  assert.match(given(image, 'ENV').join(' '), /DATA_DIR=\/app\/data/)
  assert.match(
    given(image, 'HEALTHCHECK').join(' '),
    /CMD \["node", "dist\/bin\/droid2api\.js", "health"\]$/,
  )
  assert.deepEqual(given(image, 'VOLUME'), ['/app/data'])
})

test('O6: the upgrade notes name the cause and the remedy', () => {
  for (const page of ['CHANGELOG.md', 'docs/deploy.md', 'docs/zh-CN/deploy.md']) {
    const text = readFileSync(path.join(packageDir, page), 'utf8')
    assert.match(text, /auth-data:\/app`[\s\S]{0,200}`auth-data:\/app\/data`/, page)
  }
})

test('contract §13.7: no package is in the image, and without any the program runs, also through a proxy', (t) => {
  const program = handedOver(t)

  const check = run(program, ['node', 'dist/bin/droid2api.js', 'check', '--json'], {
    PORT: '0',
    HTTPS_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '10.0.0.0/8',
  })

  assert.equal(existsSync(path.join(program, 'node_modules')), false)
  assert.equal(check.status, 0, check.stderr)
  assert.match(check.stdout, /11 models/)
})

test('contract §13.7: STORE_CLIENT=redis adds the client for TOKEN_STORE, and nothing else does', (t) => {
  const env = {
    PORT: '0',
    TOKEN_STORE: 'redis://127.0.0.1:9',
    DROID_REFRESH_KEY: 'a-refresh-token',
  }
  const check = ['node', 'dist/bin/droid2api.js', 'check']

  const without = run(handedOver(t), check, env)
  const added = handedOver(t, { STORE_CLIENT: 'redis' })

  assert.match(without.stdout, /TOKEN_STORE needs a package that is not installed/)
  assert.match(run(added, check, env).stdout, /ok +token store: redis:\/\/127\.0\.0\.1:9/)
})

test('O42: npm start in the image starts what is there', (t) => {
  const { stdout, stderr } = run(handedOver(t), ['npm', 'start', '--', '--version'])

  assert.match(stdout, /^1\.\d+\.\d+$/m, stderr)
})

for (const file of ['docker-compose.yml', 'deploy/compose.scale.yml']) {
  test(`contract §13.9: no service of ${file} fills the disk with its log`, () => {
    const { services } = parse(readFileSync(path.join(packageDir, file), 'utf8')) as {
      services: Record<string, { logging?: { driver: string; options: Record<string, string> } }>
    }

    for (const [name, { logging }] of Object.entries(services)) {
      assert.equal(logging?.driver, 'json-file', name)
      assert.match(logging?.options['max-size'] ?? '', /^\d+m$/, name)
      assert.match(logging?.options['max-file'] ?? '', /^\d$/, name)
    }
  })
}
