/**
 * JSON schemas for structured outputs and strict tools, which take a part of JSON Schema only, and only so much of it in one
 * request. Source: Anthropic, "Structured outputs", read 2026-11; its limits as users quote them.
 */
import { isObject, writeJson, type JsonObject } from '../../json/value.ts'

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

/**
 * A copy of the schema that structured outputs and strict tools take. What they refuse is taken out and put into the
 * description, so that the model still reads it.
 */
export function strictSchema(schema: JsonObject): JsonObject {
  const kept: [string, unknown][] = []
  const constraints: string[] = []
  for (const [key, value] of Object.entries(schema)) {
    if (refused.has(key) || (key === 'format' && !formats.has(value))) {
      constraints.push(`${key}: ${typeof value === 'string' ? value : writeJson(value)}`)
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
  if (constraints.length > 0) clean.description = described(schema.description, constraints)
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

function described(description: unknown, constraints: string[]): string {
  const constraint = constraints.join(', ')
  return typeof description === 'string' && description !== ''
    ? `${description} (${constraint})`
    : constraint
}

function wordSet(...lines: string[]): ReadonlySet<unknown> {
  return new Set(lines.flatMap((line) => line.split(' ')))
}

const maxTools = 20
/** properties that are not required, at any depth */
const maxOptional = 24
/** properties with alternatives: `anyOf`, `oneOf` or a list of types */
const maxUnions = 16

interface Counts {
  optional: number
  unions: number
}

/** Whether so many strict tools, with these schemas and that of the answer, are taken together. */
export function fitsStrict(tools: JsonObject[], answer: JsonObject | undefined): boolean {
  const schemas = [...tools.map((tool) => tool.input_schema), answer].filter(isObject)
  if (tools.length > maxTools || schemas.some(isRecursive)) return false
  const counts = { optional: 0, unions: 0 }
  for (const schema of schemas) count(schema, counts)
  return counts.optional <= maxOptional && counts.unions <= maxUnions
}

/** Adds what a schema and all schemas within it have. */
function count(schema: unknown, counts: Counts): void {
  if (Array.isArray(schema)) {
    for (const one of schema) count(one, counts)
    return
  }
  if (!isObject(schema)) return
  const { properties, required } = schema
  if (isObject(properties)) {
    const needed = new Set(Array.isArray(required) ? required : [])
    for (const [name, property] of Object.entries(properties)) {
      if (!needed.has(name)) counts.optional++
      if (isUnion(property)) counts.unions++
    }
  }
  for (const inner of schemasWithin(schema)) count(inner, counts)
}

function isUnion(property: unknown): boolean {
  if (!isObject(property)) return false
  const { type, anyOf, oneOf } = property
  return [anyOf, oneOf].some(Array.isArray) || (Array.isArray(type) && type.length > 1)
}

function schemasWithin(schema: JsonObject): unknown[] {
  return Object.entries(schema).flatMap(([key, value]) => {
    if (holdsSchemas.has(key)) return [value]
    return holdsNamedSchemas.has(key) && isObject(value) ? Object.values(value) : []
  })
}

/** Whether a schema contains itself through references, directly or not. Anthropic refuses such a schema in strict mode. */
function isRecursive(root: JsonObject): boolean {
  const finished = new Set<unknown>()
  const onPath = new Set<unknown>()
  return visit(root)

  function visit(schema: unknown): boolean {
    if (Array.isArray(schema)) return schema.some(visit)
    if (!isObject(schema) || finished.has(schema)) return false
    if (onPath.has(schema)) return true
    onPath.add(schema)
    const found = visit(targetOf(schema.$ref, root)) || schemasWithin(schema).some(visit)
    onPath.delete(schema)
    finished.add(schema)
    return found
  }
}

/** The schema within the same document that a reference such as `#/$defs/Node` names. */
function targetOf(reference: unknown, root: JsonObject): unknown {
  if (typeof reference !== 'string' || !reference.startsWith('#')) return undefined
  let target: unknown = root
  for (const step of reference.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    target = isObject(target) && Object.hasOwn(target, key) ? target[key] : undefined
  }
  return target
}
