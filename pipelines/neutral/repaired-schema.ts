/**
 * Mends what generators of schemas write that is no JSON Schema, at any depth. One such tool would
 * make every request of a session fail: the APIs check the whole list.
 */
import { isObject, type JsonObject } from '../json/value.ts'

const mayBeNull = new Set(['default', 'const', 'example'])
const holdsSchemas = new Set([
  'items',
  'prefixItems',
  'additionalItems',
  'additionalProperties',
  'anyOf',
  'oneOf',
  'allOf',
  'not',
  'if',
  'then',
  'else',
  'contains',
  'propertyNames',
  'unevaluatedItems',
  'unevaluatedProperties',
])
const holdsNamedSchemas = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
])

/** What a node still lacks; the members to add. */
export type Lacks = (schema: JsonObject) => JsonObject | undefined

/**
 * The schema itself where nothing is wrong, else a copy: without members that are null, without
 * empty `enum`s, with maps for the empty lists that PHP makes of them, and with what it `lacks`.
 */
export function repairedSchema(schema: JsonObject, lacks?: Lacks): JsonObject {
  const repaired = changed(schema, (key, value) => {
    if (value === null) return mayBeNull.has(key) ? value : undefined
    if (key === 'enum') return isEmptyList(value) ? undefined : value
    if (holdsSchemas.has(key)) return repairedMember(value, lacks)
    return holdsNamedSchemas.has(key) ? repairedMap(value, lacks) : value
  })
  const lacking = lacks?.(repaired)
  return lacking ? { ...repaired, ...lacking } : repaired
}

function repairedMember(value: unknown, lacks?: Lacks): unknown {
  if (isObject(value)) return repairedSchema(value, lacks)
  if (!Array.isArray(value)) return value
  const members = value.map((member) => repairedMember(member, lacks))
  return members.some((member, at) => member !== value[at]) ? members : value
}

function repairedMap(value: unknown, lacks?: Lacks): unknown {
  if (isEmptyList(value)) return {}
  if (!isObject(value)) return value
  return changed(value, (_name, node) => (node === null ? {} : repairedMember(node, lacks)))
}

/**
 * The object itself where no member changes; `undefined` takes a member out. Only of what JSON calls
 * an object, a list or null can anything be wrong.
 */
function changed(object: JsonObject, change: (key: string, value: unknown) => unknown): JsonObject {
  let copy: JsonObject | undefined
  for (const key of Object.keys(object)) {
    const old = object[key]
    if (typeof old !== 'object') continue
    const value = change(key, old)
    if (value === old) continue
    copy ??= { ...object }
    if (value === undefined) delete copy[key]
    else copy[key] = value
  }
  return copy ?? object
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}
