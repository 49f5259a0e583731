/** Looking up, for each request: a model by id or alias, the endpoint that serves it, its system prompt. */
import { hashedKey } from './admin-key.ts'
import { addressOf, baseUrlOf, fullAddress } from './base-url.ts'
import { bodyRoom } from './body-room.ts'
import { literal, originPattern, preparedKeys } from './callers.ts'
import { defaultSystemPrompt } from './defaults.ts'
import type { Config, ConfigData, Endpoint, Model, ModelType, Place, Way } from './types.ts'
import { upstreamId } from '../../pipelines/model.ts'
import { closest } from './unknown-keys.ts'

/** The model of an id, else of an alias, else of the longest alias with a `*` that fits. */
export function findModel(config: Config, id: string): Model | undefined {
  return namedModel(config, id) ?? firstOf(config, byPattern(config, id))
}

/** The model of an id or of an alias without a `*`: a name that only a pattern catches may be the upstream's own. */
export function namedModel(config: Config, name: string): Model | undefined {
  return config.prepared.models.get(name) ?? firstOf(config, byName(config, name))
}

function firstOf(config: Config, ids: readonly string[]): Model | undefined {
  const { models } = config.prepared
  const id = ids.find((one) => models.has(one))
  return id === undefined ? undefined : models.get(id)
}

/** Why a name leads to no model that is in the file; undefined for a name that is not. */
export function unservedReason(config: Config, id: string): string | undefined {
  const { unserved } = config
  const ids = [id, ...byName(config, id), ...byPattern(config, id)]
  const name = ids.find((one) => Object.hasOwn(unserved, one))
  return name === undefined ? undefined : unserved[name]
}

/** The ids that a name may stand for, the likeliest first. */
function byName({ model_redirects: redirects }: Config, name: string): string[] {
  const bare = withoutWindow(name)
  const aliased = [name, bare].filter((one) => Object.hasOwn(redirects, one))
  return [...aliased.map((one) => redirects[one]!), bare]
}

/** The id of the longest alias with a `*` that fits. */
function byPattern(config: Config, name: string): string[] {
  const pattern = config.prepared.patterns.find(({ matches }) => matches.test(name))
  return pattern ? [pattern.id] : []
}

/** `[1m]` behind a name is how Claude Code's users ask for the long window. */
function withoutWindow(id: string): string {
  return id.replace(/\[1m\]$/i, '')
}

/** The known id or alias that an unknown name most likely means. */
export function nearestModel(config: Config, id: string): string | undefined {
  const aliases = Object.keys(config.model_redirects).filter((alias) => !alias.includes('*'))
  return closest(id.slice(0, 100), [...config.prepared.models.keys(), ...aliases])
}

/** `1 model`, `2 models`. */
export function counted(count: number, thing: 'model' | 'endpoint'): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}

/** Such as `6 anthropic, 1 common`. */
export function countsByType(models: readonly Pick<Model, 'type'>[]): string {
  const types = [...new Set(models.map(({ type }) => type))]
  return types
    .map((type) => `${models.filter((model) => model.type === type).length} ${type}`)
    .join(', ')
}

/** The endpoint that serves a model; loading has made sure that there is one. */
export function endpointOf(config: Config, model: Model): Endpoint {
  return placeOf(config, model).endpoint
}

/** Where the requests for a model go. */
export function placeOf({ prepared: { places } }: Config, model: Model): Place {
  const place = places.get(model)
  if (!place) throw new Error(`no endpoint serves the model ${model.id}`)
  return place
}

const shippedPrompt = defaultSystemPrompt.trimEnd()

/** The shipped prompt introduces the account's own client: it goes only where the account does. `""` for none. */
export function systemPromptOf(config: ConfigData, endpoint: Endpoint): string {
  const { system_prompt: prompt } = config
  const own = endpoint.system_prompt
  if (own !== undefined) return own
  return prompt.trimEnd() === shippedPrompt && !getsLogin(endpoint, config) ? '' : prompt
}

/** A fixed key is the operator's own with some provider. */
function getsLogin({ auth, accounts: names = [] }: Endpoint, { accounts }: ConfigData): boolean {
  if (auth !== 'accounts') return auth === 'account'
  return accounts.some(({ name, key }) => key === undefined && names.includes(name))
}

/** The endpoint of a model: the one it names, else the one of its type, else the one with the type's name. */
export function findEndpoint(endpoints: readonly Endpoint[], model: Model): Endpoint | undefined {
  if (model.endpoint !== undefined) return endpoints.find(({ name }) => name === model.endpoint)
  return (
    endpoints.find((endpoint) => isFor(endpoint, model.type)) ??
    endpoints.find(({ name, type }) => type === undefined && name === model.type)
  )
}

/** Whether the endpoint is one for models of a type; one without a type is, where its preset serves that. */
function isFor({ type, addresses }: Endpoint, wanted: ModelType): boolean {
  return type === undefined ? addresses?.[wanted] !== undefined : type === wanted
}

/** Adds what each request looks up. To be called again for a configuration that was changed. */
export function prepared(data: ConfigData): Config {
  const {
    models,
    endpoints,
    model_redirects: redirects,
    api_keys: keys,
    admin_key: admin,
    clients,
    cors_origins: origins,
  } = data
  const places = new Map<Model, Place>()
  for (const model of models) {
    const endpoint = findEndpoint(endpoints, model)
    if (!endpoint) continue
    places.set(model, {
      endpoint,
      account: accountNameOf(endpoint),
      isRouted: endpoint.auth === 'accounts' || (model.fallback?.length ?? 0) > 0,
      systemPrompt: systemPromptOf(data, endpoint),
      whole: wayTo(endpoint, model, false),
      stream: wayTo(endpoint, model, true),
    })
  }
  const patterns = Object.entries(redirects)
    .filter(([alias]) => /^\*|\*$/.test(alias))
    .toSorted(([a], [b]) => b.length - a.length)
    .map(([alias, id]) => ({ matches: patternOf(alias), id }))
  return Object.freeze({
    ...data,
    prepared: {
      clientKeys: preparedKeys(clients, keys),
      adminKey: admin === undefined ? undefined : Buffer.from(hashedKey(admin), 'hex'),
      origins: originPattern(origins),
      models: new Map(models.map((model) => [model.id, model])),
      places,
      patterns,
      bodyRoom: bodyRoom(data),
    },
  })
}

/** Who pays at an endpoint, as usage names it: the account, the variable with its key, the caller, or an unknown one. */
function accountNameOf({ auth }: Endpoint): string {
  if (typeof auth === 'object') return auth.env.toLowerCase()
  return { account: 'default', accounts: 'none', client: 'caller', none: 'none' }[auth]
}

function wayTo(endpoint: Endpoint, model: Model, isStream: boolean): Way {
  const url = fullAddress(baseUrlOf(endpoint, model.type), model.type, {
    model: upstreamId(model),
    isStream,
  })
  return { url, address: addressOf(url) }
}

/** `*` at either end stands for any text, also for none; all else stands for itself. */
function patternOf(alias: string): RegExp {
  const [, before = '', inner = '', after = ''] = /^(\*?)(.*?)(\*?)$/s.exec(alias) ?? []
  return new RegExp(`${before ? '' : '^'}${literal(inner)}${after ? '' : '$'}`, 's')
}
