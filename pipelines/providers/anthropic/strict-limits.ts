/**
 * How much strictness one request may ask for: the API compiles all strict schemas together, tools
 * and answer, and refuses the whole request beyond its limits.
 * Source: Anthropic, "Structured outputs", section on limits, as users quote it, read 2026-11.
 */
import { isObject, type JsonObject } from '../../json/value.ts'

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
  if (tools.length > maxTools || schemas.some(isBottomless)) return false
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
  const named = ['properties', '$defs', 'definitions'].flatMap((key) =>
    isObject(schema[key]) ? Object.values(schema[key]) : [],
  )
  return [
    ...named,
    ...['items', 'prefixItems', 'anyOf', 'oneOf', 'allOf'].map((key) => schema[key]),
  ]
}

/** Whether a schema refers to itself, however far round: such a schema is refused as strict. */
function isBottomless(root: JsonObject): boolean {
  const finished = new Set<unknown>()
  const open = new Set<unknown>()
  return visit(root)

  function visit(schema: unknown): boolean {
    if (Array.isArray(schema)) return schema.some(visit)
    if (!isObject(schema) || finished.has(schema)) return false
    if (open.has(schema)) return true
    open.add(schema)
    const found = visit(targetOf(schema.$ref, root)) || schemasWithin(schema).some(visit)
    open.delete(schema)
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
