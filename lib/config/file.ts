/** The configuration file: which one, and what is in it. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { JsonObject } from '../../pipelines/wire/chat.ts'
import { ConfigError } from './faults.ts'

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

/** The file's object, its older name `endpoint` for `endpoints` put right. Throws ConfigError. */
export function readConfigFile({ path: file, askedBy }: FileChoice): JsonObject {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`
    throw new ConfigError([`${askedBy ? `${askedBy}: ` : ''}${file}: ${why}`])
  }
  const value = parse(file, text.replace(/^\uFEFF/, ''))
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError([`${file}: expected a JSON object`])
  }
  const { endpoint, ...rest } = value as JsonObject
  return endpoint === undefined || rest.endpoints !== undefined
    ? (value as JsonObject)
    : { ...rest, endpoints: endpoint }
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ConfigError([`${file}${placeOf(text, error)}: not valid JSON`])
  }
}

/** `:LINE:COLUMN`; V8 gives the offset for all but an early end. */
function placeOf(text: string, error: unknown): string {
  const found = /position (\d+)/.exec(String(error))
  const before = text.slice(0, found ? Number(found[1]) : text.length).split('\n')
  return `:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
}
