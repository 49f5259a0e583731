/** Where a request goes: the model a client named, its endpoint, and the URL with the call's sub-path and query. */
import type { Call } from '../app.ts'
import { endpointOf, findModel, nearestModel, unservedReason } from '../config/models.ts'
import { fullAddress } from '../config/base-url.ts'
import type { Endpoint, Model, ModelType } from '../config/types.ts'
import { ProxyError } from '../../pipelines/errors.ts'

export interface Target {
  model: Model
  endpoint: Endpoint
  /** of the endpoint, without sub-path and query */
  url: URL
  address: Address
}

/** A URL taken apart, as requests want it: its getters and a new parse cost more than all else in a request's set-up. */
export interface Address {
  protocol: string
  /** with the port, where the URL names one */
  host: string
  /** an IPv6 address stands without brackets */
  hostname: string
  port: number
  /** with sub-path and query */
  path: string
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

interface Base {
  url: URL
  address: Address
}

/** Parsed once for each type that an endpoint serves; not to be changed. */
const bases = new WeakMap<Endpoint, Partial<Record<ModelType, Base>>>()

function baseOf(endpoint: Endpoint, type: ModelType): Base {
  const url = fullAddress(endpoint.base_url, type)
  const { protocol, host } = url
  const address = {
    protocol,
    host,
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port) || (protocol === 'https:' ? 443 : 80),
    path: `${url.pathname}${url.search}`,
  }
  const base = { url, address }
  bases.set(endpoint, { ...bases.get(endpoint), [type]: base })
  return base
}

/** `subPath`, such as `/count_tokens` or empty, goes behind the endpoint's own path. */
export function targetOf(call: Call, model: Model, subPath: string): Target {
  const endpoint = endpointOf(call.config, model)
  call.record.upstream = endpoint.name
  const { url, address } = bases.get(endpoint)?.[model.type] ?? baseOf(endpoint, model.type)
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
