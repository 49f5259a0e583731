/** Where the members of a JSON object lie in its bytes: one pass that looks at structure only, at any depth. */
import { nestedEnd, stringEnd } from '../json-bytes.ts'

export interface Member {
  name: string
  /** offsets in bytes; ends are exclusive */
  keyStart: number
  valueStart: number
  valueEnd: number
}

const quote = 0x22
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c

/** In: the bytes of a JSON object that is known to be valid. */
export function topLevelMembers(bytes: Buffer): Member[] {
  const members: Member[] = []
  let at = skipSpace(bytes, bytes.indexOf('{') + 1)
  while (bytes[at] === quote) {
    const keyStart = at
    const keyEnd = stringEnd(bytes, at)
    const name = JSON.parse(bytes.toString('utf8', keyStart, keyEnd)) as string
    const valueStart = skipSpace(bytes, skipSpace(bytes, keyEnd) + 1)
    const valueEnd = endOfValue(bytes, valueStart)
    members.push({ name, keyStart, valueStart, valueEnd })
    at = skipSpace(bytes, valueEnd)
    if (bytes[at] === comma) at = skipSpace(bytes, at + 1)
  }
  return members
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at]! <= 0x20) at += 1
  return at
}

function endOfValue(bytes: Buffer, from: number): number {
  const first = bytes[from]
  if (first === quote) return stringEnd(bytes, from)
  if (first === openBrace || first === openBracket) return nestedEnd(bytes, from)
  let at = from
  while (at < bytes.length && !endsScalar(bytes[at]!)) at += 1
  return at
}

function endsScalar(byte: number): boolean {
  return byte === comma || byte === closeBrace || byte === closeBracket || byte <= 0x20
}
