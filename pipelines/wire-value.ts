/**
 * Reading what an upstream sent. A value of another JSON type than the API promises is taken for what it plainly means: a
 * number as its digits, a list of text parts as their text. Where it holds a part of the answer and leaves open which, the
 * answer fails; where it does not, it counts as absent.
 */
import { isObject, writeJson, type JsonObject } from './json/value.ts'

/** The upstream broke its own protocol, so that a part of its answer is lost. The message is for the client. */
export class ProtocolError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ProtocolError'
  }
}

/** `what` is the member's name as the API documents it. */
export function unreadable(what: string): ProtocolError {
  return new ProtocolError(
    `The upstream sent ${what} in a form that cannot be read; the answer is incomplete.`,
  )
}

/** The object, or an empty one. */
export function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

/** The object that a part of the answer is in; an empty one where there is none. Throws ProtocolError for anything else. */
export function partOf(value: unknown, what: string): JsonObject {
  if (isObject(value)) return value
  if (isAbsent(value)) return {}
  throw unreadable(what)
}

/** Text of the answer; `""` where there is none. Throws ProtocolError for a value that has none. */
export function asText(value: unknown, what = 'text'): string {
  if (typeof value === 'string') return value
  if (isAbsent(value)) return ''
  if (isPlain(value)) return String(value)
  if (Array.isArray(value)) return value.map((part) => textOfPart(part, what)).join('')
  return textOfPart(value, what)
}

/** A text part, `{text}`, or the `{value}` of the Assistants API; in a list also the text itself. */
function textOfPart(part: unknown, what: string): string {
  if (typeof part === 'string') return part
  const { text, value = text } = asObject(part)
  if (typeof value === 'string') return value
  throw unreadable(what)
}

/** Text beside the answer, such as a title, or `""`. */
export function asLabel(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Arguments as JSON text: a string is that text already, an object is written. Throws ProtocolError for anything else. */
export function asJsonText(value: unknown): string {
  if (typeof value === 'string') return value
  if (isAbsent(value)) return ''
  if (!isObject(value)) throw unreadable('arguments')
  try {
    return writeJson(value)
  } catch {
    // JSON is read at any depth, and written at a limited one
    throw unreadable('arguments')
  }
}

/** The string if there is something in it; a number counts, as some servers number their ids. */
export function asName(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The number, also where it stands in a string. */
export function asNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\s*\d/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** Where in a list something stands; undefined where it is left out. Throws ProtocolError for a value that is not a number. */
export function asIndex(value: unknown, what = 'index'): number | undefined {
  if (isAbsent(value)) return undefined
  const index = asNumber(value)
  if (index === undefined) throw unreadable(what)
  return index
}

/** Tokens are counted up, so the larger of two counts is the later one. */
export function largerCount(known: number | undefined, value: unknown): number | undefined {
  const count = asNumber(value)
  if (count === undefined || count < 0) return known
  return known === undefined ? count : Math.max(known, count)
}

/** The list with every member an object (an empty one for what is none, so that positions stay), or an empty list. */
export function asObjects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(asObject) : []
}

/** The entries that an answer's content consists of: a list, one alone, or none. Text is given as `textEntry` makes it. */
export function entriesOf(
  value: unknown,
  what: string,
  textEntry: (text: string) => JsonObject,
): JsonObject[] {
  if (isAbsent(value)) return []
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.map((entry) => {
    if (isObject(entry)) return entry
    if (typeof entry === 'string') return textEntry(entry)
    throw unreadable(what)
  })
}

/** Members that hold a part of the answer, in events of both APIs. */
const holders = ['content_block', 'message', 'item', 'part', 'response']

/**
 * Which event this is: by its data, else by its `event:` line, which alone is not trusted. Throws ProtocolError for a
 * type that nobody can read, and where a part of the answer has none.
 */
export function kindOf(data: JsonObject, name: string | undefined): string | undefined {
  const { type } = data
  if (typeof type === 'string' && type !== '') return type
  if (name !== undefined) return name
  const isSilent = isAbsent(type) || type === ''
  const isPart = data.delta !== undefined || holders.some((member) => isObject(data[member]))
  if (isSilent && !isPart) return undefined
  throw unreadable('the type of an event')
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}

function isPlain(value: unknown): value is number | boolean {
  return typeof value === 'number' || typeof value === 'boolean'
}
