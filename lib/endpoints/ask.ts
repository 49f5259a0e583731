/**
 * POST to a model, in whichever API: decides the road. A client that speaks the model's own API takes the same-API road; else
 * the request is translated: read, written for the provider and sent, and its answer translated back.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Call } from '../app.ts'
import { findModel, systemPromptOf } from '../config/models.ts'
import type { DefaultStream, Model } from '../config/types.ts'
import { withBody } from '../http/body.ts'
import { forward, prepareForward, type Forwarded } from '../same-api/forward.ts'
import {
  answerEmpty,
  answerTranslated,
  callMemory,
  conversationOf,
  refuse,
  type Asked,
} from '../translated/answer.ts'
import { sendAttempt, type UpstreamAnswer } from '../upstream/attempt.ts'
import { exchange, type OutgoingBody } from '../upstream/exchange.ts'
import { answerHeaders, withoutSecrets } from '../upstream/headers.ts'
import { modelOf, targetOf } from '../upstream/target.ts'
import { ProxyError, badRequest } from '../../pipelines/errors.ts'
import { clients, providers, type Client, type SameApi } from '../../pipelines/index.ts'
import { JsonDocument } from '../../pipelines/json/document.ts'
import { parseExactObject } from '../../pipelines/json/request-body.ts'
import { writeJson } from '../../pipelines/json/value.ts'
import { withoutImages } from '../../pipelines/neutral/turn.ts'
import type { ClientRead } from '../../pipelines/stages/serialise.ts'

/** Answers one request. What follows the route of the client's API in the path goes upstream. Throws ProxyError. */
export async function askModel(
  req: IncomingMessage,
  res: ServerResponse,
  call: Call,
): Promise<void> {
  if (call.caller || call.config.max_parallel > 0) admit(res, call)
  call.isCounted = !isFree.test(call.path)
  const asked = await withBody(req, call, (bytes) => prepare(call, bytes))
  const { admission } = call
  if (admission) admission.isSpent = asked.road !== 'none'
  try {
    if (asked.road === 'same-api') await forward(req, res, call, asked)
    else if (asked.road === 'translated') await translate(res, call, asked)
    else answerEmpty(res, asked)
  } finally {
    admission?.book(call.record)
  }
}

/** Calls that spend no tokens. */
const isFree = /\/(?:count_tokens|input_tokens|cancel)$/

/** Throws ProxyError 429 where the caller is at a limit, 503 where the process is. */
function admit(res: ServerResponse, call: Call): void {
  const { app, caller, client, config, path } = call
  const counted = isFree.test(path) ? undefined : caller
  try {
    const asking = { caller: counted, client, maxParallel: config.max_parallel }
    const admission = app.limits.admit(asking)
    call.admission = admission
    res.once('close', () => admission.end())
  } catch (error) {
    if (counted && app.limits.isNews(counted)) {
      app.log.warn(
        { client: counted.name, reason: (error as Error).message },
        'requests are refused',
      )
    }
    throw error
  }
}

/** The client wants no answer, and gets it from here. */
interface Unasked extends Pick<Asked, 'form' | 'stream' | 'requestedModel'> {
  road: 'none'
}

function prepare(call: Call, bytes: Buffer): Forwarded | Translated | Unasked {
  const { client, path } = call
  const subPath = path.slice(client.route.length)
  const canTranslate = subPath === ''
  if (!canTranslate || ownApi(client, hintedModel(call, bytes))) {
    const document = JsonDocument.parse(bytes)
    const model = modelOf(call, modelName(document))
    const own = ownApi(client, model)
    if (own) return pass(call, document, model, own, subPath)
    if (!canTranslate) throw unservedPath(call, subPath, model)
  }
  const body = parseExactObject(bytes)
  const { model: name } = body
  const named = typeof name === 'string' && name !== '' ? modelOf(call, name) : undefined
  const own = ownApi(client, named)
  if (named && own) {
    const document = JsonDocument.parse(bytes)
    return pass(call, document, named, own, subPath)
  }
  const { request, stream: asked, isEmpty, form } = client.read(body, call.headers)
  const model = named ?? modelOf(call, request.model)
  const provider = providers[model.type]
  const stream = wantsStream(call, asked)
  if (isEmpty) return { road: 'none', form, stream, requestedModel: request.model }
  return prepareTranslation(call, { client, provider, request, form, model, stream })
}

function pass(
  call: Call,
  document: JsonDocument,
  model: Model,
  own: SameApi,
  subPath: string,
): Forwarded {
  const stream = wantsStream(call, document.get('stream'))
  return prepareForward(call, document, model, own, { subPath, stream })
}

/** What the model's API needs where it is the client's own; undefined where it is another. */
function ownApi(client: Client, model: Model | undefined): SameApi | undefined {
  if (!model) return undefined
  const provider = providers[model.type]
  return provider.api !== undefined && clients[provider.api] === client ? provider : undefined
}

const modelKey = Buffer.from('"model"')
const longestName = 300

/**
 * The model that a body most likely names, so that as a rule it is parsed only once, and by the parser of its road. A guess: the
 * first `"model"` may stand deep inside, or again later. Either parser then finds the true one.
 */
function hintedModel({ config }: Call, bytes: Buffer): Model | undefined {
  const at = bytes.indexOf(modelKey)
  if (at === -1) return undefined
  const text = bytes.toString('utf8', at, at + longestName)
  const [, name] = /^"model"\s*:\s*"([^"\\]*)"/.exec(text) ?? []
  return name === undefined ? undefined : findModel(config, name)
}

function modelName(document: JsonDocument): string {
  const name = document.get('model')
  if (typeof name === 'string' && name !== '') return name
  if (name === undefined || name === null || name === '') {
    throw badRequest(
      'missing_required_parameter',
      'model',
      'The request has no `model`. Name one; GET /v1/models lists all.',
    )
  }
  throw badRequest('invalid_type', 'model', '`model` must be a string.')
}

/** What stands below an API's own path, only models of that API serve. */
function unservedPath({ client, path }: Call, subPath: string, { id }: Model): ProxyError {
  if (subPath === '/count_tokens') {
    const message = `Token counting is not available for the model ${JSON.stringify(id)}.`
    return new ProxyError(404, 'not_found', message)
  }
  const types = Object.entries(providers)
    .filter(([, { api }]) => api !== undefined && clients[api] === client)
    .map(([type]) => type)
  const message = `${path} is served for models of type ${types.join(' or ')} only.`
  return badRequest('wrong_route', 'model', message)
}

/** `asked`: the body's `stream`. */
function wantsStream({ client, config, headers }: Call, asked: unknown): boolean {
  if (typeof asked === 'boolean') return asked
  const isOpen = asked === undefined || asked === null
  return isOpen && client.hasDefaultStream && defaultStream(config.default_stream, headers)
}

/** A person with curl reads a terminal; every SDK that leaves `stream` out expects JSON. */
function defaultStream(wanted: DefaultStream, headers: IncomingHttpHeaders): boolean {
  if (wanted !== 'auto') return wanted
  const accept = headers.accept ?? ''
  if (accept.includes('text/event-stream')) return true
  if (accept.includes('application/json')) return false
  return (headers['user-agent'] ?? '').startsWith('curl/')
}

/** A request that is ready to go up. */
export interface Translated {
  road: 'translated'
  asked: Asked
  body: OutgoingBody
  /** parameters that the model's API has no word for */
  dropped: readonly string[]
}

interface ReadRequest
  extends Pick<Asked, 'client' | 'provider' | 'stream' | 'form'>, Pick<ClientRead, 'request'> {
  model: Model
}

/**
 * Everything parsed from the request ends its life here; only the outgoing bytes go on. Throws ProxyError 400 for what cannot
 * be written for the provider.
 */
export function prepareTranslation(
  call: Call,
  { client, provider, request, form, model, stream }: ReadRequest,
): Translated {
  call.record.stream = stream
  const target = targetOf(call, model, { subPath: '', stream })
  const { turns } = request
  const conversation = conversationOf(turns)
  const seen = model.images === false ? { ...request, turns: withoutImages(turns) } : request
  const written = provider.write(seen, {
    model,
    endpoint: target.endpoint.name,
    systemPrompt: systemPromptOf(call.config, target.endpoint),
    headers: call.headers,
    stream,
    path: target.address.path,
    toolSchema: target.endpoint.schema,
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
    conversation,
  }
  const { headers } = written
  headers['content-type'] = 'application/json'
  headers['accept-encoding'] = 'identity'
  const body = {
    pieces: [Buffer.from(writeJson(written.body))],
    pass: provider.headerPrefixes,
    headers,
  }
  return { road: 'translated', asked, body, dropped: written.dropped }
}

/** Sends the request and answers it. Throws ProxyError for whatever goes wrong before the first byte. */
export async function translate(
  res: ServerResponse,
  call: Call,
  { asked, body, dropped }: Translated,
): Promise<void> {
  const answer = await exchange(call, asked.target, body, sendAttempt)
  setHeaders(res, call, answer, asked, dropped)
  if (answer.status >= 300) await refuse(answer, call, asked)
  else await answerTranslated(answer, res, call, asked)
}

function setHeaders(
  res: ServerResponse,
  call: Call,
  answer: UpstreamAnswer,
  { client: { limitHeader, idHeader }, provider: { limits } }: Asked,
  dropped: readonly string[],
): void {
  const raw = withoutSecrets(answer.raw, call.app.redact)
  const headers = { ...answerHeaders(raw, { limits, limitHeader }), ...call.admission?.headers() }
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  if (!res.hasHeader('x-request-id')) res.setHeader('x-request-id', call.id)
  if (idHeader !== undefined) res.setHeader(idHeader, res.getHeader('x-request-id') ?? call.id)
  if (dropped.length > 0) res.setHeader('x-droid2api-dropped', dropped.join(', '))
}
