/**
 * Keeps V8's code of the built program for the Node that runs this, beside the program: all that is compiled by the time it
 * listens. For that the program runs once, in a folder of its own, on a port of loopback that the system chooses. It finds
 * no account there and no upstream, so nothing goes out.
 *
 *     node bin/build/keep-code.cjs
 */
'use strict'
const fs = require('fs')
const { tmpdir } = require('os')
const path = require('path')
const { codeFile, compileProgram } = require('./load-program.cjs')

const projectDir = path.join(__dirname, '..', '..')
const binDir = path.join(projectDir, 'dist', 'bin')
const config = {
  port: 0,
  models: [{ name: 'Claude', id: 'claude', type: 'anthropic' }],
  endpoints: [{ name: 'nobody', type: 'anthropic', base_url: 'http://127.0.0.1:9' }],
  api_keys: ['only-to-keep-code'],
}
/** ms that it may take to listen */
const patience = 10_000

/** As the launcher says it, which looks for the code by it. */
function hashOfProgram() {
  const launcher = fs.readFileSync(path.join(binDir, 'droid2api.js'), 'utf8')
  return /compileProgram\(__dirname, '(\w+)'\)/.exec(launcher)[1]
}

/** A folder as a release has it, with a configuration. */
function makeFolder() {
  const dir = fs.mkdtempSync(path.join(tmpdir(), 'droid2api-code-'))
  fs.mkdirSync(path.join(dir, 'dist', 'bin'), { recursive: true })
  fs.copyFileSync(path.join(projectDir, 'package.json'), path.join(dir, 'package.json'))
  fs.writeFileSync(path.join(dir, 'config.json'), JSON.stringify(config))
  return dir
}

/** Runs the program as if it lay in this folder, with nothing of this environment: no account, no `.env`, no store. */
function run(script, dir) {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, { HOME: dir, USERPROFILE: dir, DATA_DIR: dir })
  process.chdir(dir)
  process.argv.splice(2, Infinity, '-c', path.join(dir, 'config.json'))
  const place = path.join(dir, 'dist', 'bin')
  script.runInThisContext()({}, require, {}, path.join(place, 'main.cjs'), place)
}

/** In one step, and on the disk before it has its name: V8 would run what a loss of power left of it. */
function put(code, file) {
  fs.writeFileSync(`${file}.new`, code, { flush: true })
  fs.renameSync(`${file}.new`, file)
}

// V8 refuses code that was made under other flags than those it starts with, and the program sets some later
require('v8').setFlagsFromString = () => {}
const hash = hashOfProgram()
const script = compileProgram(binDir, hash)
const dir = makeFolder()
process.once('exit', () => fs.rmSync(dir, { recursive: true, force: true }))
run(script, dir)
const began = Date.now()
setInterval(() => {
  if (process.exitCode || Date.now() - began > patience) process.exit(1)
  if (!process.getActiveResourcesInfo().includes('TCPServerWrap')) return
  put(script.createCachedData(), path.join(binDir, codeFile(hash)))
  process.exit()
}, 50)
