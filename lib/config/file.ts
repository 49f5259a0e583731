/** The configuration file: which one, and what is in it. */
import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import { withoutComments } from './json-comments.ts'
import { faultIn } from './json-place.ts'
import { readTextFile, whyUnreadable } from './text-file.ts'

export interface FileChoice {
  path: string
  /** how faults call the one that was asked for */
  askedBy?: string
}

export interface FileOptions {
  flag: string | undefined
  /** absolute */
  variable: string | undefined
  cwd: string
  dataDir: string
  packageDir: string
}

/**
 * The file of the flag, else of the variable, else the one in `DATA_DIR`, else the one in the program's own folder. One that
 * merely lies in the current folder is somebody else's: it could send the login anywhere.
 */
export function chooseFile(options: FileOptions): FileChoice {
  const { flag, variable, cwd, dataDir, packageDir } = options
  if (flag) return { path: path.resolve(cwd, flag), askedBy: '--config' }
  if (variable) return { path: variable, askedBy: 'CONFIG_FILE' }
  const kept = path.join(dataDir, 'config.json')
  return { path: existsSync(kept) ? kept : path.join(packageDir, 'config.json') }
}

/** A warning where a configuration of ours lies in the current folder and nobody said whether it is meant. */
export function notReadHere({ path: chosen, askedBy }: FileChoice, cwd: string): string[] {
  const here = path.join(cwd, 'config.json')
  if (askedBy || isSame(here, chosen) || !isOurs(here)) return []
  return [
    `${here} is not read, since it only lies in the current folder: --config ${here} reads it`,
  ]
}

function isSame(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other)
  } catch {
    // one of them is not there
    return false
  }
}

function isOurs(file: string): boolean {
  try {
    const { models, endpoints, endpoint } = objectFrom(withoutComments(readTextFile(file))) ?? {}
    return [models, endpoints, endpoint].some(Array.isArray)
  } catch {
    // whatever it is, nobody takes it for a configuration
    return false
  }
}

/** The file's object, its older name `endpoint` for `endpoints` put right; empty where it had to be a fault. */
export function readConfigFile(choice: FileChoice, faults: string[]): JsonObject {
  const text = readText(choice, faults)
  if (text === undefined) return {}
  const value = parse(choice.path, text, faults)
  if (value === undefined) return {}
  if (!isObject(value)) {
    faults.push(`${choice.path}: expected a JSON object`)
    return {}
  }
  const { endpoint, $schema: _, ...rest } = value
  return endpoint === undefined || rest.endpoints !== undefined
    ? rest
    : { ...rest, endpoints: endpoint }
}

function readText({ path: file, askedBy }: FileChoice, faults: string[]): string | undefined {
  try {
    return readTextFile(file)
  } catch (error) {
    faults.push(`${askedBy ? `${askedBy}: ` : ''}${file}: ${whyUnreadable(error)}`)
    return undefined
  }
}

function parse(file: string, written: string, faults: string[]): unknown {
  if (written.trim() === '') {
    faults.push(`${file}: the file is empty; {} is a configuration with nothing but defaults`)
    return undefined
  }
  const text = withoutComments(written)
  try {
    return JSON.parse(text)
  } catch (error) {
    const other = otherLanguage(file, text)
    const { place, why } = faultIn(text, error)
    faults.push(
      other
        ? `${file}: this is ${other}; the configuration is JSON, see the shipped config.json`
        : `${file}${place}: not valid JSON: ${why}`,
    )
    return undefined
  }
}

/** Forks of the original have their configuration in YAML. */
function otherLanguage(file: string, text: string): string | undefined {
  if (/\.ya?ml$/i.test(file)) return 'YAML'
  if (/\.toml$/i.test(file)) return 'TOML'
  if (/^\s*[{["]/.test(text) && !/^\s*\[[\w.-]+\]\s*$/m.test(text)) return undefined
  if (/^\s*\w[\w.-]*\s*=/m.test(text)) return 'TOML'
  return /^(?:---|\w[\w-]*:(?:\s|$))/m.test(text) ? 'YAML' : undefined
}
