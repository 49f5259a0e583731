/** Reading what a client sent: a wrong type becomes a 400 that names the place. */
import { badRequest } from './errors.ts'
import { ExactNumber, isObject, numberFrom, type JsonObject } from './json/value.ts'

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
export const noLimit = -1

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
