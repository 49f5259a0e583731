/**
 * Tool parameters for servers that do not know `parametersJsonSchema` yet: a JSON Schema as the subset of OpenAPI in which
 * Gemini first took it. What has no counterpart there is left out.
 * Source: Gemini API reference "Schema", read 2026-11.
 */
import { isObject, type JsonObject } from '../../json/value.ts'

/** Members that mean the same in both. */
const kept = [
  'format',
  'title',
  'description',
  'nullable',
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
  'minimum',
  'maximum',
  'pattern',
  'default',
  'example',
  'propertyOrdering',
]

/** The formats that the API knows; it refuses others. */
const formats = new Map<unknown, readonly unknown[]>([
  ['string', ['enum', 'date-time']],
  ['number', ['float', 'double']],
  ['integer', ['int32', 'int64']],
])

/** References that refer to others multiply; more nodes than this become `{}`. */
const maxNodes = 5000

/** The schema in OpenAPI's words. A reference is replaced by what it stands for, one to a schema around it by `{}`. */
export function openApiSchema(schema: JsonObject): JsonObject {
  return converted(schema, { root: schema, within: [], size: { nodes: 0 } })
}

interface Context {
  root: JsonObject
  /** the references that have been followed to this node */
  within: readonly string[]
  size: { nodes: number }
}

function converted(node: unknown, context: Context): JsonObject {
  if (!isObject(node) || context.size.nodes >= maxNodes) return {}
  context.size.nodes += 1
  const { allOf, ...rest } = node
  if (typeof node.$ref === 'string') return merged([node], context)
  if (Array.isArray(allOf)) return merged([...allOf, rest], context)
  const schema: JsonObject = {}
  for (const name of kept) if (node[name] !== undefined) schema[name] = node[name]
  const alternatives = [node.anyOf, node.oneOf].flatMap((list) => (Array.isArray(list) ? list : []))
  Object.assign(schema, ofTypes(node, membersOf(node, context)), valuesOf(node))
  if (alternatives.length > 0) addAlternatives(schema, alternatives, context)
  if (!(formats.get(schema.type)?.includes(schema.format) ?? false)) delete schema.format
  return schema
}

/** What a reference within the schema points at; nothing for any other. */
function resolved(reference: string, root: JsonObject): JsonObject {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) return {}
  let target: unknown = root
  for (const step of reference.slice(2).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    const holder: unknown = target
    const isThere = typeof holder === 'object' && holder !== null && Object.hasOwn(holder, key)
    target = isThere ? Reflect.get(holder, key) : undefined
  }
  return isObject(target) ? target : {}
}

/** All branches as one: of properties and members the later ones count, what one of them requires is required. */
function merged(branches: readonly unknown[], context: Context): JsonObject {
  const followed: string[] = []
  const schemas = branches.filter(isObject).map((branch) => {
    const { $ref: reference, ...rest } = branch
    if (typeof reference !== 'string' || context.within.includes(reference)) return rest
    followed.push(reference)
    return Object.assign({}, resolved(reference, context.root), rest)
  })
  const properties = schemas.map((schema) => schema.properties).filter(isObject)
  const required = schemas.flatMap((schema) => listOf(schema.required))
  const all = schemas.flatMap((schema) => listOf(schema.allOf))
  const whole: JsonObject = {
    ...Object.assign({}, ...schemas),
    ...(properties.length > 0 && { properties: Object.assign({}, ...properties) }),
    ...(required.length > 0 && { required: [...new Set(required)] }),
    allOf: all.length > 0 ? all : undefined,
  }
  return converted(whole, { ...context, within: [...context.within, ...followed] })
}

/**
 * One type with its members; of several, alternatives, since only an object may have properties, and only a list items. `null`
 * among them is a flag.
 */
function ofTypes({ type }: JsonObject, members: Members): JsonObject {
  // each takes all that is below, so that repeated ones would multiply
  const types = [...new Set(listOf(type))]
  const others = types.filter((one) => one !== 'null')
  const nullable = others.length < types.length && others.length > 0 ? { nullable: true } : {}
  if (others.length > 1) return { anyOf: others.map((one) => ofType(one, members)), ...nullable }
  const [only = typeBy(members)] = others
  return only === undefined ? {} : { ...ofType(only, members), ...nullable }
}

function typeBy({ items, properties }: Members): string | undefined {
  if (properties) return 'object'
  return items && 'array'
}

function ofType(type: unknown, { items, ...object }: Members): JsonObject {
  // the API refuses a list without items
  if (type === 'array') return { type, items: items ?? { type: 'string' } }
  return type === 'object' ? { type, ...object } : { type }
}

/** Values to choose from have to be strings. */
function valuesOf(node: JsonObject): JsonObject {
  const { const: only } = node
  const values = Array.isArray(node.enum) ? node.enum : only === undefined ? [] : [only]
  // the API refuses an empty one
  const texts = values.filter((value) => typeof value === 'string' && value !== '')
  const isText = texts.length > 0 && listOf(node.type ?? 'string').includes('string')
  if (!isText) return {}
  const isNullable = values.includes(null)
  return { type: 'string', enum: texts, ...(isNullable && { nullable: true }) }
}

type Members = { items?: JsonObject; properties?: JsonObject; required?: unknown[] }

function membersOf(node: JsonObject, context: Context): Members {
  const { items, prefixItems, properties, required } = node
  const members = isObject(properties)
    ? Object.entries(properties).map(([name, value]) => [name, converted(value, context)] as const)
    : []
  const names = listOf(required).filter((name) => members.some(([known]) => known === name))
  return {
    ...(isObject(items) && { items: converted(items, context) }),
    ...(Array.isArray(prefixItems) && { items: anyOf([...prefixItems, items], context) }),
    ...(members.length > 0 && { properties: Object.fromEntries(members) }),
    ...(names.length > 0 && { required: names }),
  }
}

/** `null` as an alternative is a flag here, too; where one other is left, it is the schema. */
function addAlternatives(schema: JsonObject, branches: readonly unknown[], context: Context): void {
  const others = branches.filter((branch) => !(isObject(branch) && branch.type === 'null'))
  if (others.length < branches.length) schema.nullable = true
  const schemas = others.map((branch) => converted(branch, context))
  const [only] = schemas
  if (schemas.length === 1 && only) Object.assign(schema, { ...only, ...schema })
  else if (schemas.length > 1) schema.anyOf = schemas
}

/** A list whose places have schemas of their own, as one of any of them. */
function anyOf(branches: readonly unknown[], context: Context): JsonObject {
  const [only, ...others] = branches.filter(isObject).map((branch) => converted(branch, context))
  return others.length > 0 ? { anyOf: [only, ...others] } : (only ?? { type: 'string' })
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined || value === null ? [] : [value]
}
