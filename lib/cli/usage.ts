/** The command line: what it takes, and its help. */
import { parseArgs } from 'node:util'
import { readFlags, type Flags } from '../config/flags.ts'
import { presetNames } from '../config/presets.ts'
import { nearest } from '../config/unknown-keys.ts'
import type { InitFlags } from '../init/command.ts'
import { keptByNpm, unknownCommand, wrongFlag } from './misread.ts'
import { clientNames, type ClientName } from '../setup/clients.ts'
import { shellNames, type ShellName } from '../setup/shells.ts'

export const usage = `Usage: droid2api [command] [flags]

Commands
  serve           serve the configured upstreams (default)
  init            write a first configuration for the keys and local servers that are there
  demo            serve with a built-in upstream, no account needed
  check           check configuration, credentials and port, then exit
  env CLIENT      print the line that points CLIENT at the proxy: claude, codex or openai
  status          show how a running proxy is: accounts, requests, usage
  health          say whether a proxy serves here, for the health check of a container
  usage           show what was used: a table on a terminal, JSON elsewhere
  explain [FILE]  show what becomes of the request in FILE or in a pipe; nothing is sent
  schema          print the JSON schema of config.json, for editors
  key NAME        make a client key and print it with its entry for config.json

Flags
  -p, --port N        port to listen on (default 3000)
      --host NAME     address to listen on (default 127.0.0.1)
  -c, --config FILE   configuration file (default: the one in
                      DATA_DIR, else the program's own)
      --log-level L   fatal, error, warn, info, debug, trace or silent
      --online        check: also ask the upstreams; no refresh token is spent
      --renew         check: the same, and renew the login where it is due
      --json          check, status, usage, explain: one JSON object instead of lines
      --url URL       status: of the proxy there (default: the one of this configuration)
      --csv           usage: one line for each row
      --since WHEN    usage: 7d, 2026-11, 2026-11-01..14 (default: this month)
      --by WHAT       usage: day, client, model, endpoint, account, or several
                      with commas (default: day)
  -m, --model ID      env: the model that the client uses, of any type;
                      explain: in place of the one that the request names
      --shell NAME    env: sh, fish or powershell (default: what SHELL says)
      --route PATH    explain: the route it arrives at (default /v1/chat/completions)
      --header 'K: V' explain: a header of the request; may be given several times
      --curl          explain: print what goes upstream as a curl command
      --preset NAME   init: only this provider; may be given several times
      --out FILE      init: where to write (default: config.json in DATA_DIR)
      --offline       init: ask only servers on this machine for their models
      --print         init: print the configuration, write nothing
      --force         init: overwrite a file that is there
  -h, --help          print this text
  -v, --version       print the version

Exit codes
  0 as asked   1 failed, or check found an error   2 wrong command line
  78 wrong configuration (starting again does not help)
`

const commandNames = [
  'serve',
  'init',
  'demo',
  'check',
  'env',
  'status',
  'health',
  'usage',
  'explain',
  'schema',
  'key',
] as const

export type CommandName = (typeof commandNames)[number]

export interface CommandLine {
  command: CommandName
  /** what follows `env`: see `clientOf`; or `key`: a name */
  client: string | undefined
  /** only with `env` and `explain` */
  model: string | undefined
  /** only with `env` */
  shell: ShellName | undefined
  /** only with `status` */
  url: string | undefined
  /** these three only with `usage` */
  since: string | undefined
  by: string | undefined
  csv: boolean
  /** only with `init` */
  init: InitFlags
  /** only with `explain` */
  explain: ExplainFlags
  flags: Flags
  online: boolean
  renew: boolean
  json: boolean
  help: boolean
  version: boolean
}

export interface ExplainFlags {
  /** what holds the body; `-` and left out for standard input */
  file: string | undefined
  route: string | undefined
  headers: string[]
  curl: boolean
}

/** Thrown for a command line that cannot be understood; the message names what is wrong. */
export class UsageError extends Error {}

const options = {
  port: { type: 'string', short: 'p' },
  host: { type: 'string' },
  config: { type: 'string', short: 'c' },
  'log-level': { type: 'string' },
  online: { type: 'boolean' },
  renew: { type: 'boolean' },
  json: { type: 'boolean' },
  csv: { type: 'boolean' },
  url: { type: 'string' },
  since: { type: 'string' },
  by: { type: 'string' },
  model: { type: 'string', short: 'm' },
  shell: { type: 'string' },
  route: { type: 'string' },
  header: { type: 'string', multiple: true },
  curl: { type: 'boolean' },
  preset: { type: 'string', multiple: true },
  out: { type: 'string' },
  offline: { type: 'boolean' },
  print: { type: 'boolean' },
  force: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const

/** The commands of flags that not every command takes. */
const goesWith: Partial<Record<keyof typeof options, readonly CommandName[]>> = {
  online: ['check'],
  renew: ['check'],
  json: ['check', 'status', 'usage', 'explain'],
  csv: ['usage'],
  url: ['status'],
  since: ['usage'],
  by: ['usage'],
  model: ['env', 'explain'],
  shell: ['env'],
  route: ['explain'],
  header: ['explain'],
  curl: ['explain'],
  preset: ['init'],
  out: ['init'],
  offline: ['init'],
  print: ['init'],
  force: ['init'],
}

/** In: the arguments after the program's name. Throws UsageError. */
export function parseCommandLine(args: string[], env = process.env): CommandLine {
  const kept = keptByNpm(env, args)
  if (kept !== undefined) throw new UsageError(kept)
  const [first] = args
  // as other programs have it, whatever stands behind
  if (first === 'help' || first === 'version') return parseCommandLine([`--${first}`], env)
  const { values, positionals } = parsed(args)
  const [command = 'serve', ...more] = positionals
  if (!isCommand(command)) throw new UsageError(unknownCommand(command, commandNames))
  const client = command === 'env' || command === 'key' ? more.shift() : undefined
  const file = command === 'explain' ? more.shift() : undefined
  if (more.length > 0) throw new UsageError(`Unexpected argument: ${more.join(' ')}`)
  checkFlags(command, values)
  const flags = {
    port: values.port,
    host: values.host,
    config: values.config,
    logLevel: values['log-level'],
  }
  const { faults } = readFlags(flags)
  if (faults.length > 0) throw new UsageError(faults.join('\n'))
  if (command === 'init' && values.config !== undefined) {
    throw new UsageError('init reads no configuration; where it writes one is --out')
  }
  const other = values.curl ? '--curl' : values.csv ? '--csv' : undefined
  if (values.json && other) throw new UsageError(`--json and ${other} are two forms of one answer`)
  return {
    command,
    client,
    model: values.model,
    shell: values.shell === undefined ? undefined : oneOf(values.shell, '--shell', shellNames),
    url: values.url,
    since: values.since,
    by: values.by,
    csv: values.csv ?? false,
    init: initFlags(values),
    explain: {
      file,
      route: values.route,
      headers: values.header ?? [],
      curl: values.curl ?? false,
    },
    flags,
    online: values.online ?? values.renew ?? false,
    renew: values.renew ?? false,
    json: values.json ?? false,
    help: values.help ?? false,
    version: values.version ?? false,
  }
}

/** A flag without effect would be one that is not what it says: `--online` alone would start to serve. */
function checkFlags(command: CommandName, values: ReturnType<typeof parsed>['values']): void {
  for (const [flag, value] of Object.entries(values)) {
    // as an empty variable of the shell leaves it: the value of another place would be taken in silence
    if ([value].flat().some((one) => typeof one === 'string' && one.trim() === '')) {
      throw new UsageError(`--${flag} is empty`)
    }
    const commands = goesWith[flag as keyof typeof options]
    if (commands && !commands.includes(command)) {
      throw new UsageError(`--${flag} goes with ${commands.join(', ')}`)
    }
  }
}

function initFlags({
  preset = [],
  out,
  offline = false,
  print = false,
  force = false,
}: ReturnType<typeof parsed>['values']): InitFlags {
  return {
    presets: preset.map((name) => oneOf(name, '--preset', presetNames)),
    out,
    offline,
    print,
    force,
  }
}

/** A word of a list, or a UsageError that names the nearest, else all. */
function oneOf<T extends string>(word: string, flag: string, known: readonly T[]): T {
  const found = known.find((one) => one === word)
  if (found) return found
  const near = nearest(word, known)
  const hint = near ? `Did you mean ${near}?` : `There are ${known.join(', ')}`
  throw new UsageError(`${flag} ${word} is not known. ${hint}`)
}

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(wrongFlag((error as Error).message, Object.keys(options)))
  }
}

function isCommand(text: string): text is CommandName {
  return commandNames.some((name) => name === text)
}

/** The client that `env` is for. Throws UsageError. */
export function clientOf({ client }: CommandLine): ClientName {
  const known = clientNames.find((name) => name === client)
  if (known) return known
  throw new UsageError(`env needs the name of a client: ${clientNames.join(', ')}`)
}
