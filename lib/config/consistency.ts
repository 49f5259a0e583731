/** What no schema sees: whether the parts of a configuration fit together. */
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { routingFaults } from './accounts.ts'
import { checkAdminKey } from './admin-key.ts'
import { baseUrlOf, isHttp, otherType } from './base-url.ts'
import { hasTrailingSlash, isBrokenHash, originFault } from './callers.ts'
import { checkClients } from './clients.ts'
import type { Settings } from './env-files.ts'
import { findEndpoint } from './models.ts'
import { didYouMean, nearest } from './unknown-keys.ts'
import { storeAddress } from './store-address.ts'
import { setInstead } from './stray-variables.ts'
import type { Skipped } from './checked-file.ts'
import type { ConfigData, Endpoint, Model } from './types.ts'

export interface Check {
  /** entries that are not looked at, since more is wrong with them or they are left out; left out ones are added */
  skipped: Skipped
  /** added to */
  unserved: Record<string, string>
  /** how a fault calls the place that a value came from, where that is not the file */
  blame: { token_url: string; token_store: string; clients: readonly string[]; admin_key: string }
  settings: Pick<Settings, 'get' | 'names'>
  faults: string[]
  warnings: string[]
}

/** Adds what cannot work to the faults, and what probably does not to the warnings. */
export function checkConsistency(config: ConfigData, check: Check): void {
  const { faults, warnings, blame } = check
  const fault = (text: string) => faults.push(`${config.file}: ${text}`)
  checkEndpoints(config, check, fault)
  checkModels(config, check, fault)
  checkRedirects(config, check)
  for (const text of routingFaults(config)) fault(text)
  checkUrl(blame.token_url, config.auth.token_url, (text) => faults.push(text))
  const { token_store: store } = config.secrets
  if (store !== undefined && !storeAddress(store)) {
    faults.push(
      `${blame.token_store}: TOKEN_STORE is not the address of a Redis server; write it as redis://user:password@host:6379/0`,
    )
  }
  for (const origin of config.cors_origins) {
    const shown = `cors_origins holds ${JSON.stringify(origin)}`
    const wrong = originFault(origin)
    if (wrong) fault([shown, wrong].join(', '))
    else if (hasTrailingSlash(origin)) {
      warnings.push(
        `${config.file}: ${shown}; an origin does not end in a slash, so it is left out`,
      )
    }
  }
  for (const key of config.api_keys) {
    if (isBrokenHash(key)) fault('api_keys: sha256: must be followed by 64 hexadecimal digits')
  }
  const fully = {
    fault: (text: string) => faults.push(text),
    warn: (text: string) => warnings.push(text),
  }
  checkClients(config, blame.clients, fully)
  checkAdminKey(config, blame.admin_key, faults)
  for (const [index, { auth, name, preset, base_url: url }] of config.endpoints.entries()) {
    if (check.skipped.endpoints.has(index)) continue
    if (URL.canParse(url) && new URL(url).username !== '') {
      warnings.push(
        `the base_url of endpoint ${name} holds a user name, which is not sent; use auth`,
      )
    }
    if (typeof auth === 'object' && !config.endpoint_secrets[auth.env]) {
      const instead = setInstead(auth.env, preset, check.settings)
      warnings.push(`${auth.env} is not set; endpoint ${name} needs it${instead}`)
    }
  }
}

function checkEndpoints(
  { endpoints, models, file }: ConfigData,
  { skipped, warnings }: Check,
  fault: (text: string) => void,
): void {
  const seen = new Set<string>()
  for (const [index, endpoint] of endpoints.entries()) {
    if (skipped.endpoints.has(index)) continue
    const place = `endpoints[${index}]`
    const twice = `${place}.name is ${JSON.stringify(endpoint.name)} a second time`
    // a model that names it would be served by the first one, whoever that is
    if (seen.has(endpoint.name)) {
      if (models.some((model) => model.endpoint === endpoint.name)) fault(twice)
      else warnings.push(`${file}: ${twice}; nobody can tell the two apart`)
    }
    seen.add(endpoint.name)
    checkUrl(`${place}.base_url`, endpoint.base_url, fault)
    for (const [name, value] of Object.entries(endpoint.headers)) {
      if (!isHeader(name, value)) fault(`${place}.headers: ${headerShown(name)} is not a header`)
    }
    const { auth } = endpoint
    if (typeof auth === 'object' && auth.header && !isHeader(auth.header, '')) {
      fault(`${place}.auth.header is not a header name`)
    }
  }
}

function checkModels(config: ConfigData, check: Check, fault: (text: string) => void): void {
  const seen = new Set<string>()
  for (const [index, model] of config.models.entries()) {
    if (check.skipped.models.has(index)) continue
    const place = `models[${index}]`
    if (seen.has(model.id)) fault(`${place}.id is ${JSON.stringify(model.id)} a second time`)
    seen.add(model.id)
    checkEndpointOf(model, place, index, config, check, fault)
    for (const key of ['calls_in_text', 'reasoning_in_text'] as const) {
      if (!model[key] || model.type === 'common') continue
      check.warnings.push(
        `${config.file}: ${place}.${key} does nothing for a model of type ${model.type}; only answers of type common are looked through`,
      )
    }
  }
  const { length } = config.models
  if (length > 0 && check.skipped.models.size === length && check.faults.length === 0) {
    fault(`no model is left that can be served: ${Object.values(check.unserved).join('; ')}`)
  }
  if (length === 0) {
    check.warnings.push(`${config.file}: models is empty; leave it out to have the shipped ones`)
  }
}

/** Leaves out a model without an endpoint of its type; the endpoint that a model names must exist. */
function checkEndpointOf(
  model: Model,
  place: string,
  index: number,
  { endpoints, file }: ConfigData,
  check: Check,
  fault: (text: string) => void,
): void {
  const names = endpoints.map(({ name }) => name)
  const { endpoints: skipped, faulty } = check.skipped
  const kept = endpoints.filter((_, at) => !skipped.has(at) || faulty.has(at))
  const endpoint = findEndpoint(kept, model)
  if (endpoint) {
    const { preset, addresses } = endpoint
    if (addresses && !addresses[model.type]) {
      const types = Object.keys(addresses).join(', ')
      fault(
        `${place}.type is "${model.type}", and the preset ${preset} of its endpoint has ${types}`,
      )
    } else checkPath(model, endpoint, file, check)
    return
  }
  const wanted = JSON.stringify(model.endpoint ?? model.type)
  if (model.endpoint !== undefined && !names.includes(model.endpoint)) {
    const hint = didYouMean(nearest(model.endpoint, names))
    fault(`${place}.endpoint is ${wanted}, but no endpoint has that name${hint}`)
    return
  }
  const why =
    model.endpoint === undefined
      ? `${place}: no endpoint has the type ${wanted}`
      : `${place}: its endpoint ${wanted} is left out`
  check.skipped.models.add(index)
  check.unserved[model.id] = why
  check.warnings.push(`${file}: ${why}; ${model.id} is left out`)
}

/** Said once for an endpoint and a type, however many models it serves. */
function checkPath({ type }: Model, endpoint: Endpoint, file: string, { warnings }: Check): void {
  const other = otherType(baseUrlOf(endpoint, type), type)
  if (other === undefined) return
  const text = `${file}: the base_url of endpoint ${endpoint.name} ends in ${other}, where models of type ${type} are not served; give its root, such as https://host/v1`
  if (!warnings.includes(text)) warnings.push(text)
}

function checkRedirects(
  { model_redirects: redirects, models, file }: ConfigData,
  check: Check,
): void {
  for (const [alias, id] of Object.entries(redirects)) {
    if (!models.some((model) => model.id === id) && !Object.hasOwn(check.unserved, id)) {
      check.warnings.push(`${file}: model_redirects.${alias} leads to ${id}, which is not a model`)
    }
  }
}

function checkUrl(place: string, url: string, fault: (text: string) => void): void {
  if (!isHttp(url)) {
    const shown = JSON.stringify(url.replace(/\/\/.*@/, '//…@'))
    fault(`${place} is ${shown}, expected an http or https address`)
  }
}

/** Without what may be a key that was written into the name, as in `"Authorization: Bearer …": ""`. */
function headerShown(name: string): string {
  const [start = ''] = name.split(/[:=]/)
  return JSON.stringify(start.length < name.length ? `${start}…` : start)
}

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return true
  } catch {
    // invalid
    return false
  }
}
