/** The object of a configuration file, checked: what cannot be served is left out, all else that is wrong is a fault. */
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import type { GivenAccount } from './accounts.ts'
import type { Settings } from './env-files.ts'
import { authFaults } from './endpoint-auth.ts'
import { describe, missingPlace, validate, type SchemaFault } from './validate.ts'
import {
  didYouMean,
  isStrict,
  nearest,
  withoutUnknownKeys,
  type UnknownKey,
} from './unknown-keys.ts'
import { missingAddresses, presetFaults, withPreset } from './preset-endpoint.ts'
import { expandReferences } from './references.ts'
import { fileSchema } from './schema.ts'
import type { AuthConfig, BareEndpoint, ConfigData, GivenEndpoint } from './types.ts'
import type { Remarks } from './written-value.ts'

export type FilePart = Omit<
  ConfigData,
  | 'auth'
  | 'accounts'
  | 'file'
  | 'file_hash'
  | 'env_files'
  | 'data_dir'
  | 'program_dir'
  | 'start_dir'
  | 'secrets'
  | 'endpoint_secrets'
  | 'file_secrets'
  | 'unserved'
  | 'status_page'
> & { auth: Omit<AuthConfig, 'file'> & { file?: string }; accounts: GivenAccount[] }

/** As the schema leaves it: `auth` may still be missing. */
export type GivenPart = Omit<FilePart, 'endpoints'> & { endpoints: GivenEndpoint[] }

type BarePart = Omit<FilePart, 'endpoints'> & { endpoints: BareEndpoint[] }

/** The file's own values of keys that are read before the defaults are filled in. */
export interface Given {
  dev_mode?: unknown
  log_level?: unknown
  models?: unknown
  endpoints?: { headers?: unknown; auth?: unknown }[]
}

export interface CheckedFile {
  /** complete, also where there are faults: what is wrong has its default */
  part: GivenPart
  given: Given
  /** entries of `models` and `endpoints` that are not to be looked at any further, by their number in the file */
  skipped: Skipped
  /** why a model is not served, by id */
  unserved: Record<string, string>
  /** what references stood for */
  secrets: string[]
}

export interface Skipped {
  models: Set<number>
  endpoints: Set<number>
  /** those of the endpoints that are not left out: something else is wrong with them */
  faulty: Set<number>
}

export function checkFile(object: JsonObject, settings: Settings, remarks: Remarks): CheckedFile {
  const { value, secrets, places } = expandReferences(object, settings, (place, text) =>
    remarks.fault(`${place} ${text}`),
  )
  const secretKeys = authFaults(isObject(value) ? value.endpoints : undefined)
  const unknown: UnknownKey[] = []
  const given = withoutUnknownKeys(value, fileSchema, unknown) as JsonObject
  const skipped: Skipped = { models: new Set(), endpoints: new Set(), faulty: new Set() }
  const unserved: Record<string, string> = {}
  for (const fault of secretKeys) {
    remarks.fault(fault)
    skipFaulty(skipped, Number(/\d+/.exec(fault)?.[0]))
  }
  leaveOut(given, skipped, unserved, remarks.warn)
  const { data, found } = validate(fileSchema, given, false)
  found.push(...missingAddresses(given.endpoints))
  for (const line of describe(found, { hidden: places, unknown })) remarks.fault(line)
  const explained = new Set(found.filter(({ keyword }) => keyword === 'required').map(missingPlace))
  for (const { text, near, place } of unknown) {
    const isReported = secretKeys.some((fault) => fault.startsWith(`${place} `))
    if (isReported || (near !== undefined && explained.has(near))) continue
    if (isStrict(place)) remarks.fault(text)
    else remarks.warn(text)
  }
  const part = (found.length === 0
    ? data
    : validate(fileSchema, sound(given, found, skipped), false).data) as unknown as BarePart
  for (const [index, endpoint] of part.endpoints.entries()) {
    for (const fault of presetFaults(endpoint)) {
      remarks.fault(`endpoints[${index}].${fault}`)
      skipFaulty(skipped, index)
    }
  }
  const endpoints = part.endpoints.map(withPreset)
  return { part: { ...part, endpoints }, given, skipped, unserved, secrets }
}

const types = fileSchema.properties!.models!.items!.properties!.type!.enum as string[]
const levels = fileSchema.properties!.models!.items!.properties!.reasoning!.enum as string[]

/** What another version serves: an entry whose type is not known is left out, a level that is not known is the client's. */
function leaveOut(
  given: JsonObject,
  skipped: Skipped,
  unserved: Record<string, string>,
  warn: (text: string) => void,
): void {
  for (const list of ['models', 'endpoints'] as const) {
    for (const [index, entry] of entriesOf(given[list])) {
      const place = `${list}[${index}]`
      if (isOther(entry.type, types)) {
        const why = `${place}.type is ${JSON.stringify(entry.type)}, which this version does not serve`
        const hint = didYouMean(nearest(entry.type, types))
        warn(`${why}${hint}; ${titleOf(entry)} is left out`)
        skipped[list].add(index)
        if (list === 'models' && typeof entry.id === 'string') unserved[entry.id] = why
        // checked like any other entry, so that its other faults are reported, too
        entry.type = types[0]
      }
      if (list === 'models' && isOther(entry.reasoning, levels)) {
        const level = JSON.stringify(entry.reasoning)
        warn(`${place}.reasoning is ${level}, expected one of ${levels.join(', ')}; auto is used`)
        entry.reasoning = 'auto'
      }
    }
  }
}

function isOther(value: unknown, known: string[]): value is string {
  return typeof value === 'string' && !known.includes(value)
}

function titleOf({ id, name }: JsonObject): string {
  return [id, name].find((text) => typeof text === 'string') ?? 'it'
}

function entriesOf(list: unknown): [index: number, entry: JsonObject][] {
  if (!Array.isArray(list)) return []
  return [...list.entries()].filter((entry): entry is [number, JsonObject] => isObject(entry[1]))
}

/** The file without what is wrong in it, for the checks that come after. */
function sound(given: JsonObject, found: SchemaFault[], skipped: Skipped): JsonObject {
  const rest: JsonObject = { ...given }
  for (const { instancePath } of found) {
    const [, key = '', index] = instancePath.split('/')
    const list = rest[key]
    if ((key === 'models' || key === 'endpoints') && index !== undefined && Array.isArray(list)) {
      rest[key] = list.with(Number(index), standIn(list[Number(index)], key))
      if (key === 'endpoints') skipFaulty(skipped, Number(index))
      else skipped.models.add(Number(index))
    } else delete rest[key]
  }
  return rest
}

function skipFaulty({ endpoints, faulty }: Skipped, index: number): void {
  endpoints.add(index)
  faulty.add(index)
}

/** Keeps the names by which others refer to it. */
function standIn(entry: unknown, list: 'models' | 'endpoints'): JsonObject {
  const { id, name, type } = isObject(entry) ? entry : {}
  const named = {
    name: typeof name === 'string' && name !== '' ? name : '?',
    ...(typeof type === 'string' && types.includes(type) && { type }),
  }
  if (list === 'endpoints') return { ...named, base_url: 'http://localhost' }
  return { type: types[0], ...named, id: typeof id === 'string' && id !== '' ? id : '?' }
}
