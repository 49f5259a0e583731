/**
 * JSON schemas as the APIs take them. What generators of schemas write that is no JSON Schema is mended at any depth: one
 * such tool would make every request of a session fail, as the APIs check the whole list. Parameters of tools get to be an
 * object schema without alternatives at its top.
 */
import { isObject, type JsonObject } from '../json/value.ts'
import { isGiven, objectAt } from '../untrusted.ts'
import { nodeOfToday, requiringWhatSaysSo, typesByName } from './older-schema.ts'

/**
 * The parameters of a tool as an object schema, itself where nothing is wrong, with what its nodes `lack`. Throws a 400 where
 * `parameters` is something else than an object.
 */
export function objectSchema(parameters: unknown, place: string, lacks?: Lacks): JsonObject {
  if (!isGiven(parameters)) return { type: 'object', properties: {} }
  // PHP writes an empty map as an empty list
  if (Array.isArray(parameters) && parameters.length === 0) return objectSchema(undefined, place)
  const schema = repairedSchema(objectAt(parameters, place), lacks)
  if (Object.keys(schema).length === 0) return objectSchema(undefined, place)
  if (schema.type === 'object' && !hasAlternatives(schema)) return schema

  const { anyOf, oneOf, allOf, ...rest } = schema
  const object = takesObject(schema.type) ? { ...rest, type: 'object' } : rest
  if (!hasAlternatives({ anyOf, oneOf, allOf })) return object
  const { properties, required } = shapeOf(schema, schema, new Map())
  return { ...object, properties, ...(required.length > 0 && { required }) }
}

/** Whether the top of a schema has alternatives, which `objectSchema` merges. */
export function hasAlternatives({ anyOf, oneOf, allOf }: JsonObject): boolean {
  return isGiven(anyOf) || isGiven(oneOf) || isGiven(allOf)
}

function takesObject(type: unknown): boolean {
  return !isGiven(type) || [type].flat().includes('object')
}

interface Shape {
  properties: JsonObject
  required: string[]
}

/**
 * What all branches together define: later branches win, and only what every alternative requires is
 * required. `known` has each schema worked out once: references may form cycles, and shared ones
 * would multiply the work.
 */
function shapeOf(schema: JsonObject, root: JsonObject, known: Map<JsonObject, Shape>): Shape {
  const before = known.get(schema)
  if (before) return before
  const own = ownShape(schema)
  known.set(schema, own)

  const shapes = (key: string) =>
    branchesOf(schema[key], root).map((branch) => shapeOf(branch, root, known))
  const every = shapes('allOf')
  const alternatives = [shapes('anyOf'), shapes('oneOf')]
  const required = [every.flatMap((shape) => shape.required), ...alternatives.map(sharedNames)]
  const whole: Shape = {
    properties: Object.fromEntries(
      [own, ...every, ...alternatives.flat()].flatMap(({ properties }) =>
        Object.entries(properties),
      ),
    ),
    required: [...new Set([...own.required, ...required.flat()])],
  }
  known.set(schema, whole)
  return whole
}

function ownShape(schema: JsonObject): Shape {
  const { properties, required } = schema
  return {
    properties: isObject(properties) ? properties : {},
    required: Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [],
  }
}

function sharedNames([first, ...others]: Shape[]): string[] {
  if (!first) return []
  return first.required.filter((name) => others.every(({ required }) => required.includes(name)))
}

function branchesOf(value: unknown, root: JsonObject): JsonObject[] {
  if (!Array.isArray(value)) return []
  return value.filter(isObject).map((branch) => resolved(branch, root))
}

/** Schemas made from type unions refer to their branches (`#/$defs/Name`); other references are left alone. */
function resolved(branch: JsonObject, root: JsonObject): JsonObject {
  if (typeof branch.$ref !== 'string' || !branch.$ref.startsWith('#/')) return branch
  let target: unknown = root
  for (const step of branch.$ref.slice(2).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    target = isObject(target) && Object.hasOwn(target, key) ? target[key] : undefined
  }
  return isObject(target) ? target : branch
}

/** The name of an answer's schema, which OpenAI demands, in characters that it takes. */
export function schemaName(given = ''): string {
  const name = given.replaceAll(/[^\w-]/g, '_').slice(0, 64)
  return name === '' ? 'answer' : name
}

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
 * The schema itself where nothing is wrong, else a copy: in words of today, without members that are null, without empty
 * `enum`s and doubled values, with maps for the empty lists that PHP makes of them, and with what it `lacks`.
 */
export function repairedSchema(schema: JsonObject, lacks?: Lacks): JsonObject {
  const node = isOfToday(schema) ? schema : nodeOfToday(schema)
  const sound = changed(node, (key, value) => {
    if (value === null) return mayBeNull.has(key) ? value : undefined
    if (key === 'enum') return isEmptyList(value) ? undefined : once(value)
    if (key === 'required') return once(value)
    if (holdsSchemas.has(key)) return repairedMember(value, lacks)
    return holdsNamedSchemas.has(key) ? repairedMap(value, lacks) : value
  })
  const repaired = sound === schema ? sound : requiringWhatSaysSo(sound, schema.properties)
  const lacking = lacks?.(repaired)
  return lacking ? { ...repaired, ...lacking } : repaired
}

/** Whether the node itself has nothing that JSON Schema has no longer, or never had. */
function isOfToday(schema: JsonObject): boolean {
  const { type, items, required, exclusiveMinimum, exclusiveMaximum } = schema
  return (
    (type === undefined || (Array.isArray(type) ? type.every(isType) : isType(type))) &&
    !Array.isArray(items) &&
    (required === undefined || Array.isArray(required)) &&
    typeof exclusiveMinimum !== 'boolean' &&
    typeof exclusiveMaximum !== 'boolean'
  )
}

function isType(name: unknown): boolean {
  return typeof name === 'string' && typesByName.get(name) === name
}

function once(value: unknown): unknown {
  if (!Array.isArray(value)) return value
  const values = new Set<unknown>(value)
  return values.size < value.length ? [...values] : value
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

/** PHP writes an empty map so, too. */
export function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/** What strict schemas may not have: 'oneOf' is not permitted. */
const refusedWhenStrict = (
  'allOf oneOf not if then else default prefixItems contains minContains maxContains uniqueItems ' +
  'dependentRequired dependentSchemas patternProperties propertyNames unevaluatedProperties ' +
  'unevaluatedItems minProperties maxProperties minLength maxLength'
).split(' ')

/** 'uri' is not a valid format. */
const strictFormats = new Set<unknown>(
  'date-time time date duration email hostname ipv4 ipv6 uuid'.split(' '),
)

/**
 * Whether a schema keeps to the rules of strict ones: each node says what it is, each object takes the properties that it names
 * and no others, and requires them all. Source: OpenAI, "Structured outputs", "Supported schemas", read 2026-11; what was
 * refused in practice: oh-my-pi #206 (formats), node-DeepResearch #79 (lengths), openai-node #1709 (`oneOf`).
 */
export function isClosed(schema: unknown): boolean {
  const waiting: unknown[] = [schema]
  while (waiting.length > 0) {
    const node = waiting.pop()
    if (!isObject(node) || !isClosedNode(node)) return false
    // a property may have any name, `properties` included
    const named = [node.properties, node.$defs, node.definitions].filter(isObject)
    for (const nodes of named) for (const one of Object.values(nodes)) waiting.push(one)
    if (isGiven(node.items)) waiting.push(node.items)
    if (Array.isArray(node.anyOf)) for (const one of node.anyOf) waiting.push(one)
  }
  return true
}

function isClosedNode(node: JsonObject): boolean {
  const { type, properties, required, additionalProperties, anyOf, $ref: reference } = node
  if (!isGiven(type) && !isGiven(anyOf) && !isGiven(reference)) return false
  if (refusedWhenStrict.some((keyword) => isGiven(node[keyword]))) return false
  if (isGiven(node.format) && !strictFormats.has(node.format)) return false
  const isObjectType = type === 'object' || (Array.isArray(type) && type.includes('object'))
  if (!isObjectType && !isObject(properties)) return true
  const names = isObject(properties) ? Object.keys(properties) : []
  const needed = new Set<unknown>(Array.isArray(required) ? required : [])
  return additionalProperties === false && names.every((name) => needed.has(name))
}
