/**
 * Reading values from outside. What a client sent is read strictly: a wrong type becomes a 400 that names the place. What an
 * upstream sent is read for what it plainly means: a number as its digits, a list of text parts as their text. Where such a
 * value holds a part of the answer and leaves open which, the answer fails; where it does not, it counts as absent.
 */
import { badRequest, type ProxyError } from './errors.ts'
import { ExactNumber, isObject, numberFrom, writeJson, type JsonObject } from './json/value.ts'

/** Whether an optional member was sent: `null` and absent mean the same. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** The value as an object; throws a 400 for anything else. */
export function objectAt(value: unknown, place: string): JsonObject {
  if (isObject(value)) return value
  throw wrongType(value, place, 'an object')
}

/** The value as a list; throws a 400 for anything else. */
export function listAt(value: unknown, place: string): unknown[] {
  if (Array.isArray(value)) return value
  throw wrongType(value, place, 'an array')
}

/** The value as a string; throws a 400 for anything else. */
export function textAt(value: unknown, place: string): string {
  if (typeof value === 'string') return value
  throw wrongType(value, place, 'a string')
}

/** The value as a name, that is a string with something in it; throws a 400 for anything else. */
export function nameAt(value: unknown, place: string): string {
  const name = textAt(value, place)
  if (name !== '') return name
  throw badRequest('invalid_value', place, `${place} is empty; give it a name.`)
}

/** The name of a declared tool; throws a 400 where there is none. */
export function toolNameAt(name: unknown, place: string): string {
  if (typeof name === 'string' && name !== '') return name
  const found = isGiven(name) ? shown(name) : 'missing'
  throw badRequest('invalid_value', place, `${place} is ${found}; give the tool a name.`)
}

/** For a name that two tools share: a call could not be matched to one of them. */
export function twinTool(name: string, place: string): ProxyError {
  const at = `${place}.name`
  const message = `${at} is ${shown(name)}, as the name of a tool before it is; give each tool its own.`
  return badRequest('invalid_value', at, message)
}

/** The model that a client asks for; throws a 400 that tells where the names are. */
export function requestedModel(model: unknown): string {
  if (typeof model === 'string' && model !== '') return model
  const message = isGiven(model)
    ? `model is ${shown(model)}; send the id of a model as a string. GET /v1/models lists all.`
    : 'model is missing; send the id of a model. GET /v1/models lists all.'
  throw badRequest('missing_required_parameter', 'model', message)
}

/** The value as the nearest number when it was sent, whatever its digits; throws a 400 for another type. */
export function nearestNumberAt(value: unknown, place: string): number | undefined {
  const number = numberFrom(value)
  if (number !== undefined || !isGiven(value)) return number
  const message = `${place} is ${shown(value)}; send a number, or leave it out.`
  throw badRequest('invalid_type', place, message)
}

/** The value as a number when it was sent; throws a 400 for another type. */
export function optionalNumberAt(value: unknown, place: string): number | undefined {
  if (!isGiven(value)) return undefined
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw wrongType(value, place, 'a number')
}

/** The value as a boolean when it was sent; throws a 400 for another type. */
export function optionalFlagAt(value: unknown, place: string): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (!isGiven(value)) return undefined
  const message = `${place} is a value of type ${typeof value}; send true or false.`
  throw badRequest('invalid_type', place, message)
}

/** Characters of a value that a message repeats. */
const maxShown = 80

/** The value as far as a message can bear it. What is long may be the user's content: only its kind is shown. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  if (Array.isArray(value)) return 'an array'
  if (value instanceof ExactNumber) return value.digits.slice(0, maxShown)
  if (typeof value === 'object' && value !== null) return 'an object'
  const long = typeof value === 'string' && value.length > maxShown
  return long ? 'a long text' : JSON.stringify(value)
}

/** What local model servers, and the chat front ends made for them, write for "no limit". */
const noLimit = -1

/** A limit in tokens when there is one; throws a 400 for another type. */
export function tokenLimitAt(value: unknown, place: string): number | undefined {
  const limit = optionalNumberAt(value, place)
  return limit === noLimit ? undefined : limit
}

function wrongType(value: unknown, place: string, wanted: string) {
  if (!isGiven(value)) {
    return badRequest('missing_required_parameter', place, `${place} is missing; send ${wanted}.`)
  }
  const type = numberFrom(value) === undefined ? typeof value : 'number'
  const found = Array.isArray(value) ? 'an array' : `a value of type ${type}`
  return badRequest('invalid_type', place, `${place} is ${found}; send ${wanted}.`)
}

/** The name of a member of `holder`, as far as a header can bear what a client made up. */
export function memberName(holder: string, name: string): string {
  return /^[\w-]{1,40}$/.test(name) ? `${holder}.${name}` : holder
}

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

export function unnamedCall(): ProtocolError {
  return new ProtocolError('The upstream called a tool without naming it.')
}

/** Of a call that is not whole, in an answer that is said to be. */
export function endedInCall(): ProtocolError {
  return new ProtocolError('The upstream ended its answer in the middle of a tool call.')
}

/** The object, or an empty one. */
export function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

/** The object that a part of the answer is in; an empty one where there is none. Throws ProtocolError for anything else. */
export function partOf(value: unknown, what: string): JsonObject {
  if (isObject(value)) return value
  if (!isGiven(value)) return {}
  throw unreadable(what)
}

/** Text of the answer; `""` where there is none. Throws ProtocolError for a value that has none. */
export function asText(value: unknown, what = 'text'): string {
  if (typeof value === 'string') return value
  if (!isGiven(value)) return ''
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
  if (!isGiven(value)) return ''
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
  if (!isGiven(value)) return undefined
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
): readonly JsonObject[] {
  if (!isGiven(value)) return []
  const list: unknown[] = Array.isArray(value) ? value : [value]
  if (list.every(isObject)) return list
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
  const isSilent = !isGiven(type) || type === ''
  const isPart = data.delta !== undefined || holders.some((member) => isObject(data[member]))
  if (isSilent && !isPart) return undefined
  throw unreadable('the type of an event')
}

function isPlain(value: unknown): value is number | boolean {
  return typeof value === 'number' || typeof value === 'boolean'
}

/** The prompt cache marks of a part, a message, a call or a tool. */
export function markOf(source: JsonObject): {
  mark?: { control?: JsonObject; breakpoint?: unknown }
} {
  const { cache_control: control, prompt_cache_breakpoint: breakpoint } = source
  if (!isObject(control)) return isGiven(breakpoint) ? { mark: { breakpoint } } : {}
  return { mark: isGiven(breakpoint) ? { control, breakpoint } : { control } }
}
