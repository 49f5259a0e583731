/** Values as people write them into an environment: in quotes, with a comment behind, as the example they copied. */
import { jsonFrom } from '../../pipelines/json/value.ts'
import { isReference } from './references.ts'

/** Takes what is wrong with a value: each text follows the name of the variable or the place in the file. */
export interface Remarks {
  fault: (text: string) => void
  warn: (text: string) => void
}

/** The names of clients and accounts stand in logs and headers, so they are plain. As the source of a regular expression. */
export const plainName = String.raw`[a-z\d][a-z\d._-]{0,31}`
const onlyPlainName = new RegExp(`^${plainName}$`)

export function isPlainName(text: string): boolean {
  return onlyPlainName.test(text)
}

/** Without the quotes around it and the comment behind it, which docker's `--env-file` leaves there. */
export function bareValue(written: string, { fault, warn }: Remarks): string | undefined {
  const text = withoutComment(written, warn)
  const bare = withoutQuotes(text)
  if (bare !== text) warn('is in quotes; they are taken off')
  if (!isReference(bare)) return bare.trim() || undefined
  fault('is a reference that nothing has expanded; put the value itself there')
  return undefined
}

/**
 * A key or a token; undefined for a text that cannot be one, with a remark. `lenient`: a character that keys do not have is a
 * warning, not a fault.
 */
export function keyOf(written: string, remarks: Remarks, lenient = false): string | undefined {
  const bare = bareValue(written, remarks)
  if (bare === undefined) return undefined
  const key = bare.replace(/^Bearer\s+/i, '')
  if (key !== bare) remarks.warn('begins with "Bearer", which is taken off')
  if (isExample(key)) {
    remarks.warn('is an example value and counts as not set')
    return undefined
  }
  const wrong = notInKeys(key)
  if (wrong) (lenient ? remarks.warn : remarks.fault)(wrong)
  return wrong && !lenient ? undefined : key
}

/** One key, or several: an account each. One that comes twice counts once. */
export function keysOf(written: string, remarks: Remarks): string[] {
  const bare = bareValue(written, remarks)
  const keys = listOf(bare ?? '', remarks).map((one) => keyOf(one, remarks))
  return [...new Set(keys.filter((key) => key !== undefined))]
}

/** What no key has, and no header takes: the position is shown, not the text. */
function notInKeys(key: string): string | undefined {
  const at = key.search(/[^\x21-\x7E]/)
  if (at < 0) return undefined
  const what = /\s/.test(key[at]!) ? 'a blank' : 'a character that is not ASCII'
  return `holds ${what} (character ${at + 1}), which no key has`
}

/** In: keys separated by commas, by semicolons or by lines, or as a list of JSON. */
export function listOf(text: string, remarks: Remarks): string[] {
  return (listFrom(text, remarks) ?? text.split(/[,;\n]/))
    .map((item) => item.trim())
    .filter((item) => item !== '' && !item.startsWith('#'))
}

function listFrom(text: string, { fault }: Remarks): string[] | undefined {
  if (!text.startsWith('[')) return undefined
  const list = jsonFrom(text)
  if (!Array.isArray(list)) {
    if (/^\[\s*"/.test(text)) fault('begins as a list of JSON does, but is none')
    return undefined
  }
  const texts = list.filter((item) => typeof item === 'string')
  if (texts.length < list.length) fault('is a list of JSON in which not every key is a text')
  return texts
}

function withoutComment(text: string, warn: Remarks['warn']): string {
  const bare = text.replace(/\s+#.*$/, '')
  if (bare === text) return text
  warn('has a comment behind it, which is taken off')
  return bare.trim()
}

function withoutQuotes(text: string): string {
  return (
    /^(["'])(.*)\1$/s.exec(text)?.[2] ??
    /^[\u201c\u2018](.*)[\u201d\u2019]$/s.exec(text)?.[1] ??
    text
  )
}

/** Values copied out of an example: as keys they are public, as a login they are none. */
const placeholders =
  /^(?:sk-)?(?:secret|password|key|any|none|null|nil|undefined|dummy|fake|todo|test|token|123\d*|abc\d*)$/i
const phrases =
  /^<|^\[[^\]]*\]$|^(?:sk-)?(?:my|the)[-_ ].*(?:key|token|secret|password)$|^(?:[a-z]{2,4}[-_])?your[-_ ]|^your[a-z]*(?:key|token|secret|password)|change[-_ ]?(?:me|it|this)|replace[-_ ]?|example|placeholder|insert[-_ ]/i
const fillers = /^(?:[a-z]{2,6}[-_])*(?:x{3,}|\*{3,}|\.{3,}|\u2026+)|(?:\.{3}|\u2026)$|x{6,}/i
const tests = /^(?:sk-)?test(?:[-_]?key)?[-_\d]*$/i

/** Whether a text is what an example has in the place of a key. */
export function isExample(text: string): boolean {
  return [placeholders, phrases, fillers, tests].some((pattern) => pattern.test(text))
}
