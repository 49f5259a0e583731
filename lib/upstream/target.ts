/** Where a request goes: the model a client named, its endpoint, and the URL with the call's sub-path and query. */
import type { Call } from '../app.ts'
import { findModel, nearestModel, placeOf, unservedReason } from '../config/models.ts'
import type { Model, Place } from '../config/types.ts'
import { ProxyError } from '../../pipelines/errors.ts'

/** `url` has neither sub-path nor query of the client; `address` has both. */
export interface Target extends Place {
  model: Model
}

/** The entry for a model name. Throws ProxyError 404 `model_not_found`, which names the nearest known id. */
export function modelOf(call: Call, name: string): Model {
  const model = findModel(call.config, name)
  if (model) {
    call.record.model = model.id
    return model
  }
  call.record.model = name.slice(0, 100)
  const why = unservedReason(call.config, name)
  if (why !== undefined) {
    throw new ProxyError(
      404,
      'model_not_found',
      `The model ${JSON.stringify(name.slice(0, 100))} is not served: ${why} in config.json. GET /v1/models lists all that are.`,
      { param: 'model' },
    )
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

/** The endpoint's name and where it is, for people. A query may hold a key. */
export function shownTarget({ endpoint, address }: Pick<Target, 'endpoint' | 'address'>): string {
  const { protocol, host, path } = address
  return `${endpoint.name} at ${protocol}//${host}${path.replace(/\?.*$/s, '')}`
}

/** `subPath`, such as `/count_tokens` or empty, goes behind the endpoint's own path. */
export function targetOf(call: Call, model: Model, subPath: string): Target {
  const { endpoint, url, address } = placeOf(call.config, model)
  call.record.upstream = endpoint.name
  if (subPath === '' && call.query === '') return { model, endpoint, url, address }
  const path = `${url.pathname}${subPath}${joined(url, call.query)}`
  return { model, endpoint, url, address: { ...address, path } }
}

/** The query of the endpoint and that of the client; what has no place in a query is encoded. */
function joined(url: URL, query: string): string {
  const both = url.search && query ? `${url.search}&${query.slice(1)}` : query || url.search
  if (!/[#"<>']/.test(both)) return both
  const encoded = new URL(url)
  encoded.search = both
  return encoded.search
}
