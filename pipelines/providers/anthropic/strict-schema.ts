/**
 * JSON schemas for structured outputs, which take a part of JSON Schema only: what they refuse is
 * taken out and said in words, so that the model still reads it. Source: Anthropic, "Structured
 * outputs", read 2026-11.
 */
import { isObject, type JsonObject } from '../../json/value.ts'
import { writeJson } from '../../json/exact-json.ts'

const refused = wordSet(
  'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern',
  'minItems maxItems uniqueItems minProperties maxProperties not if then else',
)
const formats = wordSet('date-time time date duration email hostname uri ipv4 ipv6 uuid')

/**
 * Keywords whose value is a schema or a list of schemas, and those whose value is a map of schemas
 * by name.
 */
const holdsSchemas = wordSet(
  'items prefixItems additionalItems contains anyOf oneOf allOf',
  'propertyNames unevaluatedItems unevaluatedProperties',
)
const holdsNamedSchemas = wordSet('properties patternProperties $defs definitions dependentSchemas')

/** A copy of the schema that structured outputs and strict tools take. */
export function strictSchema(schema: JsonObject): JsonObject {
  const kept: [string, unknown][] = []
  const words: string[] = []
  for (const [key, value] of Object.entries(schema)) {
    if (refused.has(key) || (key === 'format' && !formats.has(value))) {
      words.push(`${key}: ${typeof value === 'string' ? value : writeJson(value)}`)
    } else if (key !== 'oneOf') {
      kept.push([key, cleaned(key, value)])
    }
  }
  const clean: JsonObject = Object.fromEntries(kept)
  if (isObjectSchema(schema)) clean.additionalProperties = false
  if (Array.isArray(schema.oneOf)) {
    const others: unknown[] = Array.isArray(clean.anyOf) ? clean.anyOf : []
    clean.anyOf = [...others, ...schema.oneOf.map(cleanAny)]
  }
  if (words.length > 0) clean.description = described(schema.description, words)
  return clean
}

function cleaned(key: string, value: unknown): unknown {
  if (holdsSchemas.has(key)) return Array.isArray(value) ? value.map(cleanAny) : cleanAny(value)
  if (!holdsNamedSchemas.has(key) || !isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, node]) => [name, cleanAny(node)]))
}

function cleanAny(node: unknown): unknown {
  return isObject(node) ? strictSchema(node) : node
}

function isObjectSchema(schema: JsonObject): boolean {
  const types = [schema.type].flat()
  return types.includes('object') || (schema.type === undefined && isObject(schema.properties))
}

function described(description: unknown, words: string[]): string {
  const constraint = words.join(', ')
  return typeof description === 'string' && description !== ''
    ? `${description} (${constraint})`
    : constraint
}

function wordSet(...lines: string[]): ReadonlySet<unknown> {
  return new Set(lines.flatMap((line) => line.split(' ')))
}
