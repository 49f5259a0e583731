/** Variables that somebody set where nothing reads them: under a name that is almost ours, or in a `.env` that is not read. */
import { statSync } from 'node:fs'
import path from 'node:path'
import { parsedEnvFile, type Settings } from './env-files.ts'
import { clientKeyNames, environmentSchema, secretNames } from './environment.ts'
import { presetOf } from './preset-endpoint.ts'
import type { Preset } from './presets.ts'
import { readTextFile } from './text-file.ts'
import type { Endpoint } from './types.ts'
import { closest } from './unknown-keys.ts'

const ours = [
  ...Object.keys(environmentSchema.properties!),
  ...Array.from(secretNames, (name) => `${name}_FILE`),
]

/** A name of `.env` files that is one or two letters off from one of ours. Those of the environment may be anybody's. */
export function misspeltVariables(settings: Settings): string[] {
  return Object.keys(settings.added).flatMap((name) => {
    const near = ours.includes(name) ? undefined : almost(name, ours)
    return near === undefined || settings.get(near) !== undefined
      ? []
      : `${settings.source(name)}: ${name} is not read; did you mean ${near}?`
  })
}

/** What is set in place of the variable of an endpoint, as the end of a sentence; empty where nothing is. */
export function setInstead(
  name: string,
  preset: string | undefined,
  { get, names }: Pick<Settings, 'get' | 'names'>,
): string {
  const { aliases = [] }: Partial<Preset> = presetOf(preset) ?? {}
  const alias = aliases.find((one) => get(one) !== undefined)
  if (alias !== undefined) return `; ${alias} is set: name it in auth, as {"env": "${alias}"}`
  const near = almost(name, names())
  return near === undefined ? '' : `; ${near} is set: did you mean it?`
}

/** Two letters, but one in a name as short as PORT. */
function almost(name: string, known: readonly string[]): string | undefined {
  return closest(
    name,
    known.filter((one) => one !== name),
    name.length > 5 ? 2 : 1,
  )
}

/** Unmistakably ours: `PORT` and the like are variables of any program. */
const unmistakable = [...secretNames, ...clientKeyNames]

/** A `.env` in the current folder that holds what is missing: it may be anybody's, so it is not read. */
export function strayFile(
  cwd: string,
  settings: Settings,
  endpoints: readonly Pick<Endpoint, 'auth'>[],
): string[] {
  const file = path.join(cwd, '.env')
  const held = valuesIn(file)
  const wanted = endpoints.flatMap(({ auth }) => (typeof auth === 'object' ? auth.env : []))
  const missed = [...new Set([...unmistakable, ...wanted])].filter(
    (name) => held[name]?.trim() && settings.get(name) === undefined,
  )
  if (missed.length === 0) return []
  const remedy = `put ${missed.join(', ')} into ${path.join(settings.dataDir, '.env')}`
  return [`${file} is not read, since it only lies in the current folder: ${remedy}`]
}

function valuesIn(file: string): Record<string, string> {
  try {
    // a pipe, as password managers put one there, would wait for somebody to write
    return statSync(file).isFile() ? parsedEnvFile(readTextFile(file)) : {}
  } catch {
    // there is none
    return {}
  }
}
