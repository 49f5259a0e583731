/** All providers on one port: each checks what it is asked, and lets the scripted model answer. */
import type { TestContext } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { startUpstream, type Answer, type RecordedRequest } from '../helpers/upstream.ts'
import type { IssuedAnswer } from './issued.ts'
import { geminiBody, geminiStream, partsOf } from './gemini-model.ts'
import { blocksOf, messageBody, messageStream } from './messages-model.ts'
import { itemsOf, responseBody, responseStream } from './responses-model.ts'
import { piecesOf } from './scripted-agent.ts'
import { modelIn, refusedGemini } from './strict-gemini.ts'
import { refusedMessages } from './strict-messages.ts'
import { refusedResponses } from './strict-responses.ts'

export interface Provider {
  url: string
  /** what it answered, in order */
  issued: IssuedAnswer[]
  /** what it was asked, in order */
  asked: JsonObject[]
  /** `turn N: rule: detail` */
  violations: string[]
}

export async function startProvider(t: TestContext): Promise<Provider> {
  const provider: Provider = { url: '', issued: [], asked: [], violations: [] }
  const { url } = await startUpstream(t, (request) => answerTo(request, provider))
  return Object.assign(provider, { url })
}

function answerTo(request: RecordedRequest, provider: Provider): Answer {
  const body = request.json() as JsonObject
  if (request.url.startsWith(geminiRoot)) return geminiAnswer(request, body, provider)
  const isMessages = request.url.startsWith('/v1/messages')
  const { issued } = provider
  const refused = isMessages
    ? refusedMessages(body, request.headers, issued)
    : refusedResponses(body, issued)
  const turn = provider.asked.push(body)
  provider.violations.push(...refused.map((reason) => `turn ${turn}: ${reason}`))
  if (refused.length > 0) return refusal(refused, isMessages)
  return isMessages ? message(body, issued) : response(body, issued)
}

const geminiRoot = '/v1beta'

/** Gemini thinks as it does by itself, and shows it when it is asked to. */
function geminiAnswer(request: RecordedRequest, body: JsonObject, provider: Provider): Answer {
  const path = request.url.slice(geminiRoot.length)
  const { issued } = provider
  const refused = refusedGemini(body, path, request.headers, issued)
  const asked = provider.asked.push(body)
  provider.violations.push(...refused.map((reason) => `turn ${asked}: ${reason}`))
  const model = modelIn(path)
  if (refused.length > 0 || model === undefined) {
    const error = { code: 400, message: refused.join('; '), status: 'INVALID_ARGUMENT' }
    return { status: 400, body: { error } }
  }
  const turn = issued.length
  const parts = partsOf(piecesOf(turn, true), model, turn)
  issued.push({ model, parts })
  return path.includes('alt=sse')
    ? { sse: geminiStream(parts, turn) }
    : { body: geminiBody(parts, turn) }
}

function refusal(reasons: string[], isMessages: boolean): Answer {
  const error = { type: 'invalid_request_error', message: reasons.join('; ') }
  const body = isMessages
    ? { type: 'error', error, request_id: 'req_1' }
    : { error: { ...error, param: null, code: null } }
  return { status: 400, body }
}

/** Claude thinks when it is told to, and then from the first block on. */
function message(body: JsonObject, issued: IssuedAnswer[]): Answer {
  const model = String(body.model)
  const turn = issued.length
  const parts = blocksOf(piecesOf(turn, body.thinking !== undefined), model, turn)
  issued.push({ model, parts })
  return body.stream === true
    ? { sse: messageStream(parts, model, turn) }
    : { body: messageBody(parts, model, turn) }
}

function response(body: JsonObject, issued: IssuedAnswer[]): Answer {
  const model = String(body.model)
  const turn = issued.length
  const parts = itemsOf(piecesOf(turn, body.reasoning !== undefined), model, turn)
  issued.push({ model, parts })
  return body.stream === true
    ? { sse: responseStream(parts, model, turn) }
    : { body: responseBody(parts, model, turn) }
}
