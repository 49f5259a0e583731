/** JSON from outside, where only an object means anything. */
import type { JsonObject } from './chat.ts'
import { ExactNumber } from './exact-number.ts'

export function isObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof ExactNumber)
  )
}

/** The object that a text is the JSON of; `undefined` for other JSON and for what is none. */
export function objectFrom(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    // an empty or cut text, or a page of HTML: each caller says what that means to it
    return undefined
  }
}
