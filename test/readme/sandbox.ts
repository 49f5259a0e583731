/** A reader's machine: a fresh copy of the project in an empty home, and a shell to paste commands into. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { builtProgram } from '../helpers/built-program.ts'
import { freePort } from '../helpers/free-port.ts'
import { printed } from '../helpers/printed.ts'
import { tempDir } from '../helpers/temp-dir.ts'
import { packageDir } from './page.ts'
import { writeStandIns, type StandInCall } from './stand-ins.ts'

export interface Running {
  /** the address that the proxy in it listens on */
  url: string
  stdout: () => string
}

export interface Sandbox {
  /** the copy of the project; HOME is the folder above it */
  dir: string
  /** stands for `/` in what `sudo` is given */
  root: string
  /** what the stand-ins were called with, in turn */
  calls: () => StandInCall[]
  /** Pastes commands and hands back what they print. Throws when one of them fails. */
  paste: (commands: string, env?: Record<string, string>) => string
  /** Pastes commands that start the proxy, on a free port; ends what they started with the test. */
  start: (commands: string, env?: Record<string, string>) => Promise<Running>
}

/** start.sh asks which of two files is newer. */
const asIs = { recursive: true, preserveTimestamps: true }

/**
 * A copy as `git clone` would make it, with the changes that are not committed yet. `installed`: `npm ci` and a build were
 * run. `tested`: the tests are there, which are most of the files and which few commands need.
 */
export function sandbox(t: TestContext, { installed = true, tested = false } = {}): Sandbox {
  const root = tempDir()
  const home = path.join(root, 'home', 'me')
  const dir = path.join(home, 'droid2api')
  copyProject(dir, tested)
  mkdirSync(path.join(root, 'etc', 'systemd', 'system'), { recursive: true })
  writeStandIns(path.join(root, 'stand-ins'))
  const env = environment(root, home)
  const paste: Sandbox['paste'] = (commands, more = {}) =>
    execFileSync('sh', ['-ec', commands], {
      cwd: dir,
      env: { ...env, ...more },
      encoding: 'utf8',
      timeout: 300_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  if (installed) {
    paste('npm ci')
    builtProgram()
    cpSync(path.join(packageDir, 'dist'), path.join(dir, 'dist'), asIs)
  }
  return {
    dir,
    root,
    paste,
    calls: () => readCalls(path.join(root, 'calls')),
    start: async (commands, more = {}) => {
      const port = await freePort()
      return await start(t, commands, dir, { ...env, PORT: String(port), ...more })
    },
  }
}

/** Puts a configuration into a data folder of the home, and hands back its file. */
export function writeConfig({ dir }: Sandbox, text: string, dataFolder = '.droid2api'): string {
  const file = path.join(dir, '..', dataFolder, 'config.json')
  mkdirSync(path.dirname(file))
  writeFileSync(file, text)
  return file
}

function copyProject(dir: string, tested: boolean): void {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: packageDir,
    encoding: 'utf8',
  })
  for (const file of listed.split('\0')) {
    const source = path.join(packageDir, file)
    if (!tested && file.startsWith('test/')) continue
    if (file !== '' && existsSync(source)) cpSync(source, path.join(dir, file), asIs)
  }
}

/** Nothing of this machine's but its programs, behind the stand-ins. */
function environment(root: string, home: string): Record<string, string> {
  const programs = process.env.PATH ?? ''
  const bins = [path.join(root, 'stand-ins'), path.join(root, 'usr', 'local', 'bin')]
  return {
    PATH: [...bins, path.dirname(process.execPath), programs].join(':'),
    HOME: home,
    SANDBOX: root,
    MODULES: path.join(packageDir, 'node_modules'),
    REAL_NPM: execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim(),
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
  }
}

function readCalls(file: string): StandInCall[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as StandInCall)
}

async function start(
  t: TestContext,
  commands: string,
  cwd: string,
  env: Record<string, string>,
): Promise<Running> {
  const shell = spawn('sh', ['-ec', commands], { cwd, env, detached: true })
  let [stdout, stderr] = ['', '']
  shell.stdout.setEncoding('utf8').on('data', (piece: string) => (stdout += piece))
  shell.stderr.setEncoding('utf8').on('data', (piece: string) => (stderr += piece))
  const ended = once(shell, 'close')
  t.after(async () => {
    if (shell.exitCode === null) process.kill(-shell.pid!, 'SIGKILL')
    await ended
  })
  const listening = /"url":"(http[^"]+)".*"listening"|listens on (http\S+)[\s\S]*? -d '.*\n/
  const found = await printed(
    shell,
    () => stdout + stderr,
    () => listening.exec(stdout) ?? undefined,
  )
  return { url: (found[1] ?? found[2])!, stdout: () => stdout }
}
