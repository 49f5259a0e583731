/** The whole body of an upstream's answer as text, decoded where the upstream compressed it unasked. */
import type { IncomingMessage } from 'node:http'
import { Writable, type Duplex } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { Call } from '../app.ts'
import { ProxyError } from '../errors.ts'
import { openAnswer } from '../upstream/answer-body.ts'
import { flow } from '../upstream/flow.ts'

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

/** What a decoder's error means to a client; other errors as they are. */
export function decodingFault(error: Error): Error {
  const isDecoders = 'errno' in error && 'code' in error
  if (!isDecoders || !/^(?:Z_|ERR_)/.test(String(error.code))) return error
  return new ProxyError(
    502,
    'upstream_protocol_error',
    'The upstream sent a compressed answer that breaks off or cannot be read.',
    { cause: error, type: 'upstream_error' },
  )
}

/**
 * At most the first `maxBytes` of it, rounded up to a piece; the rest is not read. Throws ProxyError 502 or 504 when it
 * breaks off.
 */
export async function readAnswer(
  answer: IncomingMessage,
  call: Call,
  maxBytes: number,
): Promise<{ text: string; whole: boolean }> {
  const body = openAnswer(answer, call)
  const pieces: Buffer[] = []
  let size = 0
  const sink = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece)
      size += piece.length
      if (size >= maxBytes) sink.destroy()
      done()
    },
  })
  await flow(body, decoders(answer), sink).catch((error: Error) => {
    answer.destroy()
    if (size < maxBytes) throw body.cut ?? decodingFault(error)
  })
  if (body.cut) throw body.cut
  return { text: Buffer.concat(pieces).toString('utf8'), whole: size < maxBytes }
}

/** What a client is told of an answer in some other format, such as a page of a gateway. */
export function notJson(answer: IncomingMessage): ProxyError {
  const type = answer.headers['content-type'] ?? 'no content-type'
  return new ProxyError(
    502,
    'upstream_protocol_error',
    `The upstream answered HTTP ${answer.statusCode}, but not with a JSON object (${type}). Check the endpoint's base_url.`,
    { type: 'upstream_error' },
  )
}
