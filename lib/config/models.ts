/** Looking a model up: by id, by alias, and the endpoint that serves it. Cheap enough for every request. */
import { closest } from './unknown-keys.ts'
import type { Config, Endpoint, Model } from './types.ts'

interface Lookup {
  models: Map<string, Model>
  endpoints: Map<Model, Endpoint>
  /** aliases with a `*`, the longest first */
  patterns: [matches: RegExp, id: string][]
}

const lookups = new WeakMap<Config, Lookup>()

/** The model of an id, else of an alias, else of the longest alias with a `*` that fits. */
export function findModel(config: Config, id: string): Model | undefined {
  const { models } = lookupOf(config)
  const direct = models.get(id)
  if (direct) return direct
  for (const name of meant(config, id)) {
    const model = models.get(name)
    if (model) return model
  }
  return undefined
}

/** Why a name leads to no model that is in the file; undefined for a name that is not. */
export function unservedReason(config: Config, id: string): string | undefined {
  const { unserved } = config
  const name = [id, ...meant(config, id)].find((one) => Object.hasOwn(unserved, one))
  return name === undefined ? undefined : unserved[name]
}

/** The ids that a name may stand for, the likeliest first. */
function meant(config: Config, name: string): string[] {
  const { model_redirects: redirects } = config
  const bare = withoutWindow(name)
  const aliased = [name, bare].filter((one) => Object.hasOwn(redirects, one))
  const pattern = lookupOf(config).patterns.find(([matches]) => matches.test(name))
  return [...aliased.map((one) => redirects[one]!), bare, ...(pattern ? [pattern[1]] : [])]
}

/** `[1m]` behind a name is how Claude Code's users ask for the long window. */
function withoutWindow(id: string): string {
  return id.replace(/\[1m\]$/i, '')
}

/** The known id or alias that an unknown name most likely means. */
export function nearestModel(config: Config, id: string): string | undefined {
  const aliases = Object.keys(config.model_redirects).filter((alias) => !alias.includes('*'))
  return closest(id.slice(0, 100), [...lookupOf(config).models.keys(), ...aliases])
}

/** The endpoint that serves a model; loading has made sure that there is one. */
export function endpointOf(config: Config, model: Model): Endpoint {
  const endpoint = lookupOf(config).endpoints.get(model)
  if (!endpoint) throw new Error(`no endpoint serves the model ${model.id}`)
  return endpoint
}

/** The endpoint of a model: the one it names, else the one of its type, else the one with the type's name. */
export function findEndpoint(endpoints: readonly Endpoint[], model: Model): Endpoint | undefined {
  if (model.endpoint !== undefined) return endpoints.find(({ name }) => name === model.endpoint)
  return (
    endpoints.find(({ type }) => type === model.type) ??
    endpoints.find(({ name, type }) => type === undefined && name === model.type)
  )
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
    patterns: Object.entries(redirects)
      .filter(([alias]) => /^\*|\*$/.test(alias))
      .toSorted(([a], [b]) => b.length - a.length)
      .map(([alias, id]): [RegExp, string] => [patternOf(alias), id]),
  }
}

/** `*` at either end stands for any text, also for none; all else stands for itself. */
function patternOf(alias: string): RegExp {
  const [, before = '', inner = '', after = ''] = /^(\*?)(.*?)(\*?)$/s.exec(alias) ?? []
  const literal = inner.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`${before ? '' : '^'}${literal}${after ? '' : '$'}`, 's')
}
