/**
 * An answer of another API retold in chat's words, as a stream or as one body: whichever the client wants, from whichever
 * the upstream sent.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ChatAnswerContext } from '../../pipelines/clients/chat/answer.ts'
import { chatBody, chatCollector } from '../../pipelines/clients/chat/chat-body.ts'
import { chatSse, errorEvent } from '../../pipelines/clients/chat/chat-sse.ts'
import { sendJson } from '../http/answer.ts'
import type { Call } from '../app.ts'
import { ProxyError, truncatedAnswer } from '../../pipelines/errors.ts'
import { flow } from '../upstream/flow.ts'
import type { ChatCall, RetoldCall } from './chat-call.ts'
import { memoryOf } from './memory-of.ts'
import type { AnswerBody } from '../upstream/answer-body.ts'
import { sourceOf, type Source } from './answer-source.ts'
import { decodingFault } from './read-answer.ts'

/** Throws ProxyError for a failure that comes before the first byte of the answer has gone out. */
export async function retell(
  answer: IncomingMessage,
  res: ServerResponse,
  call: Call,
  chat: RetoldCall,
): Promise<void> {
  const context = answerContext(call, chat)
  const source = await sourceOf(answer, call, chat, context.fallbackId)
  if (chat.stream) await asStream(source, res, call, context)
  else await asBody(source, res, context)
  keepTokens(call, context)
}

async function asStream(
  source: Source,
  res: ServerResponse,
  call: Call,
  context: ChatAnswerContext,
): Promise<void> {
  res.setHeader('content-type', 'text/event-stream; charset=utf-8')
  res.setHeader('cache-control', 'no-cache')
  res.setHeader('x-accel-buffering', 'no')
  const serialise = chatSse(context)
  serialise.once('data', () => {
    call.firstByteMs = performance.now()
  })
  let failure: ProxyError | undefined
  try {
    if (source.body) await flow(source.body, [...source.stages, serialise], res)
    else await pipeline(Readable.from([source.deltas]), serialise, res, { end: false })
    failure = failureOf(source, context)
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
  res.end(errorEvent(failure, call.app.redact(failure.message)))
}

async function asBody(source: Source, res: ServerResponse, context: ChatAnswerContext) {
  const completion = source.body
    ? await collected(source, context)
    : chatBody(source.deltas, context)
  const failure = failureOf(source, context)
  if (failure || !completion) throw failure ?? truncatedAnswer()
  sendJson(res, 200, completion)
}

async function collected(source: Source & { body: AnswerBody }, context: ChatAnswerContext) {
  const { sink, completion } = chatCollector(context)
  await flow(source.body, source.stages, sink).catch((error: Error) => {
    throw faultOf(source, error)
  })
  return completion()
}

/** A stream that was cut fails as truncated; the body knows better why. */
function failureOf({ body }: Source, { record }: ChatAnswerContext): ProxyError | undefined {
  return record.failure?.code === 'upstream_truncated' && body?.cut ? body.cut : record.failure
}

/** Why a stage failed: the body that broke off knows best, then the decoder. */
function faultOf({ body }: Source, error: Error): Error {
  return body?.cut ?? decodingFault(error)
}

function answerContext(call: Call, chat: ChatCall): ChatAnswerContext {
  const { requestedModel, includeUsage, logprobs, legacyFunctions, hideReasoning, ownNames } = chat
  return {
    requestedModel,
    fallbackId: randomId(),
    createdSeconds: Math.floor(Date.now() / 1000),
    includeUsage,
    logprobs,
    legacyFunctions,
    ownNames,
    hideReasoning,
    keepAliveMs: call.config.keep_alive_s * 1000,
    remember: memoryOf(call, chat.target).remember,
    record: { started: false },
  }
}

/** The tail of an id where the upstream gave none: 29 letters and digits, as OpenAI's own are. */
function randomId(): string {
  return randomUUID().replaceAll('-', '').slice(0, 29)
}

function keepTokens(call: Call, { record }: ChatAnswerContext): void {
  if (!record.usage) return
  const { inputTokens, outputTokens, cachedTokens } = record.usage
  Object.assign(call.record, { inputTokens, outputTokens, cachedTokens })
}
