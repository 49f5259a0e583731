/**
 * The transparent road: a client that speaks the upstream's own API. Its body goes up with as little changed as the
 * configuration demands, the answer comes back byte for byte.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Call } from '../app.ts'
import { readBody } from '../http/body.ts'
import { systemPromptOf } from '../config/models.ts'
import type { Model, ModelType } from '../config/types.ts'
import type { RewriteContext } from '../../pipelines/model.ts'
import { badRequest, ProxyError } from '../../pipelines/errors.ts'
import { exchange, type OutgoingBody } from '../upstream/exchange.ts'
import { modelOf, targetOf, type Target } from '../upstream/target.ts'
import { JsonDocument } from '../../pipelines/json/document.ts'
import { forward } from './proxy.ts'
import { relay } from './relay.ts'

/** One transparent API: which models speak it, and what has to change in a request. */
export interface TransparentApi {
  type: ModelType
  /** changes the document; hands back the headers that go with it, `undefined` to take one out */
  rewrite: (document: JsonDocument, context: RewriteContext) => Record<string, string | undefined>
}

/** Forwards one request. `subPath` is what follows the API's own path, such as `/count_tokens`. Throws ProxyError. */
export async function forwardRequest(
  req: IncomingMessage,
  res: ServerResponse,
  call: Call,
  api: TransparentApi,
  subPath: string,
): Promise<void> {
  const maxBytes = call.config.max_body_mb * 1024 * 1024
  // Handed on by `then`, the bytes are in no variable of this function: what was asked is let go when its answer begins.
  const { target, body } = await readBody(req, maxBytes, call.app.bodyPace).then((bytes) =>
    rewritten(call, bytes, api, subPath),
  )
  const answer = await exchange(call, target, body, (request) => forward(req, res, request))
  // of what lies below the API's own path only the upstream knows how it ends
  await relay(answer, res, call, subPath === '' ? api.type : undefined)
}

function rewritten(
  call: Call,
  bytes: Buffer,
  api: TransparentApi,
  subPath: string,
): { target: Target; body: OutgoingBody } {
  const document = JsonDocument.parse(bytes)
  const model = modelOf(call, modelName(document))
  if (model.type !== api.type) throw wrongRoute(model)
  const target = targetOf(call, model, subPath)
  const headers = api.rewrite(document, {
    model,
    systemPrompt: systemPromptOf(call.config, target.endpoint),
    headers: call.headers,
    subPath,
  })
  // packed, a stream cannot be seen to end
  if (document.get('stream') === true) headers['accept-encoding'] = 'identity'
  return { target, body: { pieces: document.pieces(), pass: 'all', headers } }
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

const routeOf: Record<ModelType, string> = {
  anthropic: '/v1/messages or /v1/chat/completions',
  openai: '/v1/responses or /v1/chat/completions',
  common: '/v1/chat/completions',
}

function wrongRoute(model: Model): ProxyError {
  return badRequest(
    'wrong_route',
    'model',
    `The model ${JSON.stringify(model.id)} is not served here. Send it to ${routeOf[model.type]}.`,
  )
}
