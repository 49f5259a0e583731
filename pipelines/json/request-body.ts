/** The body of a client's request as JSON. A broken one, or one that is nested too deeply, becomes a 400 that names the place. */
import { isAscii, isUtf8, transcode } from 'node:buffer'
import { ProxyError } from '../errors.ts'
import { isDeeperThan } from './scan.ts'
import { isObject, maxDepth, parseExact, survey, type JsonObject } from './value.ts'

/** The body as a JSON object. Throws ProxyError 400 `invalid_json`, with the place where it broke. */
export function parseJsonObject(body: Buffer): JsonObject {
  checkText(body)
  const value = parsed(() => JSON.parse(body.toString('utf8')))
  if (isObject(value)) return value
  throw invalidJson('The request body must be a JSON object.')
}

const codes = { space: 0x20, quote: 0x22, colon: 0x3a }

/** The string behind the first `key`, as it stands there; undefined where that is another value, or longer than so many bytes. */
export function textBehind(body: Buffer, key: Buffer, longest: number): string | undefined {
  const at = body.indexOf(key)
  const from = at === -1 ? -1 : body.indexOf(codes.quote, at + key.length)
  const to = from === -1 ? -1 : body.indexOf(codes.quote, from + 1)
  if (to === -1 || to - from > longest) return undefined
  for (let between = at + key.length; between < from; between += 1) {
    const byte = body[between]!
    if (byte > codes.space && byte !== codes.colon) return undefined
  }
  return body.toString('utf8', from + 1, to)
}

/** Throws ProxyError 400 `invalid_json` for a body that is empty or no text. */
export function checkText(body: Buffer): void {
  if (body.length === 0) throw invalidJson('The request body is empty. Send a JSON object.')
  // Decoding would replace what is broken, and what was checked would not be what is sent.
  if (!isUtf8(body)) throw invalidJson('The request body is not valid UTF-8.')
}

/** Throws ProxyError 400 `invalid_json` for a body that turned out to be no JSON object, with the place where it broke. */
export function refuseJson(body: Buffer): never {
  parseJsonObject(body)
  throw invalidJson('The request body must be a JSON object.')
}

/**
 * The same, with ExactNumbers for numbers that a double would change. Throws where it is nested too deeply, too: one pass over
 * the text finds both.
 */
export function parseExactObject(body: Buffer): JsonObject {
  checkText(body)
  const text = textOf(body)
  const seen = survey(text)
  if (seen.depth > maxDepth) throw tooDeep()
  const value = parsed(() => parseExact(text, seen))
  if (isObject(value)) return value
  throw invalidJson('The request body must be a JSON object.')
}

const major = Number.parseInt(process.versions.node, 10)

/**
 * Where V8's own way between UTF-8 and strings is slow for text that is not ASCII, Node's transcoder goes before it. Of 30 KB
 * of a coding agent's, decoded: on Node 20 12 for 39 µs; encoded: on Node 20 15 for 31, on Node 24 17 for 53. Of less it takes
 * longer, and of more the copies would be felt. A Node without ICU has none.
 */
function isForTranscoder({ length }: Buffer | string): boolean {
  return length >= 4096 && length <= 1024 * 1024 && typeof transcode === 'function'
}

/** `body` is UTF-8. */
function textOf(body: Buffer): string {
  if (major >= 24 || !isForTranscoder(body) || isAscii(body)) return body.toString('utf8')
  return transcode(body, 'utf8', 'utf16le').toString('utf16le')
}

/** The text, of which no surrogate is alone, in UTF-8. `from`: the body that it was made from, as a rule ASCII where it is. */
export function bytesOf(text: string, from: Buffer): Buffer {
  if (major >= 26 || !isForTranscoder(text) || isAscii(from)) return Buffer.from(text)
  return transcode(Buffer.from(text, 'utf16le'), 'utf16le', 'utf8')
}

function parsed(parse: () => unknown): unknown {
  try {
    return parse()
  } catch (error) {
    throw invalidJson(`The request body is not valid JSON: ${withoutContent(error)}.`, error)
  }
}

/** Throws ProxyError 400 `invalid_json` for JSON that is nested too deeply to be worked on. */
export function checkDepth(body: Buffer): void {
  if (isDeeperThan(maxDepth, body)) throw tooDeep()
}

function tooDeep(): ProxyError {
  return invalidJson(`The request body is nested in more than ${maxDepth} levels. Flatten it.`)
}

/** V8 quotes the text around the fault; that text is the user's. Only the place is kept. */
function withoutContent(error: unknown): string {
  const message = (error as Error).message
  const place = /position \d+(?: \(line \d+ column \d+\))?/.exec(message)?.[0]
  if (place) return `it breaks at ${place}`
  return message.includes('end of JSON') || message.includes('Unterminated')
    ? 'it ends too early'
    : 'it cannot be parsed'
}

function invalidJson(message: string, cause?: unknown): ProxyError {
  return new ProxyError(400, 'invalid_json', message, { cause })
}
