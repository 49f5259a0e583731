/** A number of a JSON text that a double would change, kept as it was written. */
import { randomUUID } from 'node:crypto'

/**
 * Stands in front of the digits where a text for JSON.parse or from JSON.stringify has a string in the place of a number.
 * No client can guess it, and it never leaves this process.
 */
export const mark = `${randomUUID()}:`

/** A number as `ExactNumber.stringify` leaves it in its text. */
export const markedNumber = new RegExp(`"${mark}([-+.0-9eE]+)"`, 'g')

let writing = false
let hasMarks = false

/** Neither a number, a string nor an object to code that asks: such code has to expect it, or to refuse it. */
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

/** The number, the nearest one of an ExactNumber; `undefined` for what is none. */
export function numberFrom(value: unknown): number | undefined {
  if (value instanceof ExactNumber) return Number(value.digits)
  return typeof value === 'number' ? value : undefined
}
