/**
 * One node of a JSON schema in words of today. Tools bring those of older drafts, of programming languages and of Google's
 * first API, and one such node makes an API refuse every request of a session.
 * Source: JSON Schema "Migration" from drafts 3, 4 and 2019-09; what was refused in practice: home-assistant #181322 (a boolean
 * `exclusiveMinimum`), gitlab-mcp #166 (an empty `type`), read 2026-11.
 */
import { isObject, type JsonObject } from '../json/value.ts'

/** The types, by what they are called here and elsewhere. */
export const typesByName: ReadonlyMap<string, string> = new Map([
  ...['string', 'integer', 'number', 'boolean', 'object', 'array', 'null'].map(
    (name) => [name, name] as const,
  ),
  ['str', 'string'],
  ['text', 'string'],
  ['int', 'integer'],
  ['int32', 'integer'],
  ['int64', 'integer'],
  ['long', 'integer'],
  ['float', 'number'],
  ['double', 'number'],
  ['decimal', 'number'],
  ['bool', 'boolean'],
  ['dict', 'object'],
  ['map', 'object'],
  ['struct', 'object'],
  ['list', 'array'],
  ['tuple', 'array'],
  ['set', 'array'],
  ['none', 'null'],
])

/** A copy; a type that nobody knows, such as `any`, is left out. */
export function nodeOfToday(schema: JsonObject): JsonObject {
  const node: JsonObject = { ...schema }
  mendType(node)
  mendItems(node)
  mendRequired(node)
  mendLimit(node, 'exclusiveMinimum', 'minimum')
  mendLimit(node, 'exclusiveMaximum', 'maximum')
  return node
}

function mendType(node: JsonObject): void {
  const { type } = node
  if (typeof type !== 'string' && !Array.isArray(type)) return
  const known = Array.isArray(type) ? typesNamed(type) : typeNamed(type)
  if (known === undefined) delete node.type
  else node.type = known
}

function typesNamed(names: readonly unknown[]): string[] | undefined {
  const types = new Set(names.flatMap((name) => typeNamed(name) ?? []))
  return types.size > 0 ? [...types] : undefined
}

function typeNamed(name: unknown): string | undefined {
  return typeof name === 'string' ? typesByName.get(name.toLowerCase()) : undefined
}

/** Until 2019 a list of `items` was what is `prefixItems` now, and `additionalItems` what is `items`. */
function mendItems(node: JsonObject): void {
  const { items, additionalItems } = node
  if (!Array.isArray(items)) return
  delete node.items
  delete node.additionalItems
  if (items.length > 0) node.prefixItems = items
  if (additionalItems !== undefined) node.items = additionalItems
}

/** A bare name stands for a list of one. What draft 3 says, that the node itself is required, its holder says now. */
function mendRequired(node: JsonObject): void {
  const { required } = node
  if (typeof required === 'string') node.required = [required]
  else if (required !== undefined && !Array.isArray(required)) delete node.required
}

/** The node with the names of those properties among `required` that said so of themselves. */
export function requiringWhatSaysSo(node: JsonObject, properties: unknown): JsonObject {
  if (!isObject(properties)) return node
  const saying = Object.keys(properties).filter((name) => {
    const property = properties[name]
    return isObject(property) && property.required === true
  })
  if (saying.length === 0) return node
  const names: unknown[] = Array.isArray(node.required) ? node.required : []
  return { ...node, required: [...new Set([...names, ...saying])] }
}

/** In draft 4 the limit stood in the other member, and this one said that it is excluded. */
function mendLimit(node: JsonObject, exclusive: string, inclusive: string): void {
  if (typeof node[exclusive] !== 'boolean') return
  const isExcluded = node[exclusive] && node[inclusive] !== undefined
  if (isExcluded) {
    node[exclusive] = node[inclusive]
    delete node[inclusive]
  } else delete node[exclusive]
}
