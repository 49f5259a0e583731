/**
 * JSON, parsed and written, whose numbers keep the digits that they were written with: a double holds 15 of them for sure, and
 * writes `1.0` as `1`. Only numbers that it would change cost something; all others are plain numbers.
 */
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

/** What a JSON text holds, with plain numbers; `undefined` for any other text. */
export function jsonFrom(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // an empty or cut text, or a page of HTML: what that means is the caller's to decide
    return undefined
  }
}

/** The object in a JSON text; `undefined` for any other text. */
export function objectFrom(text: string): JsonObject | undefined {
  const value = jsonFrom(text)
  return isObject(value) ? value : undefined
}

/**
 * Stands in front of the digits where a text for JSON.parse or from JSON.stringify has a string in the place of a number.
 * No client can guess it, and it never leaves this process.
 */
const mark = `${randomUUID()}:`

/** A number as `ExactNumber.stringify` leaves it in its text. */
const markedNumber = new RegExp(`"${mark}([-+.0-9eE]+)"`, 'g')

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
  static stringify(value: unknown): { text: string; isMarked: boolean } {
    writing = true
    hasMarks = false
    try {
      return { text: JSON.stringify(value), isMarked: hasMarks }
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

/** Roots that hold an ExactNumber. */
const exactRoots = new WeakSet<object>()

/** Levels. Deeper than anything that means something; mapping and writing JSON recurse. */
export const maxDepth = 1000

/** The value of a JSON text within a request or an answer; undefined for what is no JSON, or has more levels. */
export function valueIn(text: string, levels = maxDepth): unknown {
  const seen = survey(text)
  if (seen.depth > levels) return undefined
  try {
    return parseExact(text, seen)
  } catch {
    return undefined
  }
}

/** The arguments of a call, likewise: clients write the text of the object as a string once more (koog #2095). */
export function argumentsIn(text: string, levels = maxDepth): unknown {
  const value = valueIn(text, levels)
  const inner = typeof value === 'string' ? valueIn(value, levels) : undefined
  return isObject(inner) ? inner : value
}

/** The value of a JSON text; numbers that a double would change are ExactNumbers. Throws as JSON.parse does. */
export function parseExact(text: string, known: Survey = survey(text)): unknown {
  if (known.inexact.length === 0) return JSON.parse(text)
  const root = { value: parsedWithMarks(text, known) }
  eachMember(root, (holder, key, value) => {
    if (typeof value !== 'string' || !value.startsWith(mark)) return
    holder[key] = new ExactNumber(value.slice(mark.length))
  })
  if (typeof root.value === 'object' && root.value !== null) exactRoots.add(root.value)
  return root.value
}

/**
 * Makes plain numbers of all ExactNumbers but those somewhere beneath a member with one of the names: for code that
 * calculates. Changes the value, which parseExact has made.
 */
export function calculable<Root extends object>(root: Root, beneath: ReadonlySet<string>): Root {
  if (!exactRoots.has(root)) return root
  eachMember(
    root,
    (holder, key, value) => {
      if (value instanceof ExactNumber) holder[key] = Number(value.digits)
    },
    beneath,
  )
  return root
}

/** Members of an upstream's JSON whose numbers keep their digits, at any depth beneath them. */
export interface ExactMembers {
  names: ReadonlySet<string>
  marks: readonly string[]
}

export function membersNamed(...names: string[]): ExactMembers {
  // Without the first quote, since every event is full of quotes: 0.07 µs instead of 0.2 µs an event of 90 characters
  // (bench: "stream translated in bursts").
  return { names: new Set(names), marks: names.map((name) => `${name}"`) }
}

/** An upstream's JSON: plain numbers, except for those beneath `exact`. Throws as JSON.parse does. */
export function parseAnswer(text: string, { names, marks }: ExactMembers): unknown {
  if (!marks.some((one) => text.includes(one))) return JSON.parse(text)
  const value = parseExact(text)
  return typeof value === 'object' && value !== null ? calculable(value, names) : value
}

/** The object in an upstream's JSON text; `undefined` for any other text. */
export function answerFrom(text: string, exact: ExactMembers): JsonObject | undefined {
  const value = answerValue(text, exact)
  return isObject(value) ? value : undefined
}

/** The objects in a list, likewise. */
export function answersFrom(text: string, exact: ExactMembers): JsonObject[] | undefined {
  const value = answerValue(text, exact)
  return Array.isArray(value) && value.length > 0 && value.every(isObject) ? value : undefined
}

/** Nothing for an empty or cut text, or a page of HTML: what that means is the caller's to decide. */
function answerValue(text: string, exact: ExactMembers): unknown {
  try {
    return parseAnswer(text, exact)
  } catch {
    return undefined
  }
}

/** A lone half of a surrogate pair, as JSON.stringify writes it, unless the backslash is itself escaped. */
const loneHalf = /\\ud[89a-f][0-9a-f]{2}/
const escapes = /\\(?:ud[89a-f][0-9a-f]{2}|[^])/g

/**
 * The JSON of anything but `undefined`, as a strict parser takes it: ExactNumbers as they were written, U+FFFD for lone
 * halves of surrogate pairs.
 */
export function writeJson(value: unknown): string {
  const { text, isMarked } = ExactNumber.stringify(value)
  const exact = isMarked ? text.replace(markedNumber, '$1') : text
  if (!loneHalf.test(exact)) return exact
  return exact.replace(escapes, (escape) => (escape.length > 2 ? '\ufffd' : escape))
}

/** Pairs of escapes stand first, so that only halves without the other are left to the second. */
const halves =
  /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[dD][89a-fA-F][\da-fA-F]{2}|[^])/g
const loneEscapeLength = 6

/** A JSON text that somebody else wrote, with `\ufffd` for lone halves of surrogate pairs; all else as it is. */
export function wellFormed(text: string): string {
  if (!text.includes('\\u')) return text
  return text.replace(halves, (escape) => (escape.length === loneEscapeLength ? '\\ufffd' : escape))
}

function parsedWithMarks(text: string, { inexact }: Survey): unknown {
  const pieces: string[] = []
  let at = 0
  for (const { from, to } of inexact) {
    pieces.push(text.slice(at, from), `"${mark}`, text.slice(from, to), '"')
    at = to
  }
  pieces.push(text.slice(at))
  // the place of a fault has to be one of the text itself
  return jsonFrom(pieces.join('')) ?? JSON.parse(text)
}

/** Without recursion, since an upstream's JSON may be nested at will. Members with a name in `but` are passed by. */
function eachMember(
  root: object,
  visit: (holder: JsonObject, key: string, value: unknown) => void,
  but?: ReadonlySet<string>,
): void {
  const holders = [root as JsonObject]
  for (let holder = holders.pop(); holder; holder = holders.pop()) {
    const named = !Array.isArray(holder)
    for (const key of Object.keys(holder)) {
      if (named && but?.has(key)) continue
      const value = holder[key]
      if (isObject(value) || Array.isArray(value)) holders.push(value as JsonObject)
      else visit(holder, key, value)
    }
  }
}

/** What one pass over a JSON text finds before it is parsed: how deep it is nested, and which numbers a double would change. */
export interface Survey {
  /** lists and objects in one another */
  depth: number
  /** places in the text, in order */
  inexact: { from: number; to: number }[]
}

const minus = 0x2d
const zero = 0x30
const nine = 0x39
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
/** Makes a bracket of a brace, which differs from it in one bit. */
const braceBit = 0x20

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/
const digits = /[-+.\deE]*/y
/** What stands behind a value. A number in front of anything else, such as `:`, is no JSON. */
const valueEnd = /[ \t\n\r]*(?:[,\]}]|$)/y

/** For valid JSON only; of other texts the result means nothing. */
export function survey(text: string): Survey {
  const seen: Survey = { depth: 0, inexact: [] }
  let depth = 0
  let at = 0
  while (at < text.length) {
    const next = text.indexOf('"', at)
    const end = next === -1 ? text.length : next
    while (at < end) {
      const code = text.charCodeAt(at)
      const bracket = code & ~braceBit
      if (bracket === openBracket) {
        depth += 1
        if (depth > seen.depth) seen.depth = depth
      } else if (bracket === closeBracket) depth -= 1
      else if (code <= nine && (code >= zero || code === minus)) {
        at = passNumber(text, at, seen)
        continue
      }
      at += 1
    }
    at = stringEnd(text, end)
  }
  return seen
}

/** Behind the number that begins at `from`. */
function passNumber(text: string, from: number, { inexact }: Survey): number {
  digits.lastIndex = from
  digits.test(text)
  const to = digits.lastIndex
  if (to - from === 1) return to
  const written = text.slice(from, to)
  if (String(Number(written)) === written || !number.test(written)) return to
  valueEnd.lastIndex = to
  if (valueEnd.test(text)) inexact.push({ from, to })
  return to
}

/** Behind the closing quote of the string that begins at `from`. A quote is escaped by an odd run of backslashes. */
export function stringEnd(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let run = 0
    while (text.charCodeAt(at - 1 - run) === backslash) run += 1
    if (run % 2 === 0) return at + 1
  }
  return text.length
}
