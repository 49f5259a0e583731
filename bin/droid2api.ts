/** The program: reads the command line, builds, runs one command. The only place that ends the process. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { whyNotWritten } from '../lib/store/durable-file.ts'
import { redisServer } from '../lib/cli/redis-server.ts'
import { StoreError } from '../lib/store/errors.ts'
import { listenerUrl } from '../lib/cli/banner.ts'
import { buildApp, usageStore, type BuiltApp } from '../lib/cli/build-app.ts'
import { findings } from '../lib/cli/check.ts'
import { configurationFaults, findingLines, type Finding } from '../lib/cli/finding.ts'
import { neededKey, shellLine } from '../lib/setup/clients.ts'
import { likelyShell, shells } from '../lib/setup/shells.ts'
import { demoConfig, demoNote } from '../lib/cli/demo-config.ts'
import { modelNote } from '../lib/cli/env-model.ts'
import { newKey, ownFile } from '../lib/cli/key.ts'
import { usageText } from '../lib/cli/print-usage.ts'
import { ListenError, serve } from '../lib/cli/serve.ts'
import { currentDirOrRoot, homeOrRoot } from '../lib/cli/surroundings.ts'
import {
  clientOf,
  parseCommandLine,
  usage,
  UsageError,
  type CommandLine,
} from '../lib/cli/usage.ts'
import { usesAccount } from '../lib/config/endpoint-auth.ts'
import { readSettings } from '../lib/config/env-files.ts'
import { ConfigError, loadConfig } from '../lib/config/load.ts'
import type { SeenFiles } from '../lib/config/seen-files.ts'
import type { Config } from '../lib/config/types.ts'
import { outboundProxy } from '../lib/network/outbound-proxy.ts'
import { UsageFileError } from '../lib/usage/folder.ts'

const exitCodes = { failure: 1, usage: 2, configuration: 78 }

const ownKeyNote = 'DROID2API_KEY to your own key for the upstream, unless the demo is running.\n'

const secondKey = 'ANTHROPIC_API_KEY'
const twoKeysNote = `${secondKey} is set here, too: Claude Code warns of two keys, and sends both.`

/** As it was at the start: a reload reads the `.env` files again. */
const startEnvironment = { ...process.env }
/** What each file of the configuration was when it was last read. */
const seen: SeenFiles = new Map()
const packageDir = findPackageDir(import.meta.dirname)
const { version } = JSON.parse(readFileSync(path.join(packageDir, 'package.json'), 'utf8')) as {
  version: string
}

async function main(): Promise<void> {
  try {
    process.exitCode = await run(process.argv.slice(2))
  } catch (error) {
    process.exitCode = report(error)
  }
}

async function run(args: string[]): Promise<number> {
  const line = parseCommandLine(args)
  if (line.help) process.stdout.write(usage)
  else if (line.version) process.stdout.write(`${version}\n`)
  else return await commands[line.command](line)
  return 0
}

const commands = {
  async serve(line: CommandLine): Promise<number> {
    const built = await build(line)
    await serve(built, { seen, read: () => loadAgain(line) })
    return 0
  },

  async demo(line: CommandLine): Promise<number> {
    const { startDemoUpstream } = await import('../lib/demo/upstream.ts')
    const upstream = await startDemoUpstream()
    try {
      const { config: own, warnings } = load(line)
      const config = demoConfig(own, upstream.url)
      const built = buildApp({ config, version, warnings, accountNote: demoNote(config) })
      await serve(built, {
        seen,
        async read() {
          const again = await loadAgain(line)
          return { ...again, config: demoConfig(again.config, upstream.url) }
        },
      })
    } finally {
      await upstream.close()
    }
    return 0
  },

  async init(line: CommandLine): Promise<number> {
    const { runInit } = await import('../lib/init/command.ts')
    // the file that is to be written may be there already, and broken
    const config = path.join(packageDir, 'config.json')
    const { config: shipped } = load({ ...line, flags: { config } })
    const settings = readSettings(surroundings(), [])
    const {
      code,
      config: made,
      report: told,
    } = await runInit(line.init, settings, shipped, homeOrRoot())
    if (made !== undefined) process.stdout.write(made)
    process[made === undefined ? 'stdout' : 'stderr'].write(told)
    return code
  },

  env(line: CommandLine): number {
    const client = clientOf(line)
    const { model } = line
    const { config } = load(line)
    const url = listenerUrl(config)
    const note = model === undefined ? undefined : modelNote(config, model)
    const shell = line.shell ?? likelyShell(startEnvironment, process.platform)
    process.stdout.write(shellLine(client, { config, url, model }, shell, startEnvironment))
    // on stderr for the user, since a shell evaluates stdout
    if (note !== undefined) process.stderr.write(note)
    if (client === 'claude' && startEnvironment[secondKey]) {
      const without = shells[shell].without(secondKey, client)
      process.stderr.write(`${twoKeysNote} Start it without: ${without}\n`)
    }
    if (neededKey(config) === 'upstream') {
      process.stderr.write(`${usesAccount(config) ? 'No account: set' : 'Set'} ${ownKeyNote}`)
    }
    return 0
  },

  async status(line: CommandLine): Promise<number> {
    const [{ statusText }, { NoStatus }] = await Promise.all([
      import('../lib/cli/print-status.ts'),
      import('../lib/cli/ask-status.ts'),
    ])
    try {
      process.stdout.write(await statusText(line, load(line).config))
      return 0
    } catch (error) {
      if (!(error instanceof NoStatus)) throw error
      process.stderr.write(`${error.message}\n`)
      return exitCodes.failure
    }
  },

  async health(line: CommandLine): Promise<number> {
    const { likelyPlaces, servingAt } = await import('../lib/cli/health.ts')
    const places = likelyPlaces(unlessBroken(line), startEnvironment)
    const place = await servingAt(places)
    const out = place === undefined ? process.stderr : process.stdout
    out.write(place === undefined ? `No droid2api answers at ${places.join(' or ')}\n` : 'ok\n')
    return place === undefined ? exitCodes.failure : 0
  },

  async usage(line: CommandLine): Promise<number> {
    const { config } = load(line)
    const store = usageStore(config, await redisServer(config), () => config.usage.keep_months)
    try {
      process.stdout.write(await usageText(line, store, process.stdout.isTTY))
      return 0
    } catch (error) {
      if (!isOfStore(error)) throw error
      process.stderr.write(`${error.message}\n`)
      return exitCodes.failure
    } finally {
      store.close()
    }
  },

  async schema(): Promise<number> {
    const { publishedSchema } = await import('../lib/config/published-schema.ts')
    process.stdout.write(`${JSON.stringify(publishedSchema(), null, 2)}\n`)
    return 0
  },

  async explain(line: CommandLine): Promise<number> {
    const { explainCommand } = await import('../lib/cli/explain.ts')
    const { config, warnings } = load(line)
    const silent = { ...config, log_level: 'silent' as const }
    // without the server of TOKEN_STORE, since nothing is sent
    const { app } = buildApp({ config: silent, version, warnings, proxy: outboundProxy() })
    const { isTTY: isTerminal } = process.stdout
    const isKeyboard = process.stdin.isTTY
    const told = await explainCommand(line, app, { env: process.env, isTerminal, isKeyboard })
    process.stderr.write(told.err)
    process.stdout.write(told.out)
    return told.code
  },

  key(line: CommandLine): number {
    const config = unlessBroken(line)
    const fallback = { path: 'config.json', isThere: true }
    process.stdout.write(newKey(line, config ? ownFile(config) : fallback))
    return 0
  },

  async check(line: CommandLine): Promise<number> {
    const all = await checkAll(line)
    process.stdout.write(line.json ? `${JSON.stringify({ findings: all })}\n` : findingLines(all))
    return all.some(({ level }) => level === 'error') ? exitCodes.failure : 0
  },
}

/** A configuration that stops the start is a finding like any other. */
async function checkAll(line: CommandLine): Promise<Finding[]> {
  try {
    const { app } = await build(line, 'silent')
    const all = await findings(app, line)
    await Promise.all([app.account.stop(), app.pool.stop()])
    app.shared?.close()
    app.agents.destroy()
    return all
  } catch (error) {
    if (error instanceof ConfigError) return configurationFaults(error)
    throw error
  }
}

async function build(line: CommandLine, logLevel?: 'silent'): Promise<BuiltApp> {
  const { config, warnings } = load(line)
  return buildApp({
    config: logLevel ? { ...config, log_level: logLevel } : config,
    version,
    warnings,
    proxy: outboundProxy(),
    redis: await redisServer(config),
  })
}

function surroundings() {
  return { env: startEnvironment, cwd: currentDirOrRoot(), packageDir, homeDir: homeOrRoot() }
}

/** Adds what `.env` files set to the environment, for all that reads it there, such as the outbound proxy. */
function load({ flags }: CommandLine) {
  seen.clear()
  const loaded = loadConfig({ flags, ...surroundings(), seen })
  Object.assign(process.env, loaded.added)
  return loaded
}

function unlessBroken(line: CommandLine): Config | undefined {
  try {
    return load(line).config
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}

/** Fails also where what the start would need is not there. */
async function loadAgain(line: CommandLine) {
  const loaded = load(line)
  await redisServer(loaded.config)
  return loaded
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\ndroid2api --help lists the commands and flags.\n`)
    return exitCodes.usage
  }
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`)
    return exitCodes.configuration
  }
  if (error instanceof ListenError) {
    process.stderr.write(`${error.message}\n`)
    return exitCodes.failure
  }
  throw error
}

/** A reader such as `head` has read enough. Any other fault must not look like success to who started the program. */
function onOutputFault(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return
  process.stderr.write(`The output cannot be written: ${whyNotWritten(error)}\n`)
  process.exit(exitCodes.failure)
}

/** What keeps usage from being read. */
function isOfStore(error: unknown): error is Error {
  if (error instanceof UsageFileError || error instanceof StoreError) return true
  return error instanceof Error && 'syscall' in error
}

/** Where package.json is: one folder up from the source, two from the compiled program. */
function findPackageDir(dir: string): string {
  const parent = path.dirname(dir)
  return path.basename(parent) === 'dist' ? path.dirname(parent) : parent
}

process.stdout.on('error', onOutputFault)
void main()
