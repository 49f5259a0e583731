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
  const [decoder] = decoders(answer)
  const collected = new Collected(maxBytes)
  if (decoder) {
    await flow(body, [decoder], new Sink(collected)).catch((error: Error) => {
      if (!collected.isFull) throw body.cut ?? decodingFault(error)
    })
  } else {
    // a small answer has no need of a stream
    await body.pour((piece) => {
      collected.add(piece)
      if (collected.isFull) body.finish()
      return true
    })
  }
  if (collected.isFull) answer.destroy()
  if (body.cut) throw body.cut
  return { text: collected.text(), whole: !collected.isFull }
}

class Collected {
  readonly #maxBytes: number
  readonly #pieces: Buffer[] = []
  #size = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get isFull(): boolean {
    return this.#size >= this.#maxBytes
  }

  add(piece: Buffer): void {
    this.#pieces.push(piece)
    this.#size += piece.length
  }

  text(): string {
    return Buffer.concat(this.#pieces).toString('utf8')
  }
}

/** Collects until it is full; then it closes. */
class Sink extends Writable {
  readonly #collected: Collected

  constructor(collected: Collected) {
    super()
    this.#collected = collected
  }

  override _write(piece: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#collected.add(piece)
    if (this.#collected.isFull) this.destroy()
    done()
  }
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
