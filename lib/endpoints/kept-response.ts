/**
 * GET and DELETE /v1/responses/{id}: an answer that is kept here. Source: OpenAI API reference "Get a model response" and "Delete a
 * model response", read 2026-11.
 */
import type { Call, Endpoint } from '../app.ts'
import { sendJson } from '../http/answer.ts'
import { findAnswer, forgetAnswer } from '../translated/kept-answers.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'

export const keptResponse: Endpoint = (_req, res, call) => {
  sendJson(res, 200, found(call).answer)
}

export const deleteResponse: Endpoint = (_req, res, call) => {
  const { tail, answer } = found(call)
  forgetAnswer(call, tail)
  sendJson(res, 200, { id: answer.id, object: 'response', deleted: true })
}

/** Throws ProxyError 404 for one that is not kept, such as all answers of models of type openai: those lie at their provider. */
function found(call: Call): { tail: string; answer: JsonObject } {
  const id = call.path.slice('/v1/responses/'.length)
  const [, tail] = /^resp_(\w+)$/.exec(id) ?? []
  const answer = tail === undefined ? undefined : findAnswer(call, tail).answer
  if (tail !== undefined && answer) return { tail, answer }
  const message = `The response ${JSON.stringify(id.slice(0, 100))} is not kept here, or not any more. What models of type openai have stored, only their provider has.`
  throw new ProxyError(404, 'not_found', message, { param: 'id' })
}
