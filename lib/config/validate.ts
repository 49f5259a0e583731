/**
 * Checking by schema: env-schema, which brings ajv (the build puts compiled validators in its place), and the description of
 * what it found: place, value, what was expected.
 */
import type { Ajv, Options } from 'ajv'
import { envSchema, type EnvSchemaOpt } from 'env-schema'
import type { Schema } from './schema-type.ts'
import { didYouMean, nearest, type UnknownKey } from './unknown-keys.ts'

export interface Validated {
  /** with its defaults filled in; as it was where something is wrong with it */
  data: Record<string, unknown>
  found: SchemaFault[]
}

/** `coerce`: texts may stand for numbers, as they do in an environment. */
export function validate(schema: Schema, given: object, coerce: boolean): Validated {
  try {
    const data = envSchema({
      schema,
      data: structuredClone(given) as Record<string, unknown>,
      env: false,
      ajv: compiler(coerce),
    })
    return { data, found: [] }
  } catch (error) {
    const { errors } = error as { errors?: SchemaFault[] }
    if (!errors) throw error
    return { data: { ...given }, found: errors }
  }
}

/** By whether it coerces. Each keeps what it compiled, which takes 60 ms where a configuration is read from the source. */
const compilers = new Map<boolean, Ajv>()

/** The types of env-schema know no constructor of ajv; the instance that it offers does. */
function compiler(coerce: boolean): NonNullable<EnvSchemaOpt['ajv']> {
  return (
    compilers.get(coerce) ?? {
      customOptions: (standard) => {
        const own = new (standard.constructor as typeof Ajv)({
          ...standard.opts,
          ...ajvOptions(coerce),
        })
        compilers.set(coerce, own)
        return own
      },
    }
  )
}

/** On top of those that env-schema sets. Our own schemas need no check against the schema of schemas. */
export function ajvOptions(coerceTypes: boolean): Options {
  return { meta: false, validateSchema: false, coerceTypes, removeAdditional: false, verbose: true }
}

/** All faults at once, and the warnings beside them; `message` has one a line. The program exits with 78 on it. */
export class ConfigError extends Error {
  readonly faults: string[]
  readonly warnings: string[]

  constructor(faults: string[], warnings: string[] = []) {
    super([...faults, ...warnings].join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
    this.warnings = warnings
  }
}

/** One finding of ajv (with `verbose: true`). Source: ajv documentation, "Error objects", read 2026-11. */
export interface SchemaFault {
  instancePath: string
  keyword: string
  params: Record<string, unknown>
  data?: unknown
}

/** Values below these keys may be secrets, or sit beside one. */
const secretPlace =
  /(?:^|\.)(?:api_keys|admin_key|headers|auth|accounts)(?:[.[]|$)|^clients\[\d+\]\.key|KEY/

/** What is known of a file besides its schema. */
export interface Context {
  /** places whose value came from elsewhere and may be a secret */
  hidden?: Set<string>
  /** keys that the schema does not know */
  unknown?: readonly UnknownKey[]
}

/** In: ajv's findings. Out: one line each, which begins with the place; findings that only follow from another are left out. */
export function describe(found: SchemaFault[], context: Context = {}): string[] {
  const alternatives = new Set(
    found.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath),
  )
  const lines = found
    .filter(({ keyword, instancePath }) => keyword === 'anyOf' || !alternatives.has(instancePath))
    .map((fault) => describeOne(fault, context))
  return [...new Set(lines)]
}

function describeOne(fault: SchemaFault, { hidden, unknown }: Context): string {
  if (fault.keyword === 'required') {
    const place = missingPlace(fault)
    const meant = unknown?.find(({ near }) => near === place)
    return `${place} is missing${meant ? `; ${meant.place} is there: did you mean it?` : ''}`
  }
  const place = placeOf(fault.instancePath)
  const isSecret = secretPlace.test(place) || hidden?.has(place)
  const value = isSecret ? '' : ` is ${shown(fault.data)},`
  return `${place}${value || ':'} expected ${expected(fault)}`
}

/** Where a key should be that is not there. */
export function missingPlace({ instancePath, params }: SchemaFault): string {
  const { missingProperty } = params as { missingProperty: string }
  return placeOf(`${instancePath}/${missingProperty}`)
}

function expected(fault: SchemaFault): string {
  const { keyword, params } = fault
  switch (keyword) {
    case 'type':
      return (kinds[String(params.type)] ?? String(params.type)) + unquoted(fault)
    case 'enum':
      return `one of ${(params.allowedValues as unknown[]).map(shown).join(', ')}${hint(fault)}`
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
      return `a number ${String(params.comparison)} ${String(params.limit)}`
    case 'minLength':
      return 'a text that is not empty'
    case 'anyOf':
      return '"account", "client", "none" or {"env": "NAME", "header": "NAME"}'
    default:
      return `what the schema says (${keyword})`
  }
}

/** What would be right, but for its quotes. */
function unquoted({ params, data }: SchemaFault): string {
  if (typeof data !== 'string' || data.trim() === '') return ''
  const isNumber = params.type === 'integer' ? /^\d+$/.test(data) : Number.isFinite(Number(data))
  const isRight = params.type === 'boolean' ? /^(?:true|false)$/.test(data) : isNumber
  const takesQuotes = ['integer', 'number', 'boolean'].includes(String(params.type))
  return takesQuotes && isRight ? ', without quotes' : ''
}

/** The known word that a misspelt one most likely means. */
function hint({ params, data }: SchemaFault): string {
  const known = (params.allowedValues as unknown[]).filter((word) => typeof word === 'string')
  return typeof data === 'string' ? didYouMean(nearest(data, known)) : ''
}

const kinds: Record<string, string> = {
  integer: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
}

/** `/models/2/reasoning` → `models[2].reasoning`. */
function placeOf(pointer: string): string {
  const place = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')
  return place.replace(/^\./, '') || 'the file'
}

/** Lists and objects by their kind alone: a secret may be in them, wherever they were put by mistake. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
