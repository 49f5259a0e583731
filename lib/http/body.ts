/** Reading a request's body up to a known size, and up to what all bodies may take together. */
import type { IncomingMessage } from 'node:http'
import { ProxyError } from '../../pipelines/errors.ts'
import type { BodyPace, Call } from '../app.ts'
import { megabyte } from '../config/body-room.ts'
import { OverLimit } from '../limits/standing.ts'

/**
 * What `use` makes of the whole body, up to the size that the configuration allows. Throws as `readBody` does, and ProxyError 503
 * where the bodies under way leave no room for it. `then` on purpose: a local variable would keep the body alive while its
 * function waits, which may be as long as an answer goes on (`test/let-go.test.ts`).
 */
export function withBody<Made>(
  req: IncomingMessage,
  call: Call,
  use: (body: Buffer) => Made,
): Promise<Made> {
  const { app, config } = call
  const hold = (bytes: number) => holdBody(call, bytes)
  return readBody(req, config.max_body_mb * megabyte, app.bodyPace, hold).then(use)
}

/**
 * Counts bytes of a body from before they are read until its answer begins: so long they are in memory. One body alone always has
 * room. Throws ProxyError 503.
 */
function holdBody(call: Call, bytes: number): void {
  const { app, config, signal } = call
  // its end has passed, at which the bytes would have been let go
  if (signal.cancelled) throw signal.reason
  const { bodyRoom } = config.prepared
  const others = app.bodyBytes - call.bodyBytes
  if (others > 0 && app.bodyBytes + bytes > bodyRoom) {
    call.isCounted = false
    app.metrics?.refused(call.caller?.name, 'max_bodies_mb')
    throw noRoom(others, bodyRoom)
  }
  call.bodyBytes += bytes
  app.bodyBytes += bytes
}

/** To be called when the answer begins, and when the request is over: then nobody holds its body any more. */
export function letGoBody(call: Call): void {
  call.app.bodyBytes -= call.bodyBytes
  call.bodyBytes = 0
}

/** Less than 256 bytes a second is no line that anybody has, but a way to hold connections. */
export const bodyPace: BodyPace = { silenceMs: 30_000, windowMs: 60_000, minBytes: 256 * 60 }

/** Is told of the bytes that will be held, before they are. May throw. */
type Hold = (bytes: number) => void

/**
 * The whole body, unpacked if it came compressed. Throws ProxyError 413 as soon as the announced or received size passes
 * `maxBytes`, 415 for an encoding that is not known, 408 when it stops coming or trickles, 400 when the client breaks off, and
 * what `hold` throws.
 */
export function readBody(
  req: IncomingMessage,
  maxBytes: number,
  pace: BodyPace,
  hold: Hold = () => undefined,
): Promise<Buffer> {
  const encoding = req.headers['content-encoding']
  const read = piecesOf(req, maxBytes, pace, hold)
  return encoding === undefined ? read.then(joined) : unpacked(read, encoding, maxBytes, hold)
}

function joined(pieces: Buffer[]): Buffer {
  return withoutMark(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces))
}

async function unpacked(
  read: Promise<Buffer[]>,
  encoding: string,
  maxBytes: number,
  hold: Hold,
): Promise<Buffer> {
  const bytes = Buffer.concat(await read)
  const { unpack } = await import('./unpack.ts')
  const body = await unpack(bytes, encoding, { maxBytes, tooLarge })
  hold(body.length)
  return withoutMark(body)
}

/** Windows writes a byte order mark in front of a file; JSON must not begin with one. Source: RFC 8259 §8.1. */
export function withoutMark(body: Buffer): Buffer {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body
}

/** Throws ProxyError 413 for a body of too many bytes. */
export function checkSize(bytes: number, maxBytes: number): void {
  if (bytes > maxBytes) throw tooLarge(maxBytes)
}

/**
 * A longer body whose length is known goes into one buffer as it comes; of pieces that wait for the last one, all would be there
 * twice. 200 bodies of 1 MB at once: 282 instead of 315 MB (`test/let-go.test.ts` guards it). What does not come takes no memory.
 */
const wholeFrom = 64 * 1024

/** No listener is left on the request, which lives as long as its answer, and the body must not. */
function piecesOf(
  req: IncomingMessage,
  maxBytes: number,
  pace: BodyPace,
  hold: Hold,
): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const announced = Number(req.headers['content-length'] ?? 0)
    checkSize(announced, maxBytes)
    hold(announced)
    const pieces: Buffer[] = []
    const whole = announced > wholeFrom ? Buffer.allocUnsafeSlow(announced) : undefined
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
      else if (whole) piece.copy(whole, size - piece.length)
      else if (announced > 0 || hasRoom(piece.length)) pieces.push(piece)
    }
    const hasRoom = (bytes: number) => {
      try {
        hold(bytes)
        return true
      } catch (error) {
        fail(error as Error)
        return false
      }
    }
    const end = () => settle(() => resolve(whole ? [whole.subarray(0, size)] : pieces))
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

/** Whether too little came in the last window; to be called with the size so far whenever something comes. */
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

function tooLarge(maxBytes: number): ProxyError {
  return new ProxyError(
    413,
    'request_too_large',
    `The request body is larger than ${Math.floor(maxBytes / megabyte)} MB. Send less, or raise max_body_mb in config.json.`,
    { headers: { connection: 'close' } },
  )
}

function noRoom(heldBytes: number, room: number): OverLimit {
  const [held, most] = [heldBytes, room].map((bytes) => Math.ceil(bytes / megabyte))
  return new OverLimit(
    'max_bodies_mb',
    503,
    'max_bodies',
    `The bodies of the requests under way take ${held} of the ${most} MB that max_bodies_mb allows, so this one has no room. Send the request again.`,
    { headers: { 'retry-after': '2' } },
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
