/** The first start: start.sh beyond what the README shows of it, other places to start in, and a Node that is too old. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { transformSync } from 'esbuild'
import { tempDir } from '../helpers/temp-dir.ts'
import { sandbox, type Sandbox } from './sandbox.ts'

test('start.sh builds again what has changed, and hands its flags on', async (t) => {
  const { dir, paste, start } = sandbox(t)
  change(path.join(dir, 'lib', 'routes.ts'), "'droid2api'", "'droid2api-of-tomorrow'")

  const { url } = await start('./start.sh demo')

  assert.match(paste(`curl -sf ${url}`), /droid2api-of-tomorrow/)
  assert.match(paste(`curl -sf ${url}/health`), /"source":"none"/)
})

test('start.sh builds again where the way to build has changed', (t) => {
  const { dir, paste } = sandbox(t)
  change(path.join(dir, 'bin', 'build', 'build.ts'), "js: '", "js: '/* of tomorrow */ ")

  paste('./start.sh --version')

  const program = readFileSync(path.join(dir, 'dist', 'bin', 'main.cjs'), 'utf8')
  assert.match(program, /\/\* of tomorrow \*\//)
})

test('a build leaves nothing of an older version, which npm pack would take along', (t) => {
  const { dir, paste } = sandbox(t)
  const old = ['bin/main.mjs', 'page/page.html'].map((name) => path.join(dir, 'dist', name))
  for (const file of old) writeFileSync(file, '')

  paste('npm run --silent build')

  assert.deepEqual(old.filter(existsSync), [])
  assert.match(paste('node dist/bin/droid2api.js --version'), /^\d/)
})

test('npm start does not make V8’s code where it cannot be kept', (t) => {
  const { dir, paste } = sandbox(t)
  const kept = () =>
    readdirSync(path.join(dir, 'dist', 'bin')).some((name) => name.endsWith('cache'))
  const load = (stub: string) =>
    paste(`rm -f dist/bin/*.cache && node -e "${stub}; require('./bin/build/make.cjs')"`)
  // as on a disk that is only read, where root may not write either
  load("require('fs').accessSync = () => { throw Error('EROFS') }")
  assert.equal(kept(), false)

  load('')
  assert.equal(kept(), true)
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

const production = { NODE_ENV: 'production' }

for (const command of ['npm start', 'npm run demo']) {
  test(`O42: where nothing is built and what builds is not installed, ${command} says in one line what to do`, (t) => {
    const box = sandbox(t)
    asForProduction(box)
    rmSync(path.join(box.dir, 'dist'), { recursive: true })

    const said = failureOf(() => box.paste(command, production))

    assert.match(said, /^droid2api is not built, .* Run: npm ci --include=dev$/m)
    assert.doesNotMatch(said, /ERR_MODULE|    at /)
  })
}

test('contract §10.1, O42: a program that is built already starts without the tools that build it', async (t) => {
  const box = sandbox(t)
  asForProduction(box)

  const { url } = await box.start('npm start', production)

  assert.match(box.paste(`curl -sf ${url}/health`), /"status":"ok"/)
})

test('O42: npm start where the package was unpacked needs neither sources nor packages', async (t) => {
  const { paste, start } = sandbox(t)
  paste('npm pack --silent && mkdir -p ~/unpacked && tar -xzf droid2api-*.tgz -C ~/unpacked')

  const { url } = await start('cd ~/unpacked/package && npm start', production)

  assert.match(paste(`curl -sf ${url}/health`), /"status":"ok"/)
})

test('O42: start.sh asks for what builds, whatever NODE_ENV says, and installs it where it is missing', async (t) => {
  const box = sandbox(t)
  asForProduction(box)
  rmSync(path.join(box.dir, 'dist'), { recursive: true })

  const { url } = await box.start('./start.sh', production)

  assert.match(box.paste(`curl -sf ${url}/health`), /"status":"ok"/)
  assert.match(readFileSync(path.join(box.dir, 'start.sh'), 'utf8'), /npm ci --include=dev/)
})

/** As `npm ci --omit=dev` leaves it, in which nothing can be built. */
function asForProduction({ dir }: Sandbox): void {
  rmSync(path.join(dir, 'node_modules'), { recursive: true })
  execFileSync('sh', ['-c', 'mkdir node_modules && touch node_modules/.package-lock.json'], {
    cwd: dir,
  })
}

const ways: [what: string, command: string][] = [
  ['start.sh', './start.sh --version'],
  ['npm start', 'npm start'],
  ['npm run demo', 'npm run demo'],
  ['npm run build', 'npm run --silent build'],
  ['the end of npm ci', 'npm run --silent dependencies'],
  ['the program', 'node dist/bin/droid2api.js'],
  ['the command', 'dist/bin/droid2api.js check'],
]
for (const [what, command] of ways) {
  test(`KO10: ${what} says in one line that Node is too old`, (t) => {
    const box = sandbox(t)
    standInForNode12(box)

    const said = failureOf(() => box.paste(command))

    if (!command.startsWith('npm')) assert.equal(said.split('\n').length, 2, said)
    assert.match(said, /^droid2api needs Node 20\.19 or newer; this is v12\.22\.12\. Install .*$/m)
    assert.doesNotMatch(said, /    at |SyntaxError/)
  })
}

/** A real one is told by npm's packages only; this one says that it is one, to all but npm. */
function standInForNode12({ root }: Sandbox): void {
  const preload = path.join(root, 'node-12.cjs')
  writeFileSync(
    preload,
    `if (!/npm/.test(process.argv[1] || '')) Object.defineProperty(process, 'version', { value: 'v12.22.12' })`,
  )
  const program = path.join(root, 'stand-ins', 'node')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' --require '${preload}' "$@"\n`)
  chmodSync(program, 0o755)
}

test('KO10: the files in front have no word that an old Node does not know', (t) => {
  const box = sandbox(t)
  const [check, launcher] = ['bin/build/check-node.cjs', 'dist/bin/droid2api.js'].map((file) =>
    readFileSync(path.join(box.dir, file), 'utf8'),
  ) as [string, string]

  for (const code of [check, launcher]) {
    // what would have to be rewritten for an older language is a word of a newer one
    assert.equal(
      transformSync(code, { target: 'es5' }).code,
      transformSync(code, { target: 'esnext' }).code,
    )
  }
  // Node 12 has no `??` and no private members; it knows `const`, functions with arrows and `import()`
  const make = readFileSync(path.join(box.dir, 'bin/build/make.cjs'), 'utf8')
  assert.equal(
    transformSync(make, { target: 'node12.0' }).code,
    transformSync(make, { target: 'esnext' }).code,
  )
})

test('O44: a clone by Git for Windows starts: scripts, Dockerfile and .env.example keep their line ends', (t) => {
  const copy = path.join(tempDir(), 'copy')
  const source = committed(t)
  execFileSync('git', ['clone', '-q', '-c', 'core.autocrlf=true', source, copy])
  const { dir, paste } = sandbox(t)
  const files = execFileSync('git', ['ls-files', '-z'], { cwd: copy, encoding: 'utf8' })
  const isText = (file: string) => !/^test\/fixtures\/|\.webp$/.test(file)

  for (const file of files.split('\0').filter((name) => name !== '' && isText(name))) {
    assert.ok(!readFileSync(path.join(copy, file)).includes('\r\n'), file)
  }
  execFileSync('bash', ['-n', path.join(copy, '.ci/run')])
  execFileSync('sh', ['-n', path.join(copy, 'test/container.sh')])
  assert.ok(existsSync(path.join(copy, '.env.example')))
  const started = paste(`cp ${path.join(copy, 'start.sh')} start.sh && ./start.sh --version`)
  assert.match(started, /^\d+\.\d+\.\d+\n$/)
  assert.ok(existsSync(dir))
})

/** The files of this folder as a repository of their own, with what is not committed yet. */
function committed(t: TestContext): string {
  const dir = path.join(tempDir(), 'source')
  const git = (cwd: string, ...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd })
  execFileSync('git', ['init', '-q', dir])
  const { dir: copied } = sandbox(t, { installed: false, tested: true })
  execFileSync('cp', ['-R', `${copied}/.`, dir])
  git(dir, 'add', '-A')
  git(dir, 'commit', '-q', '-m', 'as it is')
  return dir
}

/** What the commands that fail printed. */
function failureOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return stdout + stderr
  }
  return assert.fail('it did not fail')
}

function change(file: string, before: string, after: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(before, after))
}
