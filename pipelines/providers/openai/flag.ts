/** Reading an optional boolean of a client. */
import { badRequest } from '../../errors.ts'
import { isGiven } from '../../untrusted.ts'

/** The value when it was sent; throws a 400 for another type. */
export function flag(value: unknown, place: string): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (!isGiven(value)) return undefined
  const message = `${place} is a value of type ${typeof value}; send true or false.`
  throw badRequest('invalid_type', place, message)
}
