/**
 * GET /v1/models and /v1/models/{id} — in OpenAI's shape, or in Anthropic's for a request with `anthropic-version`.
 * Sources: the API references "List models" of both, read 2026-11.
 */
import { sendJson } from '../http/answer.ts'
import type { Call, Endpoint } from '../app.ts'
import { mayUse } from '../config/clients.ts'
import { percentDecoded } from '../config/endpoint-auth.ts'
import type { Model } from '../config/types.ts'
import { badRequest } from '../../pipelines/errors.ts'
import { modelOf } from '../upstream/target.ts'

export const listModels: Endpoint = (_req, res, call) => {
  sendJson(res, 200, isAnthropic(call) ? anthropicPage(call) : openAiList(call))
}

export const oneModel: Endpoint = (_req, res, call) => {
  const model = modelOf(call, percentDecoded(call.path.slice('/v1/models/'.length)))
  sendJson(res, 200, isAnthropic(call) ? anthropicModel(model, call) : openAiModel(model, call))
}

/** Those that the caller may use. */
function modelsFor({ caller, config: { models } }: Call): readonly Model[] {
  return caller ? models.filter(({ id }) => mayUse(caller, id)) : models
}

function isAnthropic(call: Call): boolean {
  return call.headers['anthropic-version'] !== undefined
}

function openAiList(call: Call): object {
  return { object: 'list', data: modelsFor(call).map((model) => openAiModel(model, call)) }
}

function openAiModel(model: Model, call: Call): object {
  return {
    id: model.id,
    object: 'model',
    created: Math.floor(call.app.startedAt / 1000),
    owned_by: model.provider ?? model.type,
  }
}

/** One page: `limit` models after `after_id` or before `before_id`. */
function anthropicPage(call: Call): object {
  const query = new URLSearchParams(call.query)
  const limit = pageSize(query.get('limit'))
  const models = modelsFor(call)
  const after = query.get('after_id')
  const before = query.get('before_id')
  const end = before === null ? models.length : indexOf(models, before, 'before_id')
  const from = after === null ? 0 : indexOf(models, after, 'after_id') + 1
  const start = before === null ? from : Math.max(from, end - limit)
  const page = models.slice(start, Math.min(end, start + limit))
  return {
    data: page.map((model) => anthropicModel(model, call)),
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    has_more: before === null ? start + page.length < end : start > from,
  }
}

function anthropicModel(model: Model, call: Call): object {
  return {
    type: 'model',
    id: model.id,
    display_name: model.name,
    created_at: new Date(call.app.startedAt).toISOString(),
  }
}

function pageSize(limit: string | null): number {
  if (limit === null) return 1000
  const size = Number(limit)
  if (Number.isInteger(size) && size >= 1 && size <= 1000) return size
  throw badRequest('invalid_value', 'limit', 'limit must be a whole number from 1 to 1000.')
}

function indexOf(models: readonly Model[], id: string, param: string): number {
  const index = models.findIndex((model) => model.id === id)
  if (index !== -1) return index
  throw badRequest('invalid_value', param, `${param} names no model of this list.`)
}
