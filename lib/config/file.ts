/** The configuration file: which one, and what is in it. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { JsonObject } from '../../pipelines/wire/chat.ts'
import { isObject } from '../../pipelines/wire/json.ts'
import { placeOfFault } from './json-place.ts'

export interface FileChoice {
  path: string
  /** how faults call the one that was asked for */
  askedBy?: string
}

export interface FileOptions {
  flag: string | undefined
  variable: string | undefined
  cwd: string
  packageDir: string
}

/** The file of the flag, else of the variable, else `./config.json`, else the one that ships with the package. */
export function chooseFile({ flag, variable, cwd, packageDir }: FileOptions): FileChoice {
  if (flag) return { path: path.resolve(cwd, flag), askedBy: '--config' }
  if (variable) return { path: path.resolve(cwd, variable), askedBy: 'CONFIG_FILE' }
  const local = path.join(cwd, 'config.json')
  return { path: existsSync(local) ? local : path.join(packageDir, 'config.json') }
}

/** The file's object, its older name `endpoint` for `endpoints` put right; empty where it had to be a fault. */
export function readConfigFile(choice: FileChoice, faults: string[]): JsonObject {
  const text = readText(choice, faults)
  if (text === undefined) return {}
  const value = parse(choice.path, text.replace(/^\uFEFF/, ''), faults)
  if (value === undefined) return {}
  if (!isObject(value)) {
    faults.push(`${choice.path}: expected a JSON object`)
    return {}
  }
  const { endpoint, ...rest } = value
  return endpoint === undefined || rest.endpoints !== undefined
    ? value
    : { ...rest, endpoints: endpoint }
}

function readText({ path: file, askedBy }: FileChoice, faults: string[]): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`
    faults.push(`${askedBy ? `${askedBy}: ` : ''}${file}: ${why}`)
    return undefined
  }
}

function parse(file: string, text: string, faults: string[]): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    faults.push(`${file}${placeOfFault(text, error)}: not valid JSON`)
    return undefined
  }
}
