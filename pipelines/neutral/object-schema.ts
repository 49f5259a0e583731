/**
 * Tool parameters as both APIs take them: an object schema without alternatives at its top, and
 * without what is no JSON Schema.
 */
import { isObject, type JsonObject } from '../json/value.ts'
import { isGiven, objectAt } from '../untrusted.ts'
import { repairedSchema, type Lacks } from './repaired-schema.ts'

interface Shape {
  properties: JsonObject
  required: string[]
}

/**
 * The schema as the APIs take it, itself where nothing is wrong, with what its nodes `lack`; throws
 * a 400 when `parameters` is no object.
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

/**
 * What all branches together say: later branches win, and only what every alternative requires is
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

/**
 * Schemas made from type unions refer to their branches (`#/$defs/Name`); other references are left
 * alone.
 */
function resolved(branch: JsonObject, root: JsonObject): JsonObject {
  if (typeof branch.$ref !== 'string' || !branch.$ref.startsWith('#/')) return branch
  let target: unknown = root
  for (const step of branch.$ref.slice(2).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    target = isObject(target) && Object.hasOwn(target, key) ? target[key] : undefined
  }
  return isObject(target) ? target : branch
}
