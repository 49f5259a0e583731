/** Reading a request's body up to a known size, and as JSON. */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { JsonObject } from '../pipelines/wire/chat.ts'
import { parseExact } from '../pipelines/wire/exact-json.ts'
import { survey } from '../pipelines/wire/json-survey.ts'
import { isObject } from '../pipelines/wire/json.ts'
import { ProxyError } from './errors.ts'
import { isDeeperThan } from './json-bytes.ts'

/** How slowly a body may come. There is no limit to the whole: a thin line may take minutes for a long history. */
export interface BodyPace {
  /** ms between two reads */
  silenceMs: number
  /** ms over which `minBytes` have to come, by as many pieces as they like */
  windowMs: number
  minBytes: number
}

/** Less than 256 bytes a second is no line that anybody has, but a way to hold connections. */
export const bodyPace: BodyPace = { silenceMs: 30_000, windowMs: 60_000, minBytes: 256 * 60 }

/**
 * The whole body. Throws ProxyError 413 as soon as the announced or received size passes `maxBytes`, 415 for a compressed
 * body, 408 when it stops coming or trickles, 400 when the client breaks off.
 */
export function readBody(req: IncomingMessage, maxBytes: number, pace: BodyPace): Promise<Buffer> {
  return piecesOf(req, maxBytes, pace).then((pieces) =>
    withoutMark(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)),
  )
}

/** Windows writes a byte order mark in front of a file; JSON must not begin with one. Source: RFC 8259 §8.1. */
function withoutMark(body: Buffer): Buffer {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body
}

/** No listener is left on the request, which lives as long as its answer, and the body must not. */
function piecesOf(req: IncomingMessage, maxBytes: number, pace: BodyPace): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const encoding = req.headers['content-encoding']
    if (encoding && encoding !== 'identity') throw compressed(encoding)
    if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
    const pieces: Buffer[] = []
    let size = 0
    const settle = (settled: () => void) => {
      clearTimeout(silence)
      req.off('data', take).off('end', end).off('error', fail).off('close', cut)
      settled()
    }
    const isSlow = trickleWatch(pace)
    const take = (piece: Buffer) => {
      size += piece.length
      silence.refresh()
      if (size > maxBytes) fail(tooLarge(maxBytes))
      else if (isSlow(size)) fail(tooSlow(`too little of it came in ${pace.windowMs / 1000} s`))
      else pieces.push(piece)
    }
    const end = () => settle(() => resolve(pieces))
    const fail = (error: Error) => settle(() => reject(error))
    const cut = () => {
      if (!req.complete) fail(new ProxyError(400, 'client_closed', 'The body was cut off.'))
    }
    const silence = setTimeout(
      () => fail(tooSlow(`nothing came for ${pace.silenceMs / 1000} s`)),
      pace.silenceMs,
    )
    req.on('data', take).on('end', end).on('error', fail).on('close', cut)
  })
}

/** To be asked with what has come so far, whenever something comes: whether too little came in the window that is over. */
function trickleWatch({ windowMs, minBytes }: BodyPace): (size: number) => boolean {
  let begunMs = performance.now()
  let before = 0
  return (size) => {
    const nowMs = performance.now()
    if (nowMs - begunMs < windowMs) return false
    const came = size - before
    begunMs = nowMs
    before = size
    return came < minBytes
  }
}

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
 * The same, with ExactNumbers for numbers that a double would change. Throws for what is nested too deeply, too: one look
 * at the text tells both.
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

/** Deeper than any request that means something; mapping and writing JSON recurse. */
const maxDepth = 1000

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

function tooLarge(maxBytes: number): ProxyError {
  return new ProxyError(
    413,
    'request_too_large',
    `The request body is larger than ${Math.floor(maxBytes / 1024 / 1024)} MB. Send less, or raise max_body_mb in config.json.`,
    { headers: { connection: 'close' } },
  )
}

function tooSlow(why: string): ProxyError {
  return new ProxyError(
    408,
    'request_timeout',
    `The request body stopped before its end: ${why}. Send the request again.`,
    { headers: { connection: 'close' } },
  )
}

function compressed(encoding: string): ProxyError {
  return new ProxyError(
    415,
    'unsupported_content_encoding',
    `Request bodies with content-encoding ${JSON.stringify(encoding.slice(0, 40))} are not taken. Send the JSON uncompressed.`,
    { headers: { connection: 'close' } },
  )
}
