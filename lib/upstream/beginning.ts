/**
 * The beginning of an answer, looked at without taking it: whoever reads the answer gets all of it. So a refusal can be
 * understood, and a stream that begins with an error can be taken for the refusal that it is.
 */
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import * as zlib from 'node:zlib'
import type { CancelSignal } from '../app.ts'
import type { UpstreamAnswer } from './attempt.ts'

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

/** A refusal is a line of JSON, and there at once. */
const refusalMs = 2_000

/** The text of a refusal, as far as it arrives soon, and the refusal for its next reader. */
export async function readRefusal(
  refusal: UpstreamAnswer,
  signal: CancelSignal,
): Promise<{ answer: UpstreamAnswer; status: number; text: string }> {
  const { status, headers, stream } = refusal
  const patience = { isEnough: () => false, patienceMs: refusalMs, signal }
  const bytes = await beginningOf(stream, patience)
  const text = textOf(bytes, headers['content-encoding'])
  return { answer: { ...refusal, stream: unread(stream) }, status, text }
}

/** A refusal names the refused part at its beginning. What follows may repeat the whole request, so it is not searched. */
const longestLookedAt = 16_384

/** The same, as far as it is looked at for a part that is refused. */
export async function refusalBy(answer: UpstreamAnswer, signal: CancelSignal) {
  const { answer: refusal, text } = await readRefusal(answer, signal)
  return { refusal, text: withoutInput(text).slice(0, longestLookedAt) }
}

/** Pydantic, and so vLLM, Mistral and others, repeats what it refuses as `input`: all of a request, with whatever words are in it. */
function withoutInput(text: string): string {
  if (!text.includes('"input"')) return text
  try {
    return JSON.stringify(
      JSON.parse(text, (name, value: unknown) => (name === 'input' ? undefined : value)),
    )
  } catch {
    return text
  }
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

/** A few bytes of Brotli make gigabytes, and unpacking stops all else. */
const longestText = { maxOutputLength: 1024 * 1024 }

/** The body's text; empty where it is packed in a way that is not known, is not all there, or is too long for a refusal. */
function textOf(bytes: Buffer, encoding: string | undefined): string {
  const name = encoding?.trim().toLowerCase()
  if (name === undefined || name === '' || name === 'identity') return bytes.toString('utf8')
  try {
    return unpackers[name]?.(bytes, longestText).toString('utf8') ?? ''
  } catch {
    return ''
  }
}

const unpackers: Record<string, typeof zlib.gunzipSync> = {
  gzip: zlib.gunzipSync,
  'x-gzip': zlib.gunzipSync,
  deflate: zlib.inflateSync,
  br: zlib.brotliDecompressSync,
  // Node has it from 22.15 on
  ...('zstdDecompressSync' in zlib && { zstd: zlib.zstdDecompressSync as typeof zlib.gunzipSync }),
}

/** A refusal is a line of JSON; what is longer, or slower, costs more than a new connection. */
const maxDrainedBytes = 64 * 1024
const maxDrainMs = 1000

/** Reads an unwanted answer to its end, within limits, so that its connection can be reused. */
export function drain(answer: IncomingMessage): void {
  let left = maxDrainedBytes
  const patience = setTimeout(() => answer.destroy(), maxDrainMs)
  answer.once('close', () => clearTimeout(patience))
  answer.on('error', () => undefined)
  answer.on('data', (piece: Buffer) => {
    left -= piece.length
    if (left < 0) answer.destroy()
  })
}
