/** Looking at the structure of JSON in its bytes, without parsing. */

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** Behind the closing quote of the string that begins at `from`. A quote is escaped by an odd run of backslashes. */
export function stringEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(quote, from + 1); at !== -1; at = bytes.indexOf(quote, at + 1)) {
    let run = 0
    while (bytes[at - 1 - run] === backslash) run += 1
    if (run % 2 === 0) return at + 1
  }
  return bytes.length
}

/** Whether lists and objects are nested in more than `levels`. */
export function isDeeperThan(levels: number, bytes: Buffer): boolean {
  return walkBrackets(bytes, 0, (depth) => depth > levels) !== undefined
}

/** Behind the closing bracket of the list or object that begins at `from`. */
export function nestedEnd(bytes: Buffer, from: number): number {
  return walkBrackets(bytes, from, (depth) => depth === 0) ?? bytes.length
}

/** Behind the first bracket after which `stop` holds for the depth; `undefined` where it never does. */
function walkBrackets(
  bytes: Buffer,
  from: number,
  stop: (depth: number) => boolean,
): number | undefined {
  let depth = 0
  let at = from
  while (at < bytes.length) {
    const byte = bytes[at]!
    if (byte === quote) {
      at = stringEnd(bytes, at)
      continue
    }
    at += 1
    if (byte === openBrace || byte === openBracket) depth += 1
    else if (byte === closeBrace || byte === closeBracket) depth -= 1
    else continue
    if (stop(depth)) return at
  }
  return undefined
}
