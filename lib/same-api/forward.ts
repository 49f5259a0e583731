/**
 * The road of a client that speaks the model's own API. Its body goes up with as little changed as the configuration demands;
 * the answer comes back byte for byte.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Transform, type Duplex, type TransformCallback } from 'node:stream'
import type { Call } from '../app.ts'
import { placeOf } from '../config/models.ts'
import type { Endpoint, Model } from '../config/types.ts'
import { cameByProxy } from '../guard.ts'
import { breakOff, shownError } from '../http/answer.ts'
import { countsTokens } from '../limits/limits.ts'
import { flow, openAnswer, type Watcher } from '../upstream/answer-body.ts'
import type { UpstreamAnswer } from '../upstream/attempt.ts'
import { exchange, type OutgoingBody } from '../upstream/exchange.ts'
import { answerHeaders, withoutSecrets } from '../upstream/headers.ts'
import { endsEvent, isEncoded, tap } from '../upstream/tap.ts'
import { otherName, targetOf, type Target } from '../upstream/target.ts'
import { keepAlive } from '../../pipelines/clients/keep-alive.ts'
import { withoutImages } from '../../pipelines/clients/unseen-images.ts'
import type { ProxyError } from '../../pipelines/errors.ts'
import type { Provider, SameApi } from '../../pipelines/index.ts'
import type { JsonDocument } from '../../pipelines/json/document.ts'
import type { RewriteContext } from '../../pipelines/model.ts'
import { findAnswer } from '../translated/kept-answers.ts'
import { sendByProxy } from './proxy.ts'

/** A request that is ready to go up. */
export interface Forwarded {
  road: 'same-api'
  target: Target
  body: OutgoingBody
  /** what an event stream of the answer holds that came to its end; undefined where no end is known */
  streamEnd: RegExp | undefined
  /** what the client gets of a stream, where more was asked for than it did */
  asAsked: (() => Duplex) | undefined
}

type SameProvider = SameApi & Pick<Provider, 'neededHeaders' | 'usageOnDemand' | 'past'>

/**
 * The client's body with the operator's changes. `subPath`: what follows the API's own path, such as `/count_tokens`.
 * `stream`: whether the client gets a stream. `isForeign`: the history is of another provider. Throws ProxyError 400 where a
 * part is broken that has to be read.
 */
export function prepareForward(
  call: Call,
  body: JsonDocument,
  model: Model,
  { conversation, rewrite, streamEnd, usageOnDemand, past, neededHeaders }: SameProvider,
  { subPath, stream, isForeign }: { subPath: string; stream: boolean; isForeign: boolean },
): Forwarded {
  call.record.stream = stream
  const target = targetOf(call, model, { subPath, query: call.query, stream })
  const { systemPrompt } = placeOf(call.config, model)
  const { headers: client } = call
  const document = model.images === false ? withoutImages(body, conversation) : body
  // written out: an object that is spread into another costs 2 % of a request (`npm run bench`, "JSON 1 KB passed through")
  const context: RewriteContext = {
    model,
    systemPrompt,
    headers: client,
    subPath,
    stream,
    isForeign,
    fixedBetas: fixedHeader(target.endpoint, 'anthropic-beta'),
    nameOf: (name: string) => otherName(call, name, target.endpoint),
    find: (tail, part) => findAnswer(call, tail, part),
  }
  const headers = rewrite(document, context)
  const isMetered = countsTokens(call.caller) || call.config.usage.enabled
  const mayAsk = stream && isMetered && subPath === '' && usageOnDemand !== undefined
  const onDemand = mayAsk && !call.app.plainStreams.has(target) ? usageOnDemand : undefined
  const besides = onDemand?.ask(document) ? onDemand : undefined
  for (const name in neededHeaders) {
    if (client[name] === undefined) headers[name] = neededHeaders[name]
  }
  // packed, a stream cannot be seen to end, nor can tokens be counted
  headers['accept-encoding'] = 'identity'
  return {
    road: 'same-api',
    target,
    body: { pieces: document.pieces(), pass: 'all', headers, besides, past },
    // how a stream below the API's own path ends, only the upstream knows
    streamEnd: subPath === '' ? streamEnd : undefined,
    asAsked: besides?.hide,
  }
}

function fixedHeader({ headers }: Endpoint, wanted: string): string | undefined {
  for (const name in headers) if (name.toLowerCase() === wanted) return headers[name]
  return undefined
}

/** Sends the request and passes the answer on. Throws ProxyError for what goes wrong before the answer begins. */
export async function forward(
  req: IncomingMessage,
  res: ServerResponse,
  call: Call,
  { target, body, streamEnd, asAsked }: Forwarded,
): Promise<void> {
  const answer = await exchange(call, target, body, (request) => sendByProxy(req, res, request))
  await relay(answer, res, call, { streamEnd, asAsked })
}

/** Passes status, headers and bytes on. An answer that breaks off must not look complete. */
export async function relay(
  answer: UpstreamAnswer,
  res: ServerResponse,
  call: Call,
  { streamEnd, asAsked }: Pick<Forwarded, 'streamEnd' | 'asAsked'>,
): Promise<void> {
  const passed = answerHeaders(withoutSecrets(answer.raw, call.app.redact))
  const headers = Object.assign(passed, call.admission?.headers())
  const { status, isEventStream } = answer
  call.record.stream = isEventStream
  // it had to begin before, as a stream
  if (res.headersSent && !(isEventStream && status < 300)) {
    const { notAStream } = await import('./early-head.ts')
    await notAStream(answer, call)
  }
  if (isEventStream) {
    headers['x-accel-buffering'] = 'no'
    headers['cache-control'] = untransformed(headers['cache-control'])
    // A chunk of tokens may be taken out, or an error put in; and of a length that is reached nothing can be seen to be missing.
    delete headers['content-length']
  }
  res.writeHead(status, headers)
  if (isEventStream) res.flushHeaders()
  const body = openAnswer(answer, call)
  const encoding = answer.headers['content-encoding']
  const isPlainStream = isEventStream && !isEncoded(encoding)
  const isAnswer = isPlainStream && status < 300
  const end = isAnswer ? streamEnd : undefined
  const tapped = tap(call, encoding, end)
  const alive = end && new KeptAlive(res, call, tapped)
  try {
    const stages = isAnswer && asAsked ? [asAsked()] : masks(answer, call)
    await flow(body, stages, res, alive ?? tapped)
    if (body.cut) throw body.cut
    res.end()
  } catch (error) {
    const { cut } = body
    call.record.error = cut?.code ?? 'broken_answer'
    if (!call.signal.cancelled) call.log.warn({ err: error }, 'an answer broke off')
    if (cut && isPlainStream) endCut(res, call, cut)
    else breakOff(res)
  } finally {
    alive?.stop()
  }
}

/**
 * How a client learns that its stream broke off: by its connection, or in its API's words where it takes a broken connection for
 * an end. Behind a front proxy both: some end their own answer cleanly where ours breaks.
 * @see https://github.com/caddyserver/caddy/issues/5951
 */
function endCut(res: ServerResponse, call: Call, cut: ProxyError): void {
  const { client } = call
  // The cut may have come within a line: the blank lines keep the error apart from what was begun.
  const event = () => `\n\n${client.errorEvent(shownError(call, cut), call.id)}`
  if (client.onCut === 'error-event') {
    res.end(event())
    return
  }
  if (!cameByProxy(call.headers)) {
    breakOff(res)
    return
  }
  res.write(event())
  // what was written in this tick leaves at its end
  setImmediate(() => breakOff(res))
}

/** For front proxies that compress, and hold the first KB of a stream back for that. */
function untransformed(given: string | string[] = 'no-cache'): string {
  const text = String(given)
  return /\bno-transform\b/i.test(text) ? text : `${text}, no-transform`
}

/**
 * Comments in a stream that is silent, which every client skips: front proxies cut a connection of which they hear nothing for
 * a minute or two, and a local model may think longer over a long prompt. Only between two events. The first comes between once and
 * twice `keep_alive_s` after the last piece: to be exact, each piece would have to set a timer.
 */
class KeptAlive implements Watcher {
  readonly #tapped: Watcher
  readonly #timer: NodeJS.Timeout
  #hasFlowed = false
  #isBetween = true

  constructor(res: ServerResponse, { config: { keep_alive_s: everyS } }: Call, tapped: Watcher) {
    this.#tapped = tapped
    this.#timer = setInterval(() => {
      if (!this.#hasFlowed && this.#isBetween && !res.writableNeedDrain) res.write(keepAlive)
      this.#hasFlowed = false
    }, everyS * 1000).unref()
  }

  /** Where a blank line came in two pieces it is not seen, which costs a comment. */
  bytes(piece: Buffer): void {
    this.#hasFlowed = true
    this.#isBetween = endsEvent(piece)
    this.#tapped.bytes(piece)
  }

  end(): boolean {
    this.stop()
    return this.#tapped.end()
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

/** The stage that takes secrets out of an error, which may repeat a refused credential. Other answers are the model's. */
function masks({ status }: UpstreamAnswer, { app }: Call): Duplex[] {
  const secrets = status >= 400 ? app.secrets() : []
  return secrets.length > 0 ? [maskSecrets(secrets)] : []
}

/**
 * Bytes -> the same bytes with every secret overwritten by `*`. The length stays, so that a `content-length` holds; as many
 * bytes as may be the beginning of a secret wait for the next piece. `secrets` are not empty.
 */
export function maskSecrets(secrets: readonly string[]): Transform {
  const needles = secrets.map((secret) => Buffer.from(secret))
  const longest = Math.max(...needles.map(({ length }) => length))
  let waiting = Buffer.alloc(0)
  return new Transform({
    transform(piece: Buffer, _encoding, done: TransformCallback) {
      const bytes = Buffer.concat([waiting, piece])
      for (const needle of needles) overwrite(bytes, needle)
      const ready = Math.max(0, bytes.length - longest + 1)
      waiting = bytes.subarray(ready)
      done(null, bytes.subarray(0, ready))
    },
    flush(done) {
      done(null, waiting)
    },
  })
}

function overwrite(bytes: Buffer, needle: Buffer): void {
  for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at)) {
    bytes.fill('*', at, at + needle.length)
  }
}
