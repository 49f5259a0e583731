/**
 * Reading an upstream's answer for translation: as a stream of deltas, or as deltas of a body that is read first. What the
 * upstream sent decides, whatever it was asked for. What it compressed unasked is decoded.
 */
import { Readable, Writable, type Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as zlib from 'node:zlib'
import type { Call } from '../app.ts'
import { flow, openAnswer, type AnswerBody } from '../upstream/answer-body.ts'
import type { UpstreamAnswer } from '../upstream/attempt.ts'
import type { Target } from '../upstream/target.ts'
import { brokenProtocol, ProxyError } from '../../pipelines/errors.ts'
import type { Provider } from '../../pipelines/index.ts'
import { answerFrom, answersFrom } from '../../pipelines/json/value.ts'
import { upstreamId } from '../../pipelines/model.ts'
import type { Delta } from '../../pipelines/neutral/delta.ts'
import type { ToolNames } from '../../pipelines/neutral/tools.ts'
import type { WrittenTools } from '../../pipelines/neutral/written-tools.ts'
import { namesBack, withNamesBack } from '../../pipelines/stages/names-back.ts'
import { cutAtStops, stopSequences } from '../../pipelines/stages/stop-sequences.ts'
import {
  deltaStages,
  translateAll,
  type TranslateContext,
} from '../../pipelines/stages/translate.ts'

/** What the reading of an answer depends on. */
export interface Reading {
  provider: Provider
  target: Target
  /** stop sequences that the upstream does not take */
  stopAt: readonly string[]
  /** of the tools, there and back */
  names: ToolNames
  /** ids of the calls in the conversation */
  callIds: readonly string[]
  /** the tools, where the model may write its calls into its text */
  toolsInText?: WrittenTools | undefined
}

/** An answer that is here already, or a stream, whose `body` knows whether and why it broke off. */
export type Source = { deltas: Delta[]; body?: never } | { body: AnswerBody; stages: Duplex[] }

/** As much as one event of a stream may have. An answer has to be held several times over to be translated. */
const maxAnswerBytes = 32 * 1024 * 1024

/** Throws ProxyError for an answer that cannot be read. */
export async function sourceOf(
  answer: UpstreamAnswer,
  call: Call,
  { target, provider, stopAt, names, callIds, toolsInText }: Reading,
  fallbackId: string,
): Promise<Source> {
  const toolName = (name: string) => names.meant(name)
  const context = {
    upstreamModel: upstreamId(target.model),
    fallbackId,
    callIds,
    toolName,
    toolsInText,
    reasoningInText: target.model.reasoning_in_text,
  }
  if (answer.isEventStream) {
    const cutter = stopAt.length > 0 ? [stopSequences(stopAt)] : []
    const renamer = names.changeNothing ? [] : [namesBack(names)]
    const stages = [...decoders(answer), ...deltaStages(provider, context), ...cutter, ...renamer]
    return { body: openAnswer(answer, call), stages }
  }
  const { text, whole } = await readAnswer(answer, call, maxAnswerBytes)
  if (!whole) throw tooLarge()
  const deltas = await deltasOf(text, provider, context)
  if (!deltas) throw notJson(answer)
  const answered = cutAtStops([...deltas], stopAt)
  return { deltas: withNamesBack(answered, names) }
}

/** Of a body, of a stream that is called one, or of a stream as a list of its events; undefined for anything else. */
async function deltasOf(
  text: string,
  provider: Provider,
  context: TranslateContext,
): Promise<Iterable<Delta> | undefined> {
  const body = answerFrom(text, provider.callInput)
  if (body) return provider.body(body, context)
  const events = answersFrom(text, provider.callInput)
  if (events) return translateAll(provider.translator(context), events)
  return looksLikeEvents.test(text) ? await deltasIn(text, provider, context) : undefined
}

/** Some gateways call an event stream JSON. */
const looksLikeEvents = /^\s*(?:event|data|id|retry)?:/

async function deltasIn(
  text: string,
  provider: Provider,
  context: TranslateContext,
): Promise<Delta[]> {
  const all: Delta[] = []
  const sink = new Writable({
    objectMode: true,
    write(deltas: Delta[], _encoding, done) {
      for (const delta of deltas) all.push(delta)
      done()
    },
  })
  await pipeline([Readable.from([Buffer.from(text)]), ...deltaStages(provider, context), sink])
  return all
}

function tooLarge(): ProxyError {
  return brokenProtocol(
    `The upstream's answer is larger than ${maxAnswerBytes / 1024 / 1024} MB. Ask for a stream.`,
  )
}

/** The stages that undo a `content-encoding`; none for what is not encoded. Throws ProxyError 502 for one we cannot undo. */
function decoders(answer: UpstreamAnswer): Duplex[] {
  const given = answer.headers['content-encoding']
  if (given === undefined) return []
  const encodings = given
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== '' && one !== 'identity')
  return encodings.toReversed().map((encoding) => {
    const decoder = makers.get(encoding)?.()
    if (decoder) return decoder
    answer.stream.destroy()
    throw brokenProtocol(
      `The upstream encoded its answer as ${encoding}, though no encoding was asked for. Turn it off there.`,
    )
  })
}

const makers = new Map<string, () => Duplex>([
  ['gzip', zlib.createGunzip],
  ['x-gzip', zlib.createGunzip],
  ['deflate', zlib.createInflate],
  ['br', zlib.createBrotliDecompress],
])
// Node has it from 22.15 on
if ('createZstdDecompress' in zlib) {
  makers.set('zstd', zlib.createZstdDecompress as typeof zlib.createGunzip)
}

/** The error of a stage that the upstream's bytes brought about, as an error for the client; other errors as they are. */
export function answerFault(error: Error): Error {
  // JSON is read at any depth and written at a limited one, and a string has a limit, too
  if (error instanceof RangeError) {
    return brokenProtocol(
      'The upstream sent an answer that is too large, or too deeply nested, to be passed on.',
    )
  }
  const isDecoders = 'errno' in error && 'code' in error
  if (!isDecoders || !/^(?:Z_|ZSTD_|ERR_)/.test(String(error.code))) return error
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
async function readAnswer(
  answer: UpstreamAnswer,
  call: Call,
  maxBytes: number,
): Promise<{ text: string; whole: boolean }> {
  const body = openAnswer(answer, call)
  const collected = new Collected(maxBytes)
  await collect(answer, body, collected).catch((error: Error) => {
    if (!collected.isFull) throw body.cut ?? answerFault(error)
  })
  if (collected.isFull) answer.stream.destroy()
  if (body.cut) throw body.cut
  return { text: collected.text(), whole: !collected.isFull }
}

/**
 * As much of it as comes within the limits, and no fault of it is one of the answer: what was refused stays refused, however
 * its reason breaks off. Throws only when the call was cancelled.
 */
export async function readBeginning(
  answer: UpstreamAnswer,
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
  if (collected.isFull) answer.stream.destroy()
  if (call.signal.cancelled) throw call.signal.reason
  return collected.text()
}

async function collect(
  answer: UpstreamAnswer,
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

  /** Without the byte order mark that servers on Windows write in front of it. */
  text(): string {
    return Buffer.concat(this.#pieces)
      .toString('utf8')
      .replace(/^\uFEFF/, '')
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

/** An answer in some other format, such as a page of a gateway. */
function notJson({ status, headers }: UpstreamAnswer): ProxyError {
  const type = headers['content-type'] ?? 'no content-type'
  return brokenProtocol(
    `The upstream answered HTTP ${status}, but not with a JSON object (${type}). Check the endpoint's base_url.`,
  )
}
