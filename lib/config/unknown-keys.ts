/** Keys that the schema does not know: taken out, so that an older or newer file still starts, and reported. */
import { nearest } from './nearest.ts'
import type { Schema } from './schema.ts'

/** Hands back the value without its unknown keys; each one becomes a warning with its path and the nearest known key. */
export function withoutUnknownKeys(
  value: unknown,
  schema: Schema,
  warnings: string[],
  path = '',
): unknown {
  if (Array.isArray(value)) {
    const { items } = schema
    if (!items) return value
    return value.map((item, index) =>
      withoutUnknownKeys(item, items, warnings, `${path}[${index}]`),
    )
  }
  if (typeof value !== 'object' || value === null) return value
  const { properties } = schema.properties ? schema : (objectOf(schema) ?? {})
  if (!properties) return value
  const known: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    const place = path ? `${path}.${key}` : key
    const rule = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (rule) known[key] = withoutUnknownKeys(member, rule, warnings, place)
    else warnings.push(unknownKey(place, key, Object.keys(properties)))
  }
  return known
}

/** The form of a value that may also be something else, such as `auth`. */
function objectOf(schema: Schema): Schema | undefined {
  return schema.anyOf?.find(({ properties }) => properties !== undefined)
}

function unknownKey(place: string, key: string, known: string[]): string {
  const near = nearest(key, known)
  return near
    ? `unknown key ${place} (did you mean ${near}?); it is ignored`
    : `unknown key ${place}; it is ignored`
}
