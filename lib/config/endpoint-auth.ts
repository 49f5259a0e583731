/**
 * Whose credential an endpoint gets, decided once, when the configuration is read, and how people see it. `lib/upstream` finds
 * the value for each request.
 */
import { baseUrlOf, fullAddress } from './base-url.ts'
import { defaultEndpoints } from './defaults.ts'
import type { Settings } from './env-files.ts'
import { remarksOn, type Problems } from './environment.ts'
import { findEndpoint } from './models.ts'
import type { Config, Endpoint, EndpointAuth, GivenEndpoint, ModelType } from './types.ts'
import { keyOf } from './written-value.ts'
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'

/** Headers by which model APIs take a key. One in an endpoint's `headers` is that endpoint's credential. */
const keyHeaders = new Set(['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'])

/** Where the account is at home: scheme, host and port. */
const accountOrigins = new Set(defaultEndpoints.map(({ base_url: url }) => new URL(url).origin))

/** The account's token goes to other hosts only on the operator's order, and no token goes beside a key in the headers. */
export function withAuth(endpoint: GivenEndpoint): Endpoint {
  return { ...endpoint, auth: authOf(endpoint) }
}

function authOf(endpoint: GivenEndpoint): EndpointAuth {
  const { auth, base_url: url, accounts } = endpoint
  if (accounts) return 'accounts'
  if (keyHeaderOf(endpoint) !== undefined && typeof auth !== 'object') return 'none'
  if (auth !== undefined) return auth
  return URL.canParse(url) && accountOrigins.has(new URL(url).origin) ? 'account' : 'client'
}

/** What of an endpoint's `auth` has no effect, one line each. `given`: as the file has it. */
export function authWarnings(given: readonly GivenEndpoint[]): string[] {
  return given.flatMap((endpoint) => {
    const { name, auth } = endpoint
    if (auth !== 'account' && auth !== 'client') return []
    if (keyHeaderOf(endpoint) === undefined) return []
    return `endpoint ${name} has a key in its headers, which is its credential; its auth "${auth}" has no effect`
  })
}

/** The header of an endpoint's own that holds a key, as it is written. */
export function keyHeaderOf({ headers }: Pick<Endpoint, 'headers'>): string | undefined {
  const held = Object.entries(headers).find(
    ([name, value]) => keyHeaders.has(name.toLowerCase()) && value.trim() !== '',
  )
  return held?.[0]
}

/** Whether any endpoint gets the account's token; otherwise no account is needed. */
export function usesAccount({ endpoints }: Pick<Config, 'endpoints'>): boolean {
  return endpoints.some(({ auth }) => auth === 'account')
}

/** One line an endpoint, such as `endpoint ollama (http://localhost:11434/v1/chat/completions): no credential`. Never a secret. */
export function credentialLines(config: Config, hasAccount: boolean): string[] {
  return config.endpoints.map((endpoint) => {
    const where = addressesOf(endpoint, config).join(', ')
    return `endpoint ${endpoint.name} (${where}): ${whose(endpoint, config, hasAccount)}`
  })
}

/** The same, short: the endpoints that get the same credential in one line, with their hosts. */
export function credentialSummary(config: Config, hasAccount: boolean): string[] {
  const groups = new Map<string, Endpoint[]>()
  for (const endpoint of config.endpoints) {
    const owner = whose(endpoint, config, hasAccount)
    groups.set(owner, [...(groups.get(owner) ?? []), endpoint])
  }
  return Array.from(groups, ([owner, endpoints]) => {
    const names = endpoints.map(({ name }) => name).join(', ')
    const addresses = endpoints.flatMap((endpoint) => addressesOf(endpoint, config))
    const hosts = [...new Set(addresses.map((address) => new URL(address).host))].join(', ')
    return `${names} (${hosts}): ${owner}`
  })
}

/** Where its requests go: one address for each type it serves. Without the query, which may hold a key. */
function addressesOf(endpoint: Endpoint, { models, endpoints }: Config): string[] {
  const served = models.filter((model) => findEndpoint(endpoints, model) === endpoint)
  const types = new Set([
    ...served.map(({ type }) => type),
    ...(endpoint.type ? [endpoint.type] : []),
  ])
  const shown = types.size > 0 ? [...types] : (Object.keys(endpoint.addresses ?? {}) as ModelType[])
  const full = shown.map((type) => fullAddress(baseUrlOf(endpoint, type), type))
  if (full.length === 0) return [new URL(endpoint.base_url).origin]
  return [...new Set(full.map(({ origin, pathname }) => origin + pathname))]
}

/** What a credential is called, such as `$ANTHROPIC_API_KEY`; never the credential itself. */
export function whose(endpoint: Endpoint, config: Config, hasAccount: boolean): string {
  const { auth } = endpoint
  const header = keyHeaderOf(endpoint)
  if (typeof auth === 'object') {
    return config.endpoint_secrets[auth.env] ? `$${auth.env}` : `$${auth.env}, which is not set`
  }
  if (auth === 'accounts') return accountsShown(endpoint)
  if (auth === 'none') return header ? `the key in its headers (${header})` : 'no credential'
  if (auth === 'client') return "the client's own key"
  return hasAccount ? "the account's token" : "the client's own key (no account)"
}

function accountsShown({ accounts = [], choose = 'first' }: Endpoint): string {
  const [only, ...others] = accounts
  if (others.length === 0) return `the account ${only}`
  return `the accounts ${accounts.join(', ')} (${choose})`
}

/** The credentials of endpoints with `auth.env`, by variable; one that is not set is not there. */
export function endpointKeys(
  endpoints: readonly Endpoint[],
  settings: Settings,
  problems: Problems,
): Record<string, string> {
  const secrets: Record<string, string> = {}
  for (const { auth } of endpoints) {
    if (typeof auth !== 'object' || Object.hasOwn(secrets, auth.env)) continue
    const { env, header = 'authorization' } = auth
    const written = settings.get(env)
    const secret =
      written && hasScheme(written, header)
        ? written
        : keyOf(written ?? '', remarksOn(env, settings, problems), isNoKey(header))
    if (secret) secrets[auth.env] = secret
  }
  return secrets
}

/** Whether a credential names its scheme, as in `Basic dXNlcjpwYXNz`. */
function hasScheme(written: string, header: string): boolean {
  const isAuthorization = header.toLowerCase() === 'authorization'
  return isAuthorization && /^(?!Bearer\s)[A-Za-z][\w-]*\s[^\s#]\S*$/i.test(written)
}

/** A header that carries no key may hold what no key holds. */
function isNoKey(header: string): boolean {
  return !/^(?:authorization|x-api-key)$/i.test(header)
}

/**
 * Secrets that stand where they would not be used, as `path: what to do`. No value of one is shown. `given`: the file's own
 * `endpoints`.
 */
export function authFaults(given: unknown): string[] {
  if (!Array.isArray(given)) return []
  return given.flatMap((endpoint: unknown, index) =>
    isObject(endpoint) ? faultsOf(endpoint, `endpoints[${index}]`) : [],
  )
}

function faultsOf(endpoint: JsonObject, place: string): string[] {
  const faults = Object.keys(endpoint)
    .filter(isSecretKey)
    .map(
      (key) =>
        `${place}.${key} is not a key of an endpoint; put the key into a variable and name that in auth, as {"env": "MY_KEY"}`,
    )
  const { auth } = endpoint
  if (isObject(auth) && typeof auth.env === 'string' && !isVariable(auth.env)) {
    faults.push(
      `${place}.auth.env is not the name of a variable; put the key into a variable and write its name here`,
    )
  }
  return faults
}

/** What an endpoint's credential is called elsewhere, part by part: `api_key`, `apiKey`, `x-auth-token`. */
const secretPart =
  /^(?:keys?|(?:api|access|auth)(?:keys?|token)|token|bearer|authorization|secret|passw(?:or)?d|pass|credentials?)$/

function isSecretKey(key: string): boolean {
  const parts = key.replace(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase()
  return parts.split(/[^a-z\d]+/).some((part) => secretPart.test(part))
}

/** Keys in the forms that their makers give them, where the name of a variable might look the same. */
const pastedKey = /^(?=.*\d)(?:(?:sk|pk|fk|gsk|xai|hf|nvapi)_\w{16,}|AIza\w{16,}|[A-Za-z\d]{20,})$/

function isVariable(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !pastedKey.test(name)
}

/** What must not be shown of the endpoints: keys in their headers, passwords in their addresses. */
export function endpointSecretsIn({ endpoints }: Pick<Config, 'endpoints'>): string[] {
  return endpoints.flatMap(({ headers, base_url: url }) => {
    const { password } = new URL(url)
    const keys = Object.entries(headers)
      .filter(([name]) => isSecretHeader(name))
      .map(([, value]) => value.replace(/^[A-Za-z]+\s+/, ''))
    return password === '' ? keys : [...keys, password, percentDecoded(password)]
  })
}

/** Whether a header holds what must not be shown. */
export function isSecretHeader(name: string): boolean {
  return isSecretKey(name) || /auth|cookie/i.test(name)
}

/** Without its percent signs, where they stand for something. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // not encoded
    return text
  }
}
