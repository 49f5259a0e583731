/** Looking at the structure of JSON in its bytes, without parsing. */

const quote = 0x22
const backslash = 0x5c

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
  let depth = 0
  let at = 0
  while (at < bytes.length) {
    const byte = bytes[at]!
    if (byte === quote) {
      at = stringEnd(bytes, at)
      continue
    }
    at += 1
    if (byte === 0x7b || byte === 0x5b) {
      depth += 1
      if (depth > levels) return true
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1
  }
  return false
}
