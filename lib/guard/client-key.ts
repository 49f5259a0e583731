/** The keys that clients present to this proxy, told apart from credentials that are meant for an upstream. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export interface PresentedKeys {
  /** one of the proxy's own keys came along */
  valid: boolean
  /** a credential that is none of the proxy's keys, as header and value */
  foreign?: { header: 'authorization' | 'x-api-key'; value: string }
}

/** Looks at `Authorization: Bearer` and `x-api-key`. `keys`: as in `config.json`, also hashed; with none of them every credential is foreign. */
export function presentedKeys(
  headers: IncomingHttpHeaders,
  keys: readonly string[],
): PresentedKeys {
  const found: PresentedKeys = { valid: false }
  for (const header of ['authorization', 'x-api-key'] as const) {
    const value = headers[header]
    if (typeof value !== 'string' || value === '') continue
    const key = header === 'authorization' ? value.replace(/^bearer\s+/i, '') : value
    if (isOneOf(key, keys)) found.valid = true
    else found.foreign ??= { header, value }
  }
  return found
}

/** Compares in constant time and against every key, so that the time tells neither how much matched nor which. */
function isOneOf(key: string, keys: readonly string[]): boolean {
  const digest = sha256(key)
  let match = false
  for (const known of keys) if (timingSafeEqual(digest, digestOf(known))) match = true
  return match
}

/** How a configuration gives a key that it does not want to hold itself: its SHA-256 in hexadecimal digits. */
const hashedKey = /^sha256:([\da-f]{64})$/i

/** Whether an entry of `api_keys` sets out to be a hash but is none. */
export function isBrokenHash(entry: string): boolean {
  return /^sha256:/i.test(entry) && !hashedKey.test(entry)
}

function digestOf(entry: string): Buffer {
  const hash = hashedKey.exec(entry)?.[1]
  return hash === undefined ? sha256(entry) : Buffer.from(hash, 'hex')
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
