/**
 * Keys that the schema does not know: taken out, so that an older or newer file still starts, and reported with the known
 * name that is nearest.
 */
import { asksForNothing, successorOfKey } from './retired.ts'
import type { Schema } from './schema-type.ts'

export interface UnknownKey {
  /** such as `models[0].nam` */
  place: string
  /** the place of the known key that is nearest, where one is near */
  near: string | undefined
  /** the warning */
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

/** Whether an unknown key at this place is a fault: without it a client might do what its operator did not want. */
export function isStrict(place: string): boolean {
  return place.startsWith('clients[')
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
  const hint = didYouMean(near)
  const text = isStrict(place)
    ? `unknown key ${place}${hint}; a limit that is not understood cannot be enforced`
    : `unknown key ${place}${hint}; it is ignored`
  return [{ place, near: near && parent + near, text }]
}

/** The known name nearest to a misspelt one; undefined when more than a third of it would have to change. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  return closest(name, known, Math.max(2, Math.ceil(name.length / 3)))
}

/** The nearest name behind a message; empty where none is near. */
export function didYouMean(near: string | undefined): string {
  return near === undefined ? '' : ` (did you mean ${near}?)`
}

/** The known name that needs the fewest changes, at most `limit`; the first of several. */
export function closest(
  name: string,
  known: Iterable<string>,
  limit = Number.POSITIVE_INFINITY,
): string | undefined {
  let best: string | undefined
  let bestDistance = limit + 1
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein's distance: letters to insert, remove or replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}
