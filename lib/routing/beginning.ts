/**
 * The beginning of an answer, looked at without taking it: whoever reads the answer gets all of it. So a refusal can be
 * understood, and a stream that begins with an error can be taken for the refusal that it is.
 */
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import type { CancelSignal } from '../app.ts'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'

const longestBytes = 64 * 1024

/**
 * Waits until `isEnough` of the text so far, or the end, or `patienceMs`, or 64 KiB. The stream is as it was then.
 */
export function beginningOf(
  stream: IncomingMessage,
  { isEnough, patienceMs, signal }: Patience,
): Promise<Buffer> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    let size = 0
    const settle = () => {
      clearTimeout(timer)
      forgetCancel?.()
      stream.off('readable', look).off('close', settle)
      const bytes = Buffer.concat(pieces)
      // Put back in the tick in which it was read, a body that is over has not ended yet for its next reader.
      if (size > 0 && !stream.destroyed) stream.unshift(bytes)
      // Node lets go of the paused stream in the next tick.
      setImmediate(resolve, bytes)
    }
    const look = () => {
      const before = size
      // Reading an empty body would end it. Node 26 reads one piece at a time.
      while (stream.readableLength > 0) {
        const piece = stream.read() as Buffer | null
        if (!piece) break
        pieces.push(piece)
        size += piece.length
      }
      const isNew = size > before
      if (stream.complete || size >= longestBytes || (isNew && isEnough(Buffer.concat(pieces)))) {
        settle()
      }
    }
    const timer = setTimeout(settle, patienceMs)
    let forgetCancel: (() => void) | undefined
    stream.on('readable', look).once('close', settle)
    forgetCancel = signal.onCancel(settle)
    if (stream.complete) look()
  })
}

/** A body that was empty is over once it was looked at; its next reader gets another one that is. */
export function unread(stream: IncomingMessage): IncomingMessage {
  if (!stream.readableEnded) return stream
  const empty = new IncomingMessage(new Socket())
  empty.complete = true
  empty.push(null)
  return empty
}

interface Patience {
  isEnough: (bytes: Buffer) => boolean
  patienceMs: number
  signal: CancelSignal
}

/** The body's text; empty where it is packed in a way that is not known, or is not all there. */
export function textOf(bytes: Buffer, encoding: string | undefined): string {
  const name = encoding?.trim().toLowerCase()
  if (name === undefined || name === '' || name === 'identity') return bytes.toString('utf8')
  try {
    return unpackers[name]?.(bytes).toString('utf8') ?? ''
  } catch {
    return ''
  }
}

const unpackers: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
}

/** An error in the place of a stream's first event, with the status that it would have as an answer. */
export interface FirstError {
  status: number
  body: string
}

/** What comes before anything that a client could use. */
const preambles = new Set([
  'ping',
  'message_start',
  'response.created',
  'response.in_progress',
  'response.queued',
])

/** Undefined as long as nothing but a preamble is there; `none` where the stream has begun to answer. */
export function firstErrorIn(text: string): FirstError | 'none' | undefined {
  const events = text.split(/\r?\n\r?\n/)
  for (const event of events.slice(0, -1)) {
    const data = dataOf(event)
    if (data === '') continue
    const json = objectFrom(data)
    const type = typeof json?.type === 'string' ? json.type : undefined
    if (type !== undefined && preambles.has(type)) continue
    const error = json && errorIn(json, type)
    return error ? { status: statusOf(error), body: JSON.stringify({ error }) } : 'none'
  }
  return undefined
}

function dataOf(event: string): string {
  return event
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? line.slice(5).trim() : []))
    .join('\n')
}

function errorIn(json: JsonObject, type: string | undefined): JsonObject | undefined {
  if (isObject(json.error)) return json.error
  if (type === 'error') return json
  if (type !== 'response.failed') return undefined
  const { response } = json
  return isObject(response) && isObject(response.error) ? response.error : json
}

/** Types and codes of OpenAI's and Anthropic's, and statuses as gateways write them. */
const statuses: readonly [words: RegExp, status: number][] = [
  [/overloaded/, 529],
  [/rate_limit|too_many_requests|insufficient_quota|usage_limit|resource_exhausted/i, 429],
  [/authentication/, 401],
  [/billing|insufficient_balance|payment/, 402],
  [/service_unavailable/, 503],
]

function statusOf({ type, code, status }: JsonObject): number {
  for (const value of [code, status]) {
    const number = Number(value)
    if (Number.isInteger(number) && number >= 400 && number < 600) return number
  }
  const named = [code, type].filter((one) => typeof one === 'string').join(' ')
  return statuses.find(([words]) => words.test(named))?.[1] ?? 500
}
