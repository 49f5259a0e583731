/**
 * `droid2api init`: a first configuration from what is there already: keys in the environment, servers on this machine, the
 * account. It asks nobody anything at the keyboard, so that it works in a container and for agents, and never writes over a file.
 */
import { existsSync, mkdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { whyNotWritten, writeFileDurably } from '../store/durable-file.ts'
import { counted } from '../config/models.ts'
import type { PresetName } from '../config/presets.ts'
import { quoted } from '../setup/curl.ts'
import { asked, type AskOne, type Outcome } from './ask.ts'
import { defaultOf, fileText, firstConfig, type FirstConfig } from './file.ts'
import { keysIn, variablesOf, type Search } from './keys.ts'
import { keyed, row, typeOf, type Provider } from './provider.ts'
import { serversAt, type Places } from './servers.ts'

export interface InitOptions {
  /** those that were asked for; none: all that are there */
  wanted: readonly PresetName[]
  /** absolute; where the configuration goes */
  file: string
  /** whether that is where the program looks by itself */
  isUsual: boolean
  offline: boolean
  print: boolean
  force: boolean
  get: (name: string) => string | undefined
  /** what the account was found by; undefined where there is none */
  account: string | undefined
  /** the address of the schema of `config.json` */
  schema: string | undefined
  /** the shipped aliases */
  redirects: Readonly<Record<string, string>>
  /** servers on this machine */
  places: Places
  ask: AskOne
  /** how the program is called in a shell */
  command: string
  /** the folder whose `.env` is read */
  dataDir: string
}

export interface InitResult {
  code: 0 | 1
  /** the configuration, where it was to be printed */
  config?: string
  /** for people */
  report: string
}

export async function init(options: InitOptions): Promise<InitResult> {
  const { file, force, print } = options
  if (existsSync(file) && !force && !print) return alreadyThere(options)
  const notUsed: string[] = []
  const search = searchFor(options, (text) => notUsed.push(text))
  const outcomes = await Promise.all(providersIn(search, options).map(askedBy(options)))
  const found = outcomes.filter((one) => 'models' in one)
  notUsed.push(...outcomes.flatMap((one) => whyNot(one, options)))
  const lines = [
    ...foundLines(found),
    ...notUsedLines(notUsed),
    ...notFoundLines(options, outcomes),
  ]
  if (found.length === 0) return { code: 1, report: joined([...lines, ...nothing(options)]) }
  const config = firstConfig(found, options.redirects)
  const text = fileText(config, options.schema)
  if (print) return { code: 0, config: text, report: joined(lines) }
  const fault = await written(file, text, force)
  if (fault !== undefined) return { code: 1, report: joined([...lines, '', fault]) }
  return { code: 0, report: joined([...lines, '', ...nextLines(config, options)]) }
}

/** A server that is not there is no news unless it was asked for. */
function whyNot(outcome: Outcome, { wanted }: InitOptions): string[] {
  const { preset, foundBy } = outcome.provider
  if ('refused' in outcome) return [`${preset} ${outcome.refused}`]
  const isMissed = 'absent' in outcome && wanted.length > 0
  return isMissed ? [`${preset} does not answer at ${foundBy}`] : []
}

function searchFor({ wanted, get }: InitOptions, noteUnused: Search['noteUnused']): Search {
  return { get, wanted: wanted.length > 0 ? new Set(wanted) : undefined, noteUnused }
}

function providersIn(search: Search, options: InitOptions): Provider[] {
  return [...accountIn(search, options), ...keysIn(search), ...serversAt(options.places, search)]
}

/** Its models are those that ship: no list is known of it. */
function accountIn({ wanted, noteUnused }: Search, { account }: InitOptions): Provider[] {
  if (wanted && !wanted.has('factory')) return []
  if (account === undefined) {
    if (wanted)
      noteUnused('factory needs FACTORY_API_KEY, DROID_REFRESH_KEY or a login of the droid CLI')
    return []
  }
  const { known } = row('factory')
  const preset = 'factory'
  const type = typeOf(preset)
  return [{ preset, type, foundBy: account, list: undefined, beside: {}, known, isHere: false }]
}

/** Offline, servers on this machine are still asked. */
function askedBy({ offline, ask }: InitOptions): (provider: Provider) => Promise<Outcome> {
  return async (provider) =>
    await asked(offline && !provider.isHere ? { ...provider, list: undefined } : provider, ask)
}

/** Nothing is changed; what the file lacks is named, without asking anybody. */
function alreadyThere(options: InitOptions): InitResult {
  const { file, wanted } = options
  if (statSync(file).isDirectory()) {
    const remedy = 'Name a file in it by --out, or delete the folder.'
    return { code: 1, report: joined([`${file} is a folder, not a file. ${remedy}`]) }
  }
  const held = readableText(file)
  const lacking = keysIn(searchFor({ ...options, wanted: [] }, () => undefined)).filter(
    ({ preset, variable = '' }) => !held.includes(`"${preset}"`) && !held.includes(variable),
  )
  const unmet = wanted.filter((name) => !held.includes(`"${name}"`))
  const lines = lacking.map(({ preset, variable }) => {
    const entry = `{ "name": "${preset}", "preset": "${preset}" }`
    return `It lacks ${preset}, whose key is in ${variable}: add ${entry} to its endpoints, and models of it.`
  })
  const report = joined([
    `${file} is there already, so nothing is changed.`,
    ...lines,
    'To have it written anew, run init with --force; to see what that would write, with --print.',
  ])
  return { code: unmet.length > 0 ? 1 : 0, report }
}

function readableText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // not ours to read: it stays as it is
    return ''
  }
}

/** Why it could not be written; undefined where it was. */
async function written(file: string, content: string, force: boolean): Promise<string | undefined> {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    // a file that appeared in the meantime stays
    if (!force) writeFileSync(file, '', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    return `${file} cannot be written: ${whyNotWritten(error as NodeJS.ErrnoException)}`
  }
  try {
    await writeFileDurably(file, content)
    return undefined
  } catch (error) {
    if (!force) unlinkSync(file)
    return `${file} cannot be written: ${whyNotWritten(error as NodeJS.ErrnoException)}`
  }
}

type Found = Extract<Outcome, { models: unknown }>

function foundLines(found: readonly Found[]): string[] {
  if (found.length === 0) return []
  const width = Math.max(...found.map(({ provider }) => provider.preset.length))
  return [
    'Found',
    ...found.map(({ provider: { preset, foundBy }, models, remark }) => {
      const note = row(preset).note
      const remarks = [counted(models.length, 'model'), remark, note]
      return `  ${preset.padEnd(width)}  ${[foundBy, ...remarks.filter(Boolean)].join('; ')}`
    }),
  ]
}

function notUsedLines(notUsed: readonly string[]): string[] {
  return notUsed.length > 0 ? ['Not used', ...notUsed.map((one) => `  ${one}`)] : []
}

function notFoundLines({ places, wanted }: InitOptions, outcomes: readonly Outcome[]): string[] {
  if (wanted.length > 0) return []
  const named = new Set(outcomes.map(({ provider }) => provider.variable))
  const variables = keyed
    .map((name) => variablesOf(name))
    .filter((all) => !all.some((variable) => named.has(variable)))
    .map(([first]) => first!)
  const absent = outcomes.flatMap((one) => ('absent' in one ? one.provider.foundBy : []))
  const silent = Object.keys(places).length > 0 && absent.length > 0
  return [
    'Not found',
    `  ${[...new Set(variables)].join(', ')}`,
    ...(silent ? [`  a server at ${absent.join(', ')}`] : []),
  ]
}

function nothing({ command, wanted }: InitOptions): string[] {
  const what = wanted.length > 0 ? wanted.join(', ') : 'key, local server or account'
  return [
    '',
    `There is no ${what} to write a configuration for. Set one of these variables, or start a server, and run it again.`,
    `To try everything without: ${command} demo`,
  ]
}

function nextLines(config: FirstConfig, options: InitOptions): string[] {
  const { file, isUsual, command, dataDir } = options
  const { endpoints, models } = config
  const flag = isUsual ? '' : ` --config ${quoted(file)}`
  const usesKeys = endpoints.some(({ preset }) => keyed.includes(preset as PresetName))
  return [
    `Wrote ${file}: ${counted(endpoints.length, 'endpoint')}, ${counted(models.length, 'model')}. A name that is none of them means ${defaultOf(models as { id: string }[])}.`,
    ...(usesKeys
      ? [
          `The keys stay in their variables, which each start reads again, also from ${path.join(dataDir, '.env')}.`,
        ]
      : []),
    'Next',
    `  ${command}${flag}`,
    `  eval "$(${command} env claude${flag})" && claude`,
  ]
}

function joined(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
