/**
 * The entries of `clients`, checked: each has a name, a key and limits that mean something. Nothing of a key is shown.
 */
import { hashedKey } from './admin-key.ts'
import { isBrokenHash } from './callers.ts'
import type { Caller, ConfigData } from './types.ts'
import { isExample, isPlainName, type Remarks } from './written-value.ts'

/** `Bearer` is no part of a key. `file`: the configuration file. */
export function bareClients(
  given: readonly Caller[],
  { file, warnings }: { file: string; warnings: string[] },
): Caller[] {
  return given.map((caller, index) => {
    const key = caller.key.replace(/^Bearer\s+/i, '')
    if (key === caller.key) return caller
    warnings.push(`${file}: clients[${index}].key begins with "Bearer", which is taken off`)
    return { ...caller, key }
  })
}

/** Looks at all clients. `places`: of each of them, with the file or the variable that it stands in. */
export function checkClients(
  config: ConfigData,
  places: readonly string[],
  remarks: Remarks,
): void {
  const names = new Map(config.api_keys.map((_, index) => [`key-${index + 1}`, 'one of api_keys']))
  const keys = new Map(config.api_keys.map((key) => [hashedKey(key), 'one of api_keys']))
  for (const [index, caller] of config.clients.entries()) {
    const place = places[index]!
    const fault = (...parts: string[]) => remarks.fault([`${place}:`, ...parts].join(' '))
    checkName(caller, names.get(caller.name), fault)
    checkKey(caller, keys.get(hashedKey(caller.key)), fault)
    if (!config.usage.enabled && (caller.requests_per_day ?? caller.tokens_per_day) !== undefined) {
      remarks.warn(`${place}: with usage off, a daily limit starts anew at each restart`)
    }
    names.set(caller.name, place)
    keys.set(hashedKey(caller.key), place)
    checkModels(caller, config, place, remarks)
    if (caller.expires !== undefined && !isDate(caller.expires)) {
      remarks.fault(
        `${place}: expires is ${JSON.stringify(caller.expires)}, expected a date such as 2027-01-31`,
      )
    }
  }
}

function checkName(
  { name }: Caller,
  other: string | undefined,
  fault: (text: string) => void,
): void {
  const shown = JSON.stringify(name.slice(0, 40))
  if (!isPlainName(name)) {
    fault(`name is ${shown}, expected up to 32 small letters, digits, ".", "_" or "-"`)
  } else if (other !== undefined) fault(`name is ${shown}, the same as that of ${other}`)
}

function checkKey({ key }: Caller, other: string | undefined, fault: (text: string) => void): void {
  if (isBrokenHash(key)) fault('key begins with sha256:, which 64 hexadecimal digits must follow')
  else if (isExample(key)) fault('key is an example value; "droid2api key NAME" makes one')
  else if (other !== undefined)
    fault(`key is that of ${other}, too; the two could not be told apart`)
}

function checkModels(
  { models }: Caller,
  config: ConfigData,
  place: string,
  { fault, warn }: Remarks,
): void {
  if (models?.length === 0) {
    fault(`${place}: models is empty; leave it out to allow all, or set enabled to false`)
  }
  for (const pattern of models ?? []) {
    const shown = `${place}: models holds ${JSON.stringify(pattern)}`
    if (pattern.slice(0, -1).includes('*')) fault(`${shown}; a * may only stand at the end`)
    else if (!config.models.some(({ id }) => isMatch(pattern, id))) {
      warn(`${shown}, which is not the id of a model`)
    }
  }
}

/** Whether a caller may use a model. `id`: as it is configured, whatever it was asked for by. */
export function mayUse({ models }: Caller, id: string): boolean {
  return models === undefined || models.some((pattern) => isMatch(pattern, id))
}

function isMatch(pattern: string, id: string): boolean {
  return pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : id === pattern
}

/** Whether it is a day of the calendar: `2027-02-30` is none. */
function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}
