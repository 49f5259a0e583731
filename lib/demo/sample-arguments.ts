/**
 * Values made from a JSON schema: valid for the common keywords, plausible by the name of the property, and harmless, since
 * an agent may really run it (`echo`, a file that does not exist).
 */
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { clip } from './tokens.ts'

export interface SampleHint {
  /** the user's text; a place named in it becomes the city */
  prompt: string
  /** the tool only looks at files, so that one which the user names is safe with it */
  reads?: boolean
  /** index among calls of the same tool, so that two calls differ */
  nth: number
}

interface Place extends SampleHint {
  root: JsonObject
  /** of the property */
  name: string
  depth: number
}

/** Deeper than this only what ends a recursive schema. */
const maxDepth = 8

const textsByName: [name: RegExp, text: (place: Place) => string][] = [
  [/city|location|place|town|destination|region/i, placeIn],
  [/country/i, () => 'Norway'],
  [/dir(ectory)?$|folder|cwd|workdir/i, () => '.'],
  [/file|path/i, fileIn],
  [/command|cmd|script|shell|^code$/i, () => 'echo hello from the droid2api demo'],
  [/unit/i, () => 'celsius'],
  [/time_?zone|^tz$/i, () => 'UTC'],
  [/^date|_date|Date$|^day/, () => '2026-01-31'],
  [/time/i, () => '12:00:00'],
  [/lang|locale/i, () => 'en'],
  [/url|uri|link|href/i, () => 'https://example.com/'],
  [/e-?mail/i, () => 'ada@example.com'],
  [/pattern|regex|glob/i, () => '*.md'],
  [/name|user|author/i, () => 'Ada'],
  [/id$/i, ({ nth }) => `demo-${nth + 1}`],
  [
    /query|search|question|prompt|text|message|content|input|description|task|topic/i,
    ({ prompt }) => clip(prompt, 80) || 'hello',
  ],
]

/** The first word of the user's text that looks like a file. */
function fileIn({ reads, prompt }: Place): string {
  const named = reads ? /(?<!\S)[\w./~-]*\w\.\w{1,5}(?!\w)/.exec(prompt)?.[0] : undefined
  return named ?? 'droid2api-demo.txt'
}

const textsByFormat: Record<string, string> = {
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00Z',
  time: '12:00:00Z',
  email: 'ada@example.com',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000001',
  ipv4: '127.0.0.1',
}

/** A value for a schema: required members, or all of them where the schema names none. */
export function sampleValue(schema: JsonObject, hint: SampleHint): unknown {
  return valueFor(schema, { ...hint, root: schema, name: '', depth: 0 })
}

function valueFor(schema: unknown, place: Place): unknown {
  if (place.depth > 2 * maxDepth) return null
  if (!isObject(schema)) return textByName(place)
  if (typeof schema.$ref === 'string') {
    return valueFor(resolve(schema.$ref, place.root), deeper(place))
  }
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[place.nth % schema.enum.length] as unknown
  if ('default' in schema) return schema.default
  const variants = schema.anyOf ?? schema.oneOf
  if (Array.isArray(variants)) return valueFor(variant(variants, place), deeper(place))
  if (Array.isArray(schema.allOf)) return valueFor(merged(schema, schema.allOf), place)
  return byType(schema, place)
}

function byType(schema: JsonObject, place: Place): unknown {
  switch (typeOf(schema)) {
    case 'object':
      return objectFor(schema, place)
    case 'array':
      return arrayFor(schema, place)
    case 'integer':
    case 'number':
      return numberFor(schema)
    case 'boolean':
      return false
    case 'null':
      return null
    default:
      return stringFor(schema, place)
  }
}

function typeOf(schema: JsonObject): unknown {
  const { type } = schema
  if (Array.isArray(type)) return type.find((one) => one !== 'null') ?? 'null'
  if (type !== undefined) return type
  if (isObject(schema.properties)) return 'object'
  return 'items' in schema ? 'array' : 'string'
}

function objectFor(schema: JsonObject, place: Place): JsonObject {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const names = Array.isArray(schema.required) ? schema.required.map(String) : undefined
  const object: JsonObject = {}
  for (const name of names ?? Object.keys(properties)) {
    object[name] = valueFor(properties[name], { ...deeper(place), name })
  }
  return object
}

function arrayFor(schema: JsonObject, place: Place): unknown[] {
  if (place.depth > maxDepth) return []
  const item = valueFor(schema.items, deeper(place))
  if (/command|cmd|args/i.test(place.name) && typeof item === 'string') return item.split(' ')
  const { minItems } = schema
  const count = typeof minItems === 'number' ? Math.min(Math.max(minItems, 1), 20) : 1
  return Array.from({ length: count }, () => item)
}

/** The first of a few likely numbers that the schema allows. */
function numberFor(schema: JsonObject): number {
  const step = numberOr(schema.multipleOf, 1)
  const least = numberOr(schema.minimum, -Infinity)
  const most = numberOr(schema.maximum, Infinity)
  const above = numberOr(schema.exclusiveMinimum, -Infinity)
  const below = numberOr(schema.exclusiveMaximum, Infinity)
  const onStep = Math.ceil(Math.max(least, above) / step) * step
  const likely = [1, step, 0, onStep, onStep + step, least, most, below - step, (above + below) / 2]
  const allowed = (value: number) =>
    value >= least &&
    value <= most &&
    value > above &&
    value < below &&
    (schema.multipleOf === undefined || Number.isInteger(value / step)) &&
    (schema.type !== 'integer' || Number.isInteger(value))
  return likely.find(allowed) ?? 1
}

function stringFor(schema: JsonObject, place: Place): string {
  const formatted = typeof schema.format === 'string' ? textsByFormat[schema.format] : undefined
  const text = formatted ?? textByName(place)
  const { minLength, maxLength } = schema
  const long = typeof minLength === 'number' ? text.padEnd(Math.min(minLength, 1000), '.') : text
  return typeof maxLength === 'number' ? long.slice(0, maxLength) : long
}

function textByName(place: Place): string {
  const row = textsByName.find(([name]) => name.test(place.name))
  return row ? row[1](place) : 'demo'
}

/** The nth place that the user names (“in Oslo and Paris”), else a city. */
function placeIn({ prompt, nth }: Place): string {
  const named = /\b(?:in|for|at|of|and|near)\s+(\p{Lu}[\p{L}'-]+(?:\s\p{Lu}[\p{L}'-]+)*)/gu
  const places = Array.from(prompt.matchAll(named), ([, name]) => name)
  return places[nth] ?? ['Oslo', 'Paris'][nth % 2] ?? 'Oslo'
}

/** The first variant that is not null; too deep, the one that ends the recursion. */
function variant(variants: unknown[], place: Place): unknown {
  if (place.depth > maxDepth) return variants.find(isNull) ?? variants.at(-1)
  return variants.find((one) => !isNull(one)) ?? variants[0]
}

function isNull(schema: unknown): boolean {
  return isObject(schema) && schema.type === 'null'
}

function merged(schema: JsonObject, parts: unknown[]): JsonObject {
  const all = [schema, ...parts.filter(isObject)]
  return {
    ...Object.assign({}, ...all),
    allOf: undefined,
    properties: Object.assign({}, ...all.map(({ properties }) => properties)),
    required: all.flatMap(({ required }) => (Array.isArray(required) ? required : [])),
  }
}

/** A reference within the schema, such as `#/$defs/item`. */
function resolve(ref: string, root: JsonObject): unknown {
  let found: unknown = root
  for (const key of ref.split('/').slice(1)) {
    found = isObject(found) ? found[key.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined
  }
  return found
}

function deeper(place: Place): Place {
  return { ...place, depth: place.depth + 1 }
}

function numberOr(value: unknown, other: number): number {
  return typeof value === 'number' ? value : other
}
