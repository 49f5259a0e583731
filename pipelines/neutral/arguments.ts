/**
 * The arguments of a call, for APIs that take nothing but an object. What else a model wrote is wrapped, so that nothing of it is
 * lost: the model sees it again, or the client does.
 */
import { argumentsIn, isObject, objectFrom, valueIn, type JsonObject } from '../json/value.ts'
import { isGiven } from '../untrusted.ts'

/** `input`: the value, or its JSON text. `levels`: how deep that text may be nested. */
export function argumentsObject(input: unknown, levels?: number): JsonObject {
  if (typeof input !== 'string') return wrapped(input)
  if (input.trim() === '') return {}
  const value = argumentsIn(input, levels)
  return value === undefined ? { raw_arguments: input } : wrapped(value)
}

function wrapped(value: unknown): JsonObject {
  if (isObject(value)) return value
  return isGiven(value) ? { value } : {}
}

/**
 * The text of an object that a model wrote as a string of JSON once more, as it stands in that string; undefined for any other
 * text.
 */
export function objectTextIn(text: string): string | undefined {
  const inner = valueIn(text)
  return typeof inner === 'string' && objectFrom(inner) ? inner : undefined
}
