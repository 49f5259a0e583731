/** V8's code of the program, which the build keeps beside it so that a start need not compile it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { installProgram } from '../helpers/built-program.ts'
import { runProgram } from '../helpers/program.ts'
import { tempDir } from '../helpers/temp-dir.ts'

const projectDir = path.join(import.meta.dirname, '..', '..')
const { version } = process

interface Clone {
  dir: string
  program: string
  /** V8's code that is kept beside the program for the Node that runs this; it may be there for others, too */
  kept: () => string[]
}

/** The built program with what builds it, and nothing to build with. */
function clone(): Clone {
  const dir = tempDir()
  const program = installProgram(dir)
  for (const folder of ['bin', 'lib', 'pipelines', 'package-lock.json']) {
    cpSync(path.join(projectDir, folder), path.join(dir, folder), {
      recursive: true,
      preserveTimestamps: true,
    })
  }
  const bin = path.dirname(program)
  const ending = `-${version}-${process.platform}-${process.arch}.cache`
  return { dir, program, kept: () => readdirSync(bin).filter((name) => name.endsWith(ending)) }
}

/** What the program says to `--version`, and whether V8 refused the code that was kept: undefined where none was. */
function start({ program }: Clone, ...flags: string[]): { said: string; refused: unknown } {
  const spy = `
    const vm = require('vm')
    const { Script } = vm
    vm.Script = class extends Script {
      constructor(source, options) {
        super(source, options)
        process.once('exit', () => console.log(JSON.stringify({ refused: this.cachedDataRejected })))
      }
    }
    process.argv.splice(1, 0, ${JSON.stringify(program)})
    require(${JSON.stringify(program)})`
  const output = execFileSync(process.execPath, [...flags, '-e', spy, '--', '--version'], {
    encoding: 'utf8',
  })
  const [said, last] = output.trim().split('\n') as [string, string]
  return { said, refused: (JSON.parse(last) as { refused?: unknown }).refused }
}

function make({ dir }: Clone, env: Record<string, string> = {}): void {
  execFileSync(process.execPath, ['-e', "require('./bin/build/make.cjs')"], {
    cwd: dir,
    env: { ...process.env, ...env },
  })
}

test('a start takes the code that was kept for this Node', () => {
  const box = clone()

  const { said, refused } = start(box)

  assert.deepEqual([box.kept().length, said, refused], [1, '1.0.0', false])
})

test('the code of a first answer is kept, passed on and translated', () => {
  const { program, kept } = clone()

  const code = readFileSync(path.join(path.dirname(program), kept()[0]!), 'latin1')

  // V8 keeps the texts of functions that have run: of what reads Claude's stream, and of what writes that of a chat
  const texts = ['content_block_delta', 'chat.completion.chunk']
  assert.deepEqual(
    texts.map((text) => code.includes(text)),
    [true, true],
  )
})

/** What root cannot read either. */
function inPlaceOf(file: string): void {
  rmSync(file)
  mkdirSync(file)
}

const others: [string, (file: string) => void, unknown][] = [
  ['none', (file) => rmSync(file), undefined],
  ['what cannot be read', inPlaceOf, undefined],
  ['half of it', (file) => truncateSync(file, statSync(file).size / 2), true],
  ['no code', (file) => writeFileSync(file, 'no code'), true],
]

for (const [name, change, refused] of others) {
  test(`starts as well with ${name}`, () => {
    const box = clone()
    change(path.join(path.dirname(box.program), box.kept()[0]!))

    assert.deepEqual(start(box), { said: '1.0.0', refused })
  })
}

test('starts as well under other flags of V8, under which some versions refuse it', () => {
  assert.equal(start(clone(), '--max-old-space-size=300').said, '1.0.0')
})

test('with kept code, too, the program loads what is no part of it: its page, and the client of a store', async (t) => {
  const installed = installProgram(tempDir(), ['@redis/client'])
  const env = { TOKEN_STORE: 'redis://127.0.0.1:1/2' }
  const program = runProgram(t, { program: installed, env })
  const url = await program.url()

  const page = await fetch(`${url}/status`, { headers: { accept: 'text/html' } })

  assert.match(await page.text(), /^<!doctype html>/)
  // such as that something is experimental
  assert.doesNotMatch(program.stderr(), /Warning/)
})

test('keeps it for another Node without building the program again, and reads nothing of its surroundings', () => {
  const box = clone()
  const main = path.join(path.dirname(box.program), 'main.cjs')
  const before = statSync(main).mtimeMs
  for (const name of box.kept()) rmSync(path.join(path.dirname(main), name))
  // with either the program would refuse to serve
  writeFileSync(path.join(box.dir, '.env'), 'LOG_LEVEL=of-this-folder\n')
  writeFileSync(path.join(box.dir, 'config.json'), '{')

  make(box, { LOG_LEVEL: 'of-this-environment', HOST: 'nowhere.invalid' })

  assert.equal(box.kept().length, 1)
  assert.equal(statSync(main).mtimeMs, before)
  assert.equal(start(box).refused, false)
})
