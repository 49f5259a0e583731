/**
 * Builds the program, or ends with one line on what is missing for that. `npm run build` runs it; `npm start` loads it first,
 * and then it builds only where a source is newer than the program. Either way V8's code is kept for the Node that runs this.
 */
'use strict'
// oxlint-disable-next-line import/no-unassigned-import -- it ends the process where Node is too old
require('./check-node.cjs')
const { spawnSync } = require('child_process')
const { accessSync, constants, existsSync, readdirSync, statSync } = require('fs')
const path = require('path')
const { codeFile } = require('./load-program.cjs')

const projectDir = path.join(__dirname, '..', '..')
const program = path.join('dist', 'bin', 'droid2api.js')
const sources = ['bin', 'lib', 'pipelines', 'package-lock.json']

/** When a file, or any file below a folder, was changed last. */
function newest(place) {
  const stats = statSync(place)
  if (!stats.isDirectory()) return stats.mtimeMs
  return Math.max(...readdirSync(place).map((name) => newest(path.join(place, name))))
}

function isBuilt() {
  const file = path.join(projectDir, program)
  if (!existsSync(file)) return false
  const built = statSync(file).mtimeMs
  return sources.every((source) => newest(path.join(projectDir, source)) < built)
}

function isCodeKept() {
  const bin = path.join(projectDir, path.dirname(program))
  const ofThisNode = codeFile('').slice('main-'.length)
  return readdirSync(bin).some((name) => name.endsWith(ofThisNode))
}

/** Else each start would run the program for its code, and have nowhere to put it. */
function mayKeepCode() {
  try {
    accessSync(path.join(projectDir, path.dirname(program)), constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** npm leaves the packages that build out of an installation for production. */
function canBuild() {
  return ['tsx', 'esbuild', 'ajv'].every((name) =>
    existsSync(path.join(projectDir, 'node_modules', name, 'package.json')),
  )
}

function build() {
  if (!canBuild()) {
    process.stderr.write(
      'droid2api is not built, and what builds it is not installed. Run: npm ci --include=dev\n',
    )
    return 1
  }
  const script = path.join(__dirname, 'build.ts')
  const command = ['--import', 'tsx', script]
  const { status } = spawnSync(process.execPath, command, { cwd: projectDir, stdio: 'inherit' })
  return status === null ? 1 : status
}

/** Without it the program starts more slowly, and that is all: so nothing is said where it cannot be kept. */
function keepCode() {
  const script = path.join(__dirname, 'keep-code.cjs')
  spawnSync(process.execPath, [script], { cwd: projectDir, stdio: 'ignore', timeout: 30_000 })
}

const code = require.main !== module && isBuilt() ? 0 : build()
if (code !== 0) process.exit(code)
if (!isCodeKept() && mayKeepCode()) keepCode()
