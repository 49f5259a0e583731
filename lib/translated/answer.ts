/**
 * The answer of an upstream that was asked in another API than the client's: as a stream or as one body, whichever the client
 * wants, from whichever the upstream sent; or the upstream's refusal.
 */
import { hash, randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Call } from '../app.ts'
import { sendJson, shownError } from '../http/answer.ts'
import { flow, flowAtOnce, sendHead } from '../upstream/answer-body.ts'
import type { UpstreamAnswer } from '../upstream/attempt.ts'
import { isOwnCredential, shownTarget } from '../upstream/target.ts'
import { ProxyError, truncatedAnswer } from '../../pipelines/errors.ts'
import type { Client, Provider } from '../../pipelines/index.ts'
import { upstreamId } from '../../pipelines/model.ts'
import { keptMark } from '../../pipelines/neutral/kept-answers.ts'
import type { Recall, Remembered } from '../../pipelines/neutral/reasoning.ts'
import type { Delta } from '../../pipelines/neutral/delta.ts'
import type { Turn } from '../../pipelines/neutral/request.ts'
import {
  AnswerOutcome,
  addAll,
  collect,
  serialise,
  type AnswerContext,
  type AnswerForm,
} from '../../pipelines/stages/serialise.ts'
import { answerFault, readBeginning, sourceOf, type Reading, type Source } from './read-answer.ts'

/**
 * What is known of a request once it is on its way: where it went, and how it is to be answered. The request itself is no part
 * of it, as an answer may go on for minutes.
 */
export interface Asked extends Reading, Pick<AnswerContext, 'requestedModel' | 'hideReasoning'> {
  client: Client
  stream: boolean
  /** how the client wants to be answered */
  form: AnswerForm
  /** tells the conversation from others */
  conversation: string
}

/** Throws ProxyError for a failure that comes before the first byte of the answer has gone out. */
export async function answerTranslated(
  answer: UpstreamAnswer,
  res: ServerResponse,
  call: Call,
  asked: Asked,
): Promise<void> {
  const context = answerContext(call, asked)
  const outcome = new AnswerOutcome(callMemory(call, asked).remember)
  const source = await sourceOf(answer, call, asked, context.fallbackId)
  const { client, form } = asked
  const serialised = { source, client, form, context, outcome }
  // what a client that leaves has cost is known only to us, and only up to here
  const forget = call.signal.onCancel(() => keepTokens(call, outcome))
  try {
    if (asked.stream) await asStream(serialised, res, call)
    else await asBody(serialised, res)
  } finally {
    forget()
    keepTokens(call, outcome)
  }
}

/** An answer in the client's form without anything in it, to a request that wants none. */
export function answerEmpty(
  res: ServerResponse,
  { form, stream, requestedModel }: Pick<Asked, 'form' | 'stream' | 'requestedModel'>,
): void {
  const context: AnswerContext = {
    requestedModel,
    fallbackId: newId(),
    createdSeconds: nowSeconds(),
    nowSeconds,
    endpoint: '',
    hideReasoning: true,
  }
  if (!stream) {
    const serialiser = form.body(context)
    for (const delta of emptyAnswer) serialiser.add(delta)
    sendJson(res, 200, serialiser.body())
    return
  }
  const serialiser = form.stream(context)
  setStreamHeaders(res)
  res.end(serialiser.head() + emptyAnswer.map((delta) => serialiser.write(delta)).join(''))
}

const emptyAnswer: readonly Delta[] = [
  { type: 'start', id: undefined },
  { type: 'stop', reason: 'length' },
]

/** Front proxies that compress, such as Caddy and Traefik, hold the first KB back, unless nothing may be transformed. */
function setStreamHeaders(res: ServerResponse): void {
  res.setHeader('content-type', 'text/event-stream; charset=utf-8')
  res.setHeader('cache-control', 'no-cache, no-transform')
  res.setHeader('x-accel-buffering', 'no')
}

/** An answer, how the client wants it, and what becomes known of it on the way. */
interface Serialised extends Pick<Asked, 'client' | 'form'> {
  source: Source
  context: AnswerContext
  outcome: AnswerOutcome
}

async function asStream(
  { source, client, form, context, outcome }: Serialised,
  res: ServerResponse,
  call: Call,
): Promise<void> {
  setStreamHeaders(res)
  const keepAliveMs = call.config.keep_alive_s * 1000
  const serialiser = form.stream(context)
  const text = serialise(serialiser, outcome, keepAliveMs)
  text.once('data', () => {
    call.firstByteMs = performance.now()
    sendHead(res)
  })
  let failure: ProxyError | undefined
  try {
    if (source.body) await flow(source.body, [...source.stages, text], res)
    else await flowAtOnce(source.deltas, text, res)
    failure = failureOf(source, outcome)
  } catch (error) {
    if (res.destroyed) return
    const fault = faultOf(source, error as Error)
    if (!(fault instanceof ProxyError)) throw error
    failure = fault
  }
  if (!failure) {
    res.end()
    return
  }
  call.record.error = failure.code ?? failure.type
  if (!res.headersSent) throw failure
  const shown = shownError(call, failure)
  res.end(serialiser.failure?.(shown) ?? client.errorEvent(shown, call.id))
}

async function asBody(
  { source, form, context, outcome }: Serialised,
  res: ServerResponse,
): Promise<void> {
  const serialiser = form.body(context)
  try {
    if (source.body) await flow(source.body, source.stages, collect(serialiser, outcome))
    else addAll(source.deltas, serialiser, outcome)
    const failure = failureOf(source, outcome)
    const body = serialiser.body()
    if (failure || !body) throw failure ?? truncatedAnswer()
    sendJson(res, 200, body)
  } catch (error) {
    throw error instanceof ProxyError ? error : faultOf(source, error as Error)
  }
}

/** A stream that was cut fails as truncated; the body knows better why. */
function failureOf({ body }: Source, { failure }: AnswerOutcome): ProxyError | undefined {
  return failure?.code === 'upstream_truncated' && body?.cut ? body.cut : failure
}

/** Why a stage failed: the body that broke off knows best, then the decoder. */
function faultOf({ body }: Source, error: Error): Error {
  return body?.cut ?? answerFault(error)
}

function answerContext(
  { kept }: Call,
  { requestedModel, hideReasoning, target }: Asked,
): AnswerContext {
  return {
    requestedModel,
    fallbackId: kept?.tail ?? newId(),
    createdSeconds: nowSeconds(),
    nowSeconds,
    endpoint: target.endpoint.name,
    hideReasoning,
    keep: kept?.keep,
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/**
 * The tail of an id where the upstream gave none: 29 letters and digits, as OpenAI's own are. Random, since whoever has the id of a
 * kept answer may get it: from their own none must tell the ids of others.
 */
export function newId(): string {
  return (keptMark + randomUUID().replaceAll('-', '')).slice(0, 29)
}

function keepTokens(call: Call, { usage }: AnswerOutcome): void {
  if (!usage) return
  const { inputTokens, outputTokens, cachedTokens, cacheWriteTokens, reasoningTokens } = usage
  const tokens = { inputTokens, outputTokens, cachedTokens, cacheWriteTokens, reasoningTokens }
  Object.assign(call.record, tokens)
  call.record.cacheWrite1hTokens = usage.cacheWrite1hTokens
}

interface CallMemory {
  recall: Recall
  remember: (id: string, remembered: Remembered) => void
}

/**
 * The memory as one call uses it: only answers of this model through this endpoint, in this conversation, are found. The id of
 * a call does not tell them apart: some models count from `call_0` in each conversation.
 */
export function callMemory(
  { app, config }: Call,
  { target: { endpoint, model }, conversation }: Pick<Asked, 'target' | 'conversation'>,
): CallMemory {
  const limits = config.reasoning_memory
  let about: string | undefined
  const key = (id: string) => {
    about ??= hash('sha256', JSON.stringify([endpoint.name, upstreamId(model), conversation]))
    return about + id
  }
  return {
    recall: (id) => app.reasoning.recall(key(id), limits),
    remember: (id, remembered) => app.reasoning.remember(key(id), remembered, limits),
  }
}

/** Of a text so many characters count at either end, and its length: conversations differ in one of these. */
const countedText = 4096

/** A longer text is hashed, so that not all of it is kept while the answer goes on. */
const shortText = 1024

/**
 * What the user wrote before the model's first answer, or its hash: it is the same in all requests of a conversation. Instructions
 * do not count: some clients change them from request to request.
 */
export function conversationOf(turns: readonly Turn[]): string {
  const first = turns.findIndex(({ role }) => role === 'user')
  let said = ''
  for (const { role, pieces } of turns.slice(Math.max(0, first))) {
    if (role === 'assistant') break
    for (const piece of role === 'user' ? pieces : []) {
      if (piece.type !== 'text') continue
      const { text } = piece
      said += `${text.length} ${ends(text)}\n`
    }
  }
  return said.length <= shortText ? said : hash('sha256', said)
}

function ends(text: string): string {
  if (text.length <= 2 * countedText) return text
  return text.slice(0, countedText) + text.slice(-countedText)
}

/** An error body is a page at most, and there at once; of more than this only the beginning is read. */
const readable = { bytes: 1024 * 1024, ms: 10_000 }

/** Reads the refusal and throws it as a ProxyError with the upstream's status; a redirect, which is not followed, as 502. */
export async function refuse(
  answer: UpstreamAnswer,
  call: Call,
  { provider, target }: Asked,
): Promise<never> {
  const { status } = answer
  if (status < 400) {
    answer.stream.destroy()
    throw new ProxyError(
      502,
      'upstream_redirect',
      `The upstream answered with a redirect (HTTP ${status}), which is not followed. Set the endpoint's base_url to the final address.`,
      { type: 'upstream_error' },
    )
  }
  const text = await readBeginning(answer, call, readable)
  const refusal = upstreamRefusal(provider, status, text, isOwnCredential(call, target.endpoint))
  if (status === 404) refusal.message += ` (asked: the endpoint ${shownTarget(target)})`
  throw refusal
}

/** `isOwn`: the refused credential was the proxy's, not the caller's. */
export function upstreamRefusal(
  provider: Provider,
  status: number,
  body: string,
  isOwn: boolean,
): ProxyError {
  const refusal = provider.failure(status, body)
  if (isOwn && (status === 401 || status === 403)) {
    refusal.message = `Upstream refused the proxy's credentials: ${refusal.message}`
  }
  return refusal
}
