/** The keys that clients present to this proxy, told apart from credentials that are meant for an upstream. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export interface PresentedKeys {
  /** one of the proxy's own keys came along */
  valid: boolean
  /** a credential that is none of the proxy's keys, as header and value */
  foreign?: { header: 'authorization' | 'x-api-key'; value: string }
}

/** What stands before a key in `authorization`, where anything does: the schemes of model APIs. */
const keySchemes = new Set(['bearer', 'token', 'key', 'api-key', 'apikey'])

/** The key in a value of `authorization`; undefined where there is none, as in `Basic …`, which is a front door's. */
function keyIn(authorization: string): string | undefined {
  const [first = '', ...rest] = authorization.trim().split(/\s+/)
  if (!keySchemes.has(first.toLowerCase())) return rest.length === 0 ? first : undefined
  return rest.join(' ')
}

/**
 * Looks at `Authorization` of the schemes of model APIs and at `x-api-key`. `keys`: as in `config.json`, also hashed; with none of them every
 * credential is foreign.
 */
export function presentedKeys(
  headers: IncomingHttpHeaders,
  keys: readonly string[],
): PresentedKeys {
  const found: PresentedKeys = { valid: false }
  for (const header of ['authorization', 'x-api-key'] as const) {
    const value = headers[header]
    if (typeof value !== 'string' || value === '') continue
    const key = header === 'authorization' ? keyIn(value) : value
    if (!key) continue
    if (isOneOf(key, keys)) found.valid = true
    else found.foreign ??= { header, value }
  }
  return found
}

/** How a configuration gives a key that it does not want to hold itself: its SHA-256 in hexadecimal digits. */
const hashedKey = /^sha256:([\da-f]{64})$/i

/** Whether an entry of `api_keys` sets out to be a hash but is none. */
export function isBrokenHash(entry: string): boolean {
  return /^sha256:/i.test(entry) && !hashedKey.test(entry)
}

interface KnownKey {
  bytes: Buffer
  isHash: boolean
}

/** A hash costs as much as all else that is done for a small request, so what can be prepared is. */
const prepared = new WeakMap<readonly string[], KnownKey[]>()

/**
 * Compares with every key, in a time that depends on lengths alone, so that it tells neither how much of a key was right nor
 * of which.
 */
function isOneOf(key: string, entries: readonly string[]): boolean {
  const known = prepared.get(entries) ?? prepare(entries)
  const plain = Buffer.from(key)
  const hash = known.some(({ isHash }) => isHash) ? sha256(key) : undefined
  let match = false
  for (const { bytes, isHash } of known) {
    const given = isHash && hash ? hash : plain
    if (given.length === bytes.length && timingSafeEqual(given, bytes)) match = true
  }
  return match
}

function prepare(entries: readonly string[]): KnownKey[] {
  const known = entries.map((entry) => {
    const hash = hashedKey.exec(entry)?.[1]
    return hash === undefined
      ? { bytes: Buffer.from(entry), isHash: false }
      : { bytes: Buffer.from(hash, 'hex'), isHash: true }
  })
  prepared.set(entries, known)
  return known
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
