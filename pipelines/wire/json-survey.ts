/** One look at a JSON text before it is parsed: how deep it is nested, and which numbers a double would change. */

export interface Survey {
  /** lists and objects in one another */
  depth: number
  /** places in the text, in order */
  inexact: { from: number; to: number }[]
}

const minus = 0x2d
const zero = 0x30
const nine = 0x39
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
/** Makes a bracket of a brace, which differs from it in one bit. */
const braceBit = 0x20

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/
const digits = /[-+.\deE]*/y
/** What stands behind a value. A number in front of anything else, such as `:`, is no JSON. */
const valueEnd = /[ \t\n\r]*(?:[,\]}]|$)/y

/** Means something for JSON only; of other texts it may say anything. */
export function survey(text: string): Survey {
  const seen: Survey = { depth: 0, inexact: [] }
  let depth = 0
  let at = 0
  while (at < text.length) {
    const next = text.indexOf('"', at)
    const end = next === -1 ? text.length : next
    while (at < end) {
      const code = text.charCodeAt(at)
      const bracket = code & ~braceBit
      if (bracket === openBracket) {
        depth += 1
        if (depth > seen.depth) seen.depth = depth
      } else if (bracket === closeBracket) depth -= 1
      else if (code <= nine && (code >= zero || code === minus)) {
        at = passNumber(text, at, seen)
        continue
      }
      at += 1
    }
    at = stringEnd(text, end)
  }
  return seen
}

/** Behind the number that begins at `from`. */
function passNumber(text: string, from: number, { inexact }: Survey): number {
  digits.lastIndex = from
  digits.test(text)
  const to = digits.lastIndex
  if (to - from === 1) return to
  const written = text.slice(from, to)
  if (String(Number(written)) === written || !number.test(written)) return to
  valueEnd.lastIndex = to
  if (valueEnd.test(text)) inexact.push({ from, to })
  return to
}

/** Behind the closing quote of the string that begins at `from`. A quote is escaped by an odd run of backslashes. */
function stringEnd(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let run = 0
    while (text.charCodeAt(at - 1 - run) === backslash) run += 1
    if (run % 2 === 0) return at + 1
  }
  return text.length
}
