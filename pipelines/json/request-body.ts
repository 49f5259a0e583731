/** The body of a client's request as JSON. A broken one, or one that is nested too deeply, becomes a 400 that names the place. */
import { isUtf8 } from 'node:buffer'
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
  const text = body.toString('utf8')
  const seen = survey(text)
  if (seen.depth > maxDepth) throw tooDeep()
  const value = parsed(() => parseExact(text, seen))
  if (isObject(value)) return value
  throw invalidJson('The request body must be a JSON object.')
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
