/** The key of who may look: as a configuration gives it, checked, and prepared for `lib/admin.ts`. */
import { createHash } from 'node:crypto'
import { hashOf, isBrokenHash } from './callers.ts'
import type { Problems } from './environment.ts'
import type { ConfigData } from './types.ts'
import { isExample } from './written-value.ts'

/** Shorter ones are found by trying. */
const minLength = 16

interface Given {
  /** of the environment; examples are already taken out */
  env: string | undefined
  listed: string | undefined
  /** with the file or the variable */
  place: string
}

/** The key, or undefined where there is none. An example counts as not set. */
export function adminKey({ env, listed, place }: Given, { warnings }: Problems) {
  if (env !== undefined) return env
  if (listed === undefined || !isExample(listed)) return listed
  warnings.push(`${place} is an example value and counts as not set`)
  return undefined
}

/** A key that clients have would let each of them look at all others. */
export function checkAdminKey(
  { admin_key: key, api_keys: keys, clients }: ConfigData,
  place: string,
  faults: string[],
): void {
  if (key === undefined) return
  if (isBrokenHash(key)) {
    faults.push(`${place} begins with sha256:, which 64 hexadecimal digits must follow`)
  } else if (hashOf(key) === undefined && key.length < minLength) {
    faults.push(`${place} is shorter than ${minLength} characters`)
  }
  const hash = hashedKey(key)
  const others = [...keys, ...clients.map((client) => client.key)]
  if (others.some((other) => hashedKey(other) === hash)) {
    faults.push(`${place} is a client key, too; make up another one`)
  }
}

/** SHA-256 in hexadecimal digits, of a key or as which it was given. */
export function hashedKey(key: string): string {
  return hashOf(key) ?? createHash('sha256').update(key).digest('hex')
}
