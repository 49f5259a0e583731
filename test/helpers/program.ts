/** The built program, as a process of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { builtProgram } from './built-program.ts'
import { printed } from './printed.ts'

export interface Program {
  process: ChildProcessWithoutNullStreams
  /** its folder, with `config.json` in it */
  dir: string
  stdout(): string
  stderr(): string
  /** the address it listens on, once it does */
  url(): Promise<string>
  /** the first log line with this message */
  line(message: string): Promise<Record<string, unknown>>
  /** its exit code, or the signal that ended it */
  exit: Promise<number | NodeJS.Signals>
}

export interface ProgramOptions {
  args?: string[]
  config?: Record<string, unknown> | string
  env?: Record<string, string>
  /** the file of another copy of the program; the configuration then only lies in the current folder */
  program?: string
  /** it takes its stdout for a terminal, without colours; one that has been closed, should it look closer */
  terminal?: boolean
  /** the file that its stdout goes to; nothing of it is then read here */
  stdout?: string
  /** how many file descriptors it may have */
  descriptors?: number
}

const takenForTerminal = 'data:text/javascript,process.stdout.isTTY=true;process.env.NO_COLOR=1'

/** Starts it in a folder of its own with nothing of this machine's environment but the path; ends it with the test. */
export function runProgram(t: TestContext, options: ProgramOptions = {}): Program {
  const dir = mkdtempSync(path.join(tmpdir(), 'droid2api-'))
  const { config = {} } = options
  const text = typeof config === 'string' ? config : JSON.stringify({ port: 0, ...config })
  writeFileSync(path.join(dir, 'config.json'), text)
  const command = [
    process.execPath,
    ...(options.terminal ? ['--import', takenForTerminal] : []),
    options.program ?? builtProgram(),
    ...(options.args ?? []),
  ]
  const limit = options.descriptors === undefined ? '' : `ulimit -n ${options.descriptors}; `
  const child = spawn(
    'sh',
    ['-c', `${limit}exec "$@"${options.stdout ? ` > ${options.stdout}` : ''}`, 'sh', ...command],
    {
      cwd: dir,
      // a session of its own has no terminal
      detached: options.terminal === true,
      env: {
        PATH: process.env.PATH,
        HOME: dir,
        DATA_DIR: path.join(dir, 'data'),
        ...(options.program === undefined && { CONFIG_FILE: path.join(dir, 'config.json') }),
        ...options.env,
      },
    },
  )
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    stdout += piece
  })
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    stderr += piece
  })
  const exit = once(child, 'close').then(
    ([code, signal]) => (code ?? signal) as number | NodeJS.Signals,
  )
  t.after(async () => {
    child.kill('SIGKILL')
    await exit
    rmSync(dir, { recursive: true, force: true })
  })

  const waitFor = <T>(found: () => T | undefined) => printed(child, () => stdout + stderr, found)

  function line(message: string): Promise<Record<string, unknown>> {
    return waitFor(() =>
      stdout
        .split('\n')
        .filter((one) => one.startsWith('{') && one.endsWith('}'))
        .map((one) => JSON.parse(one) as Record<string, unknown>)
        .find(({ msg }) => msg === message),
    )
  }

  async function url(): Promise<string> {
    if (!options.terminal) return String((await line('listening')).url)
    // the curl lines are the last of the banner
    return await waitFor(() => /listens on (\S+)[^]*? -d '.*\n/.exec(stdout)?.[1])
  }

  return {
    process: child,
    dir,
    stdout: () => stdout,
    stderr: () => stderr,
    url,
    line,
    exit,
  }
}
