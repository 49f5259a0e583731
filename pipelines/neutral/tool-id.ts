/** Tool call ids that Claude and the Responses API take, whoever made them. */
import { createHash } from 'node:crypto'

const safe = /^[A-Za-z0-9_-]{1,64}$/
const maxLength = 64
const keptCharacters = 50
const hashDigits = 10

/**
 * An id as it is when the upstream would take it, else its allowed characters and a piece of its
 * hash: the call and its result are renamed alike without a table.
 */
export function safeToolId(id: string): string {
  return safe.test(id) ? id : shortToolId(id, maxLength)
}

/** Allowed characters of an id and a piece of its hash, together at most so many. */
export function shortToolId(id: string, limit: number): string {
  const length = Math.min(keptCharacters, limit - hashDigits - 1)
  const kept = id.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(0, length)
  const hash = createHash('sha256').update(id).digest('hex').slice(0, hashDigits)
  return `${kept}_${hash}`
}
