/** What a parsed JSON text is made of: objects, and numbers that keep the digits they were written with. */
import { randomUUID } from 'node:crypto'

export type JsonObject = Record<string, unknown>

export function isObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof ExactNumber)
  )
}

/** The object in a JSON text; `undefined` for any other text. */
export function objectFrom(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    // an empty or cut text, or a page of HTML: what that means is the caller's to decide
    return undefined
  }
}

/**
 * Stands in front of the digits where a text for JSON.parse or from JSON.stringify has a string in the place of a number.
 * No client can guess it, and it never leaves this process.
 */
export const mark = `${randomUUID()}:`

/** A number as `ExactNumber.stringify` leaves it in its text. */
export const markedNumber = new RegExp(`"${mark}([-+.0-9eE]+)"`, 'g')

let writing = false
let hasMarks = false

/**
 * A number of a JSON text that a double would change, kept as it was written. By `typeof` and `isObject` it is neither a number,
 * a string nor an object, so code has to expect it, or it refuses it.
 */
export class ExactNumber {
  /** a number by the grammar of JSON */
  readonly digits: string

  constructor(digits: string) {
    this.digits = digits
  }

  /** JSON.stringify with each ExactNumber as a string that `markedNumber` finds. */
  static stringify(value: unknown): { text: string; hasMarks: boolean } {
    writing = true
    hasMarks = false
    try {
      return { text: JSON.stringify(value), hasMarks }
    } finally {
      writing = false
    }
  }

  /** The nearest plain number, but to `stringify`: a mark in any other text would give it away. */
  toJSON(): number | string {
    if (!writing) return Number(this.digits)
    hasMarks = true
    return `${mark}${this.digits}`
  }
}

/** The number, or the nearest one to an ExactNumber; `undefined` for any other value. */
export function numberFrom(value: unknown): number | undefined {
  if (value instanceof ExactNumber) return Number(value.digits)
  return typeof value === 'number' ? value : undefined
}
