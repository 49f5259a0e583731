/** Where a JSON text breaks, and why: V8 says where for some faults only, and quotes the text, in which secrets may be. */

const token =
  /\s*(?:[{}[\],:]|"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?|true\b|false\b|null\b)/uy
const danglingComma = /,\s*[}\]]/uy

/** `:LINE:COLUMN` of the first fault, and the reason. In: a text that JSON.parse refused, and what it threw. */
export function faultIn(text: string, error: unknown): { place: string; why: string } {
  const said = /position (\d+)/.exec(String(error))
  const at = said ? Number(said[1]) : firstFault(text)
  return { place: lineAndColumn(text, at), why: reasonAt(text, at) }
}

const reasons: [begins: RegExp, why: string][] = [
  [/^$/, 'it ends too early'],
  [/^'/, 'texts stand in double quotes'],
  [/^[\u201C-\u201F\u2018-\u201B]/, 'quotes must be straight ones: "'],
  [/^(?:True|False|None|TRUE|FALSE|NULL)\b/, 'write true, false or null'],
  [/^\/\*/, 'this comment does not end'],
  [/^[\w$-]+\s*:/, 'keys stand in double quotes'],
  [/^,/, 'there is a comma too many'],
  [/^=/, 'a value follows its key after a colon'],
]

/** What most likely was meant at the fault; nothing of the text itself, which may be a secret. */
function reasonAt(text: string, at: number): string {
  const rest = text.slice(at)
  const before = text.slice(0, at).trimEnd()
  if (inString(text, at)) {
    return 'a text ends on its line, and a backslash in it is written twice: \\\\'
  }
  const known = reasons.find(([begins]) => begins.test(rest))
  if (known) return known[1]
  if (/^[}\]]/.test(rest) && before.endsWith(',')) return 'there is a comma too many'
  if (/^["{[\w-]/.test(rest) && /["}\]\w]$/.test(before)) return 'a comma is missing before this'
  return 'this is not expected here'
}

/** Whether a text in quotes that does not end, or holds what it must not, is what breaks. */
function inString(text: string, at: number): boolean {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1)
  const end = at - (text.length - line.length)
  const quotes = line.slice(0, Math.max(0, end)).replace(/\\./g, '').split('"').length - 1
  const begins = text[at] === '"' && !/^"(?:[^"\\\p{Cc}]|\\["\\/bfnrtu])*"/u.test(text.slice(at))
  return quotes % 2 === 1 || begins
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
