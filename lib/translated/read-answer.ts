/** The whole body of an upstream's answer as text, decoded where the upstream compressed it unasked. */
import type { IncomingMessage } from 'node:http'
import { type Duplex, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { Call } from '../app.ts'
import { openAnswer } from '../upstream/answer-body.ts'

/** The stages that undo a `content-encoding`; none for what is not encoded. */
export function decoders(answer: IncomingMessage): Duplex[] {
  switch (answer.headers['content-encoding']) {
    case 'gzip':
    case 'x-gzip':
      return [createGunzip()]
    case 'deflate':
      return [createInflate()]
    case 'br':
      return [createBrotliDecompress()]
    default:
      return []
  }
}

/** At most the first `maxBytes` of it, rounded up to a piece. Throws ProxyError 502 or 504 when it breaks off. */
export async function readAnswer(
  answer: IncomingMessage,
  call: Call,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<string> {
  const body = openAnswer(answer, call, 'fail')
  const pieces: Buffer[] = []
  let size = 0
  const sink = new Writable({
    write(piece: Buffer, _encoding, done) {
      if (size < maxBytes) pieces.push(piece)
      size += piece.length
      done()
    },
  })
  await pipeline([body, ...decoders(answer), sink])
  return Buffer.concat(pieces).toString('utf8')
}
