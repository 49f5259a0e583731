/**
 * Tool parameters and answer schemas as OpenAI takes them. Source: OpenAI, "Structured outputs",
 * read 2026-11; what was refused in practice: langchainjs #9804 (alternatives at the top), spacectl
 * #402 (lists without `items`), bnbchain-mcp #68 (objects without `properties`).
 */
import { isObject, type JsonObject } from '../../json/value.ts'
import { hasAlternatives, isClosed, objectSchema } from '../../neutral/object-schema.ts'

/** Of one strict schema. */
const limits = { depth: 10, properties: 5000, enumValues: 1000, characters: 120_000 }

/** Throws a 400 when `value` is neither an object nor nothing. */
export function parametersOf(value: unknown, place: string): JsonObject {
  const whole = objectSchema(value, place, missing)
  if (whole.enum === undefined && whole.not === undefined) return topLevel(whole)
  const { enum: _values, not: _not, ...schema } = whole
  return topLevel(schema)
}

/** The top may have become an object only just now. */
function topLevel(schema: JsonObject): JsonObject {
  const lacking = missing(schema)
  return lacking ? { ...schema, ...lacking } : schema
}

/** Whether a schema has no alternatives to merge and is within the limits; of all else the API itself complains. */
function canBeStrict(schema: unknown): boolean {
  if (!isObject(schema)) return true
  if (hasAlternatives(schema)) return false
  const size = { depth: 0, properties: 0, enumValues: 0, characters: 0 }
  measure(schema, 0, size)
  return Object.entries(limits).every(([name, limit]) => size[name as keyof typeof size] <= limit)
}

/** Whether a schema goes up as a strict one, as far as that is wished. */
export function isStrict(wish: boolean | 'if-possible' | undefined, schema: unknown): boolean {
  if (wish === 'if-possible') return isClosed(schema) && canBeStrict(schema)
  return wish === true && canBeStrict(schema)
}

/** The API demands both, though they mean no more than their absence. */
function missing({ type, properties, items, prefixItems }: JsonObject): JsonObject | undefined {
  if (isOfType(type, 'array') && items === undefined && prefixItems === undefined) {
    return { items: {} }
  }
  return isOfType(type, 'object') && properties === undefined ? { properties: {} } : undefined
}

function isOfType(type: unknown, wanted: string): boolean {
  return type === wanted || (Array.isArray(type) && type.includes(wanted))
}

/** Objects in one another, names of properties and definitions, and the values of `enum` and `const`. */
function measure(node: unknown, depth: number, size: typeof limits): void {
  if (Array.isArray(node)) {
    for (const member of node) measure(member, depth, size)
  } else if (isObject(node)) {
    const inside = isObject(node.properties) ? depth + 1 : depth
    size.depth = Math.max(size.depth, inside)
    for (const [key, value] of Object.entries(node)) {
      if (key === 'enum' || key === 'const') countValues([value].flat(), size)
      else if (namesOf.has(key) && isObject(value)) {
        countNames(Object.keys(value), key, size)
        for (const member of Object.values(value)) measure(member, inside, size)
      } else measure(value, inside, size)
    }
  }
}

const namesOf = new Set(['properties', '$defs', 'definitions'])

function countNames(names: string[], key: string, size: typeof limits): void {
  if (key === 'properties') size.properties += names.length
  for (const name of names) size.characters += name.length
}

function countValues(values: unknown[], size: typeof limits): void {
  size.enumValues += values.length
  for (const value of values) if (typeof value === 'string') size.characters += value.length
}
