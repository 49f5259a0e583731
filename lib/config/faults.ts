/** What is wrong with a configuration, said so that it can be put right: place, value, what was expected. */

/** All faults at once; `message` has one a line. The program exits with 78 on it. */
export class ConfigError extends Error {
  readonly faults: string[]

  constructor(faults: string[]) {
    super(faults.join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
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
const secretPlace = /(?:^|\.)(?:api_keys|headers|auth)(?:[.[]|$)|KEY/

/** In: ajv's findings on one source. Out: one line each; findings that only follow from another are left out. */
export function describe(source: string, found: SchemaFault[]): string[] {
  const alternatives = new Set(
    found.filter(({ keyword }) => keyword === 'anyOf').map(({ instancePath }) => instancePath),
  )
  const lines = found
    .filter(({ keyword, instancePath }) => keyword === 'anyOf' || !alternatives.has(instancePath))
    .map((fault) => describeOne(source, fault))
  return [...new Set(lines)]
}

function describeOne(source: string, fault: SchemaFault): string {
  if (fault.keyword === 'required') {
    const { missingProperty } = fault.params as { missingProperty: string }
    const place = placeOf(`${fault.instancePath}/${missingProperty}`)
    return `${source}: ${place} is missing`
  }
  const place = placeOf(fault.instancePath)
  const value = secretPlace.test(place) ? '' : ` is ${shown(fault.data)},`
  return `${source}: ${place}${value || ':'} expected ${expected(fault)}`
}

function expected({ keyword, params }: SchemaFault): string {
  switch (keyword) {
    case 'type':
      return words[String(params.type)] ?? String(params.type)
    case 'enum':
      return `one of ${(params.allowedValues as unknown[]).map(shown).join(', ')}`
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

const words: Record<string, string> = {
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
