/** Looking a model up: by id, by alias, and the endpoint that serves it. Cheap enough for every request. */
import { findEndpoint } from './consistency.ts'
import { closest } from './nearest.ts'
import type { Config, Endpoint, Model } from './types.ts'

interface Lookup {
  models: Map<string, Model>
  endpoints: Map<Model, Endpoint>
  /** aliases that end in `*`, without it; the longest first */
  prefixes: [prefix: string, id: string][]
}

const lookups = new WeakMap<Config, Lookup>()

/** The model of an id, else of an alias, else of the longest alias ending in `*`. */
export function findModel(config: Config, id: string): Model | undefined {
  const { models, prefixes } = lookupOf(config)
  const direct = models.get(id)
  if (direct) return direct
  const redirects = config.model_redirects
  const alias = Object.hasOwn(redirects, id)
    ? redirects[id]
    : prefixes.find(([prefix]) => id.startsWith(prefix))?.[1]
  return alias === undefined ? undefined : models.get(alias)
}

/** The known id or alias that an unknown name most likely means. */
export function nearestModel(config: Config, id: string): string | undefined {
  const aliases = Object.keys(config.model_redirects).filter((alias) => !alias.endsWith('*'))
  return closest(id.slice(0, 100), [...lookupOf(config).models.keys(), ...aliases])
}

/** The endpoint that serves a model; loading has made sure that there is one. */
export function endpointOf(config: Config, model: Model): Endpoint {
  const endpoint = lookupOf(config).endpoints.get(model)
  if (!endpoint) throw new Error(`no endpoint serves the model ${model.id}`)
  return endpoint
}

function lookupOf(config: Config): Lookup {
  let lookup = lookups.get(config)
  if (!lookup) {
    lookup = buildLookup(config)
    lookups.set(config, lookup)
  }
  return lookup
}

function buildLookup({ models, endpoints, model_redirects: redirects }: Config): Lookup {
  const served = new Map<Model, Endpoint>()
  for (const model of models) {
    const endpoint = findEndpoint(endpoints, model)
    if (endpoint) served.set(model, endpoint)
  }
  return {
    models: new Map(models.map((model) => [model.id, model])),
    endpoints: served,
    prefixes: Object.entries(redirects)
      .filter(([alias]) => alias.endsWith('*'))
      .map(([alias, id]): [string, string] => [alias.slice(0, -1), id])
      .toSorted(([a], [b]) => b.length - a.length),
  }
}
