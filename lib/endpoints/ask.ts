/**
 * POST to a model, in whichever API: decides the road. A client that speaks the model's own API takes the same-API road; else
 * the request is translated: read, written for the provider and sent, and its answer translated back.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Call } from '../app.ts'
import { placeOf } from '../config/models.ts'
import type { DefaultStream, Model } from '../config/types.ts'
import { withBody } from '../http/body.ts'
import { forward, prepareForward, relay, type Forwarded } from '../same-api/forward.ts'
import {
  answerEmpty,
  answerTranslated,
  callMemory,
  conversationOf,
  refuse,
  type Asked,
} from '../translated/answer.ts'
import { withTextRead, type Translated } from '../translated/prepared.ts'
import type { Served } from '../routing/walk.ts'
import { sendAttempt, type UpstreamAnswer } from '../upstream/attempt.ts'
import { exchange } from '../upstream/exchange.ts'
import { answerHeaders, headerValue, nameServer, withoutSecrets } from '../upstream/headers.ts'
import { hintedModel, modelName, modelOf, otherName, targetOf } from '../upstream/target.ts'
import { clients, providers, type Client, type SameApi } from '../../pipelines/index.ts'
import { JsonDocument } from '../../pipelines/json/document.ts'
import { bytesOf, parseExactObject } from '../../pipelines/json/request-body.ts'
import { writeJson } from '../../pipelines/json/value.ts'
import { wishFor } from '../../pipelines/model.ts'
import type { Wishes } from '../../pipelines/neutral/left-out.ts'
import type { Nameable, NeutralRequest, Sampling } from '../../pipelines/neutral/request.ts'
import type { FindAnswer } from '../../pipelines/kept-answer.ts'
import { withoutImages } from '../../pipelines/neutral/turn.ts'
import type { ClientRead } from '../../pipelines/stages/serialise.ts'
import { findAnswer, keepAnswerOf } from '../translated/kept-answers.ts'
import { admit, book } from './admit.ts'
import { retold, walkRoute, type Routed, type StandIn } from './ask-routed.ts'
import { countingOf } from './token-count.ts'
import { unservedPath } from './unserved-path.ts'

/** Answers one request. What follows the route of the client's API in the path goes upstream. Throws ProxyError. */
export async function askModel(
  req: IncomingMessage,
  res: ServerResponse,
  call: Call,
): Promise<void> {
  call.isCounted = !isFree.test(call.path)
  if (call.caller || call.config.max_parallel > 0) await admit(call)
  const asked = await withBody(req, call, (bytes) => decideRoad(call, bytes))
  // not before: until the body is there, nobody knows whether a stream is wanted, and no front proxy waits for us
  if (call.record.stream) call.awaited = { res, sinceMs: performance.now() }
  const { admission } = call
  if (admission) admission.isSpent = asked.road !== 'none'
  try {
    await answerAsked(req, res, call, asked)
  } finally {
    if (admission) book(call, res)
  }
}

/** Returns what is to be awaited, as `retell` does: each wait takes half a KB as long as the answer streams (bench: "memory"). */
function answerAsked(
  req: IncomingMessage,
  res: ServerResponse,
  call: Call,
  asked: Ready | Unasked | Routed<Ready>,
): Promise<void> | void {
  if (asked.road === 'none') return answerEmpty(res, asked)
  if (asked.road === 'routed')
    return walkRoute(req, res, call, asked).then((served) => answerServed(res, call, served))
  nameServer(res, asked.target)
  return asked.road === 'same-api' ? forward(req, res, call, asked) : translate(res, call, asked)
}

function answerServed(res: ServerResponse, call: Call, { prepared, answer }: Served<Ready>) {
  if (prepared.road === 'same-api') return relay(answer, res, call, prepared)
  return retell(answer, res, call, prepared)
}

/** Paths of calls that spend no tokens. */
export const isFree = /\/(?:count_tokens|input_tokens|cancel)$/

/** The client wants no answer, and gets it from here. */
export interface Unasked extends Pick<Asked, 'form' | 'stream' | 'requestedModel'> {
  road: 'none'
}

export type Ready = Forwarded | Translated

/** The request as it is to go up, or what is to go up first. Throws ProxyError. */
export function decideRoad(call: Call, bytes: Buffer): Ready | Unasked | Routed<Ready> {
  const first = prepare(call, bytes)
  if (first.road === 'none' || !first.target.isRouted) return first
  const again = (body: Buffer, standIn: StandIn) => {
    const ready = prepare(call, body, standIn)
    return ready.road === 'none' ? undefined : ready
  }
  return { road: 'routed', first, bytes, prepare: again }
}

/** `standIn`: the model that is asked in place of the one that the request names. */
function prepare(call: Call, bytes: Buffer, standIn?: StandIn): Ready | Unasked {
  const { client, path } = call
  const subPath = path.slice(client.route.length)
  const read = subPath === '' ? client.read : client.readBelow?.[subPath]
  const isForeign = standIn?.isForeign ?? false
  if (!read || ownApi(client, standIn?.model ?? hintedModel(call, bytes))) {
    const document = JsonDocument.parse(bytes)
    const model = standIn?.model ?? modelOf(call, modelName(document))
    const passed = pass(call, document, { model, subPath, isForeign })
    if (passed) return passed
    if (!read) throw unservedPath(call, subPath, model)
  }
  const body = parseExactObject(bytes)
  const name = typeof body.model === 'string' ? body.model : ''
  const named = standIn?.model ?? (name === '' ? undefined : modelOf(call, name))
  if (named && ownApi(client, named)) {
    const passed = pass(call, JsonDocument.parse(bytes), { model: named, subPath, isForeign })
    if (passed) return passed
  }
  const find: FindAnswer = (tail, part) => findAnswer(call, tail, part)
  const { request, stream: asked, isEmpty, form } = read(body, call.headers, find)
  const model = named ?? modelOf(call, request.model)
  const isCount = subPath !== '' && isFree.test(subPath)
  // of another model's tokens the count would be another
  const isOther = isCount && standIn && modelOf(call, name).type !== model.type
  if (isOther) throw unservedPath(call, subPath, model)
  const provider = isCount ? countingOf(call, model, subPath) : providers[model.type]
  const stream = wantsStream(call, asked)
  if (isEmpty) return { road: 'none', form, stream, requestedModel: request.model }
  const seen = standIn ? retold(request, standIn) : request
  const about = { client, provider, request: seen, form, model, stream, bytes }
  const ready = prepareTranslation(call, about)
  if (form.keeps && call.asks && !call.kept) keepAnswerOf(call, bytes)
  return ready
}

interface Passing {
  model: Model
  subPath: string
  isForeign: boolean
}

/** Undefined where the model's API is not the client's own, or the body is in the words of another. */
function pass(
  call: Call,
  document: JsonDocument,
  { model, subPath, isForeign }: Passing,
): Ready | undefined {
  const { client } = call
  const own = ownApi(client, model)
  if (!own || client.isOther?.(document)) return undefined
  const stream = wantsStream(call, document.get('stream'))
  const passed = prepareForward(call, document, model, own, { subPath, stream, isForeign })
  const isRead = model.calls_in_text === true || model.reasoning_in_text === true
  if (!isRead || subPath !== '') return passed
  return withTextRead(document, passed, { client, model, stream }) ?? passed
}

/** What the model's API needs where it is the client's own; undefined where it is another. */
function ownApi(client: Client, model: Model | undefined): SameApi | undefined {
  if (!model) return undefined
  const provider = providers[model.type]
  return provider.api !== undefined && clients[provider.api] === client ? provider : undefined
}

/** `asked`: the body's `stream`. */
function wantsStream({ client, config, headers }: Call, asked: unknown): boolean {
  const isOpen = (asked === undefined || asked === null) && client.hasDefaultStream
  return asked === true || (isOpen && defaultStream(config.default_stream, headers))
}

/** A person with curl reads a terminal; every SDK that leaves `stream` out expects JSON. */
function defaultStream(wanted: DefaultStream, headers: IncomingHttpHeaders): boolean {
  if (wanted !== 'auto') return wanted
  const accept = headers.accept ?? ''
  if (accept.includes('text/event-stream')) return true
  if (accept.includes('application/json')) return false
  return (headers['user-agent'] ?? '').startsWith('curl/')
}

interface ReadRequest
  extends Pick<Asked, 'client' | 'provider' | 'stream' | 'form'>, Pick<ClientRead, 'request'> {
  model: Model
  /** the client's body */
  bytes: Buffer
}

/**
 * Everything parsed from the request ends its life here; only the outgoing bytes go on. Throws ProxyError 400 for what cannot
 * be written for the provider.
 */
export function prepareTranslation(
  call: Call,
  { client, provider, request, form, model, stream, bytes }: ReadRequest,
): Translated {
  call.record.stream = stream
  const target = targetOf(call, model, { subPath: '', query: '', stream, at: provider.at })
  const { turns } = request
  const conversation = conversationOf(turns)
  const seen = model.images === false ? { ...request, turns: withoutImages(turns) } : request
  const written = provider.write(seen, {
    model,
    endpoint: target.endpoint.name,
    systemPrompt: placeOf(call.config, model).systemPrompt,
    headers: call.headers,
    stream,
    path: target.address.path,
    toolSchema: target.endpoint.schema,
    nameOf: (name) => otherName(call, name, target.endpoint),
    recall: callMemory(call, { target, conversation }).recall,
  })
  const asked = {
    client,
    provider,
    target,
    stream,
    requestedModel: request.model,
    form,
    stopAt: written.stopAt ?? [],
    // a model that thinks all the same does so unseen
    hideReasoning: model.reasoning === 'off' || (written.hideReasoning ?? false),
    names: written.names,
    callIds: written.callIds ?? [],
    toolsInText: written.toolsInText,
    conversation,
  }
  const { headers } = written
  headers['content-type'] = 'application/json'
  headers['accept-encoding'] = 'identity'
  const body = {
    pieces: [bytesOf(writeJson(written.body), bytes)],
    pass: provider.headerPrefixes,
    headers,
    besides: stream ? provider.usageOnDemand : undefined,
    past: (written.toolsInText && provider.past?.inText) ?? provider.past,
    naming: { wishes: wishesOf(request, model), leftOut: [] },
  }
  return { road: 'translated', target, asked, body, dropped: written.dropped }
}

const nameables = [
  'toolChoice',
  'parallelCalls',
  'verbosity',
  'user',
  'safetyId',
  'cacheKey',
  'tier',
  'metadata',
] as const

/** Which there are, not what they are: a text of the client's may be long. The operator's level of reasoning is no wish. */
function wishesOf(request: NeutralRequest, model: Model): Wishes {
  const { names, limits, sampling } = request
  const { parameter, names: all, hidden, level, budgetTokens } = wishFor(model, request.reasoning)
  const given: Nameable[] = nameables.filter((name) => request[name] !== undefined)
  for (const name in sampling) given.push(name as keyof Sampling)
  return { names, limits, given, reasoning: { parameter, names: all, hidden, level, budgetTokens } }
}

/** Sends the request and answers it. Throws ProxyError for whatever goes wrong before the first byte. */
export async function translate(
  res: ServerResponse,
  call: Call,
  translated: Translated,
): Promise<void> {
  const answer = await exchange(call, translated.target, translated.body, sendAttempt)
  await retell(answer, res, call, translated)
}

function retell(
  answer: UpstreamAnswer,
  res: ServerResponse,
  call: Call,
  { asked, body, dropped }: Translated,
): Promise<void> {
  const { leftOut = [] } = body.naming ?? {}
  body.naming = undefined
  const lost = leftOut.length > 0 ? [...new Set([...dropped, ...leftOut])] : dropped
  setHeaders(res, call, answer, asked, lost)
  if (answer.status >= 300) return refuse(answer, call, asked)
  return answerTranslated(answer, res, call, asked)
}

function setHeaders(
  res: ServerResponse,
  call: Call,
  answer: UpstreamAnswer,
  { client: { limitHeader, idHeader }, provider: { limits } }: Asked,
  dropped: readonly string[],
): void {
  const raw = withoutSecrets(answer.raw, call.app.redact)
  const passed = answerHeaders(raw, { limits, limitHeader })
  const headers = Object.assign(passed, call.admission?.headers())
  for (const name in headers) res.setHeader(name, headers[name]!)
  if (!res.hasHeader('x-request-id')) res.setHeader('x-request-id', call.id)
  if (idHeader !== undefined) res.setHeader(idHeader, res.getHeader('x-request-id') ?? call.id)
  if (dropped.length > 0) res.setHeader('x-droid2api-dropped', headerValue(dropped.join(', ')))
}
