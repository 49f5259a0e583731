/** What no schema sees: whether the parts of a configuration fit together. */
import { validateHeaderName, validateHeaderValue } from 'node:http'
import { isBrokenHash } from '../guard/client-key.ts'
import { hasTrailingSlash, originFault } from '../guard/origins.ts'
import { nearest } from './nearest.ts'
import { storeAddress } from './store-address.ts'
import type { Config, Endpoint, Model } from './types.ts'

/** Keys copied out of an example are public keys. */
const exampleKey =
  /^<|^(?:sk-)?(?:your|my|the)[-_ ]|change[-_ ]?me|replace[-_ ]?|example|placeholder|x{4,}|^(?:sk-)?test(?:[-_]?key)?[-_\d]*$|^(?:secret|password|key|any|none|1234\d*)$/i

/** Adds a line to `faults` for what cannot work, and to `warnings` for what probably does not. */
export function checkConsistency(config: Config, faults: string[], warnings: string[]): void {
  const say = (text: string) => faults.push(`${config.file}: ${text}`)
  checkEndpoints(config, say)
  checkModels(config, say)
  checkRedirects(config, warnings)
  if (config.models.length === 0) {
    warnings.push(`${config.file}: models is empty; leave it out to have the shipped ones`)
  }
  checkUrl('auth.token_url', config.auth.token_url, say)
  const { token_store: store } = config.secrets
  if (store !== undefined && !storeAddress(store)) {
    faults.push(
      'environment: TOKEN_STORE is not the address of a Redis server; write it as redis://user:password@host:6379/0',
    )
  }
  for (const origin of config.cors_origins) {
    const shown = `cors_origins holds ${JSON.stringify(origin)}`
    const fault = originFault(origin)
    if (fault) say([shown, fault].join(', '))
    else if (hasTrailingSlash(origin)) {
      warnings.push(
        `${config.file}: ${shown}; an origin has no slash at its end, so it is left out`,
      )
    }
  }
  for (const key of config.api_keys) {
    if (isBrokenHash(key)) say('api_keys: sha256: must be followed by 64 hexadecimal digits')
    if (exampleKey.test(key)) say('api_keys holds an example value; make up a key of your own')
  }
  for (const { auth, name, base_url: url } of config.endpoints) {
    if (URL.canParse(url) && new URL(url).username !== '') {
      warnings.push(`the base_url of endpoint ${name} holds a user, which is not sent; use auth`)
    }
    if (typeof auth === 'object' && !config.endpoint_secrets[auth.env]) {
      warnings.push(`${auth.env} is not set; endpoint ${name} needs it`)
    }
  }
}

/** The endpoint of a model: the one it names, else the one of its type, else the one with the type's name. */
export function findEndpoint(endpoints: readonly Endpoint[], model: Model): Endpoint | undefined {
  if (model.endpoint !== undefined) return endpoints.find(({ name }) => name === model.endpoint)
  return (
    endpoints.find(({ type }) => type === model.type) ??
    endpoints.find(({ name, type }) => type === undefined && name === model.type)
  )
}

function checkEndpoints({ endpoints }: Config, say: (text: string) => void): void {
  for (const [index, endpoint] of endpoints.entries()) {
    const place = `endpoints[${index}]`
    checkUrl(`${place}.base_url`, endpoint.base_url, say)
    for (const [name, value] of Object.entries(endpoint.headers)) {
      if (!isHeader(name, value)) say(`${place}.headers: ${headerShown(name)} is no header`)
    }
    const { auth } = endpoint
    if (typeof auth === 'object' && auth.header && !isHeader(auth.header, '')) {
      say(`${place}.auth.header is no header name`)
    }
  }
}

function checkModels({ models, endpoints }: Config, say: (text: string) => void): void {
  const seen = new Set<string>()
  for (const [index, model] of models.entries()) {
    const place = `models[${index}]`
    if (seen.has(model.id)) say(`${place}.id is ${JSON.stringify(model.id)} a second time`)
    seen.add(model.id)
    if (findEndpoint(endpoints, model)) continue
    if (model.endpoint === undefined) {
      say(`${place}: no endpoint has the type ${JSON.stringify(model.type)}`)
    } else {
      const near = nearest(
        model.endpoint,
        endpoints.map(({ name }) => name),
      )
      const hint = near ? ` (did you mean ${near}?)` : ''
      say(
        `${place}.endpoint is ${JSON.stringify(model.endpoint)}, which no endpoint is called${hint}`,
      )
    }
  }
}

function checkRedirects({ model_redirects: redirects, models }: Config, warnings: string[]): void {
  for (const [alias, id] of Object.entries(redirects)) {
    if (!models.some((model) => model.id === id)) {
      warnings.push(`model_redirects.${alias} leads to ${id}, which is no model`)
    }
  }
}

function checkUrl(place: string, url: string, say: (text: string) => void): void {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    const shown = JSON.stringify(url.replace(/\/\/.*@/, '//…@'))
    say(`${place} is ${shown}, expected an http or https address`)
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
    // that it throws is the answer
    return false
  }
}
