/** Where a request goes: the model a client named, its endpoint, and the URL with the call's sub-path and query. */
import type { Call } from '../app.ts'
import { endpointOf, findModel, nearestModel } from '../config/models.ts'
import type { Endpoint, Model } from '../config/types.ts'
import { ProxyError } from '../errors.ts'

export interface Target {
  model: Model
  endpoint: Endpoint
  url: URL
}

/** The entry for a model name. Throws ProxyError 404 `model_not_found`, which names the nearest known id. */
export function modelOf(call: Call, name: string): Model {
  const model = findModel(call.config, name)
  if (model) {
    call.record.model = model.id
    return model
  }
  const nearest = nearestModel(call.config, name)
  const hint = nearest ? ` Did you mean ${JSON.stringify(nearest)}?` : ''
  throw new ProxyError(
    404,
    'model_not_found',
    `The model ${JSON.stringify(name.slice(0, 100))} is not configured.${hint} GET /v1/models lists all.`,
    { param: 'model' },
  )
}

/** Parsed once; not to be changed. */
const baseUrls = new WeakMap<Endpoint, URL>()

function baseUrl(endpoint: Endpoint): URL {
  const url = new URL(endpoint.base_url)
  url.pathname = url.pathname.replace(/\/$/, '')
  baseUrls.set(endpoint, url)
  return url
}

/** `subPath`, such as `/count_tokens` or empty, goes behind the endpoint's own path. */
export function targetOf(call: Call, model: Model, subPath: string): Target {
  const endpoint = endpointOf(call.config, model)
  call.record.upstream = endpoint.name
  const base = baseUrls.get(endpoint) ?? baseUrl(endpoint)
  if (subPath === '' && call.query === '') return { model, endpoint, url: base }
  const url = new URL(base)
  url.pathname += subPath
  if (call.query) url.search = url.search ? `${url.search}&${call.query.slice(1)}` : call.query
  return { model, endpoint, url }
}
