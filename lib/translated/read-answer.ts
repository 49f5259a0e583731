/** The whole body of an upstream's answer as text, decoded where the upstream compressed it unasked. */
import type { IncomingMessage } from 'node:http'
import { Writable, type Duplex } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { Call } from '../app.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import { openAnswer, type AnswerBody } from '../upstream/answer-body.ts'
import { flow } from '../upstream/flow.ts'

/** The stages that undo a `content-encoding`; none for what is not encoded. Throws ProxyError 502 for one we cannot undo. */
export function decoders(answer: IncomingMessage): Duplex[] {
  const encodings = (answer.headers['content-encoding'] ?? '')
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== '' && one !== 'identity')
  return encodings.toReversed().map((encoding) => {
    const decoder = makers.get(encoding)?.()
    if (decoder) return decoder
    answer.destroy()
    throw new ProxyError(
      502,
      'upstream_protocol_error',
      `The upstream encoded its answer as ${encoding}, though no encoding was asked for. Turn it off there.`,
      { type: 'upstream_error' },
    )
  })
}

const makers = new Map<string, () => Duplex>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
])

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
  const collected = new Collected(maxBytes)
  await collect(answer, body, collected).catch((error: Error) => {
    if (!collected.isFull) throw body.cut ?? decodingFault(error)
  })
  if (collected.isFull) answer.destroy()
  if (body.cut) throw body.cut
  return { text: collected.text(), whole: !collected.isFull }
}

/**
 * As much of it as comes within the limits, and no fault of it is one of the answer: what was refused stays refused, however
 * its reason breaks off. Throws only when the call was stopped.
 */
export async function readBeginning(
  answer: IncomingMessage,
  call: Call,
  limits: { bytes: number; ms: number },
): Promise<string> {
  const body = openAnswer(answer, call)
  const collected = new Collected(limits.bytes)
  const patience = setTimeout(() => body.discard(), limits.ms)
  try {
    await collect(answer, body, collected)
  } catch (error) {
    call.log.debug({ err: error }, 'the reason of a refusal could not be read to its end')
  } finally {
    clearTimeout(patience)
  }
  if (collected.isFull) answer.destroy()
  if (call.stop.stopped) throw call.stop.reason
  return collected.text()
}

async function collect(
  answer: IncomingMessage,
  body: AnswerBody,
  collected: Collected,
): Promise<void> {
  const stages = decoders(answer)
  if (stages.length > 0) {
    await flow(body, stages, new Sink(collected))
    return
  }
  // a small answer has no need of a stream
  await body.pour((piece) => {
    collected.add(piece)
    if (collected.isFull) body.finish()
    return true
  })
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
