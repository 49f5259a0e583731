/** Where a JSON text breaks: V8 says so for some faults only. */

const token =
  /\s*(?:[{}[\],:]|"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?|true\b|false\b|null\b)/uy
const danglingComma = /,\s*[}\]]/uy

/** `:LINE:COLUMN` of the first fault. In: a text that JSON.parse refused, and what it threw. */
export function placeOfFault(text: string, error: unknown): string {
  const said = /position (\d+)/.exec(String(error))
  return lineAndColumn(text, said ? Number(said[1]) : firstFault(text))
}

/** What is no token, or a comma with nothing behind it; else the text ends too early. */
function firstFault(text: string): number {
  let at = 0
  while (at < text.length) {
    token.lastIndex = at
    const found = token.exec(text)
    if (!found) break
    danglingComma.lastIndex = token.lastIndex - 1
    const dangling = found[0].endsWith(',') ? danglingComma.exec(text) : null
    if (dangling) return danglingComma.lastIndex - 1
    at = token.lastIndex
  }
  return at + /^\s*/.exec(text.slice(at))![0].length
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`
}
