/**
 * GET and DELETE /v1/responses/{id}, and what is asked below it: of an answer that is kept here, or one that a provider has stored.
 * Source: OpenAI API reference "Get a model response", "Delete" and "Cancel", read 2026-11.
 */
import type { Call, Endpoint } from '../app.ts'
import { mayUse } from '../config/clients.ts'
import { placeOf } from '../config/models.ts'
import type { Model } from '../config/types.ts'
import { sendJson } from '../http/answer.ts'
import { relay } from '../same-api/forward.ts'
import { findAnswer, forgetAnswer } from '../translated/kept-answers.ts'
import { sendAttempt, type Outgoing } from '../upstream/attempt.ts'
import { exchange } from '../upstream/exchange.ts'
import { targetOf } from '../upstream/target.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { askModel } from './ask.ts'

export const keptResponse: Endpoint = async (_req, res, call) => {
  const kept = keptAt(call)
  if (kept) sendJson(res, 200, kept.answer)
  else await askProvider(res, call, 'GET')
}

export const deleteResponse: Endpoint = async (_req, res, call) => {
  const kept = keptAt(call)
  if (!kept) return await askProvider(res, call, 'DELETE')
  forgetAnswer(call, kept.tail)
  sendJson(res, 200, { id: kept.answer.id, object: 'response', deleted: true })
}

/** A request that names a model, or, as the SDKs end an answer in the background, one without a body. */
export const postBelow: Endpoint = async (req, res, call) => {
  const isEmpty =
    Number(req.headers['content-length'] ?? 0) === 0 && !req.headers['transfer-encoding']
  if (isEmpty && call.path.endsWith('/cancel')) await askProvider(res, call, 'POST')
  else await askModel(req, res, call)
}

const root = '/v1/responses'

function keptAt(call: Call): { tail: string; answer: JsonObject } | undefined {
  const [, tail] = /^\/resp_(\w+)$/.exec(call.path.slice(root.length)) ?? []
  const answer = tail === undefined ? undefined : findAnswer(call, tail, 'answer')
  return tail !== undefined && answer ? { tail, answer } : undefined
}

/** Passes it to the one endpoint that may have it. Throws ProxyError 404 where there is none, or one cannot tell which. */
async function askProvider(
  res: Parameters<Endpoint>[1],
  call: Call,
  method: Outgoing['method'],
): Promise<void> {
  const model = onlyKeeper(call)
  if (!model) throw notFound(call)
  const target = targetOf(call, model, {
    subPath: call.path.slice(root.length),
    query: call.query,
    stream: false,
  })
  const headers = { 'accept-encoding': 'identity', 'content-type': undefined }
  const body = { method, pieces: [], pass: 'all' as const, headers }
  const answer = await exchange(call, target, body, sendAttempt)
  await relay(answer, res, call, { streamEnd: undefined, asAsked: undefined })
}

/** A model at the only endpoint where answers are stored, if there is but one, and one account for it. */
function onlyKeeper({ config, caller }: Call): Model | undefined {
  const models = config.models.filter(
    ({ id, type }) => type === 'openai' && (!caller || mayUse(caller, id)),
  )
  const endpoints = new Set(models.map((model) => placeOf(config, model).endpoint))
  const [endpoint] = endpoints
  return endpoints.size === 1 && endpoint?.auth !== 'accounts' ? models[0] : undefined
}

function notFound({ path }: Call): ProxyError {
  const id = JSON.stringify(path.slice(root.length + 1, 100))
  const message = `The response ${id} is not kept here, or not any more, and there is not exactly one endpoint of type openai, with one account, that could have it.`
  return new ProxyError(404, 'not_found', message, { param: 'id' })
}
