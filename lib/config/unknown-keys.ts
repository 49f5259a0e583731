/** Keys that the schema does not know: taken out, so that an older or newer file still starts, and reported. */
import { nearest } from './nearest.ts'
import { asksForNothing, successorOfKey } from './retired.ts'
import type { Schema } from './schema.ts'

export interface UnknownKey {
  /** such as `models[0].nam` */
  place: string
  /** the place of the known key that is nearest, where one is near */
  near: string | undefined
  /** what is said of it */
  text: string
}

/** Hands back the value without its unknown keys, which are added to `unknown` with the nearest known one. */
export function withoutUnknownKeys(
  value: unknown,
  schema: Schema,
  unknown: UnknownKey[],
  path = '',
): unknown {
  if (Array.isArray(value)) {
    const { items } = schema
    if (!items) return value
    return value.map((item, index) => withoutUnknownKeys(item, items, unknown, `${path}[${index}]`))
  }
  if (typeof value !== 'object' || value === null) return value
  const { properties } = schema.properties ? schema : (objectOf(schema) ?? {})
  if (!properties) return value
  const known: Record<string, unknown> = {}
  const parent = path ? `${path}.` : ''
  for (const [key, member] of Object.entries(value)) {
    const rule = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (rule) known[key] = withoutUnknownKeys(member, rule, unknown, parent + key)
    else unknown.push(...unknownKey(parent, key, member, Object.keys(properties)))
  }
  return known
}

/** The form of a value that may also be something else, such as `auth`. */
function objectOf(schema: Schema): Schema | undefined {
  return schema.anyOf?.find(({ properties }) => properties !== undefined)
}

/** None for a key of the original that asks for nothing. */
function unknownKey(parent: string, key: string, value: unknown, known: string[]): UnknownKey[] {
  const place = parent + key
  const successor = successorOfKey(place)
  if (successor) {
    const text = `${place} is a key of the original and not read: ${successor}`
    return asksForNothing(value) ? [] : [{ place, near: undefined, text }]
  }
  const near = nearest(key, known)
  const hint = near ? ` (did you mean ${near}?)` : ''
  const text = `unknown key ${place}${hint}; it is ignored`
  return [{ place, near: near && parent + near, text }]
}
