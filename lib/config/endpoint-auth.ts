/**
 * Whose credential an endpoint gets. It is decided here, once, when the configuration is read, and told from here; the value
 * itself is found by `lib/upstream/credential.ts` for each request.
 */
import { fullAddress } from './base-url.ts'
import { findEndpoint } from './consistency.ts'
import { defaultEndpoints, defaultSystemPrompt } from './defaults.ts'
import type { Config, Endpoint, EndpointAuth } from './types.ts'

/** An endpoint as the file has it: `auth` may be left out. */
export type GivenEndpoint = Omit<Endpoint, 'auth'> & { auth?: EndpointAuth }

/** Headers by which model APIs take a key. One in an endpoint's `headers` is that endpoint's credential. */
const keyHeaders = new Set(['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'])

/** Where the account is at home: scheme, host and port. */
const accountOrigins = new Set(defaultEndpoints.map(({ base_url: url }) => new URL(url).origin))

/** The account's token goes to no other host unless the operator says so, and nobody's to where a key is in the headers. */
export function withAuth(endpoint: GivenEndpoint): Endpoint {
  return { ...endpoint, auth: authOf(endpoint) }
}

function authOf(endpoint: GivenEndpoint): EndpointAuth {
  const { auth, base_url: url } = endpoint
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

/** Whether any endpoint is to get the account's token; if none is, nobody misses an account. */
export function usesAccount({ endpoints }: Pick<Config, 'endpoints'>): boolean {
  return endpoints.some(({ auth }) => auth === 'account')
}

/** The shipped prompt introduces the account's own client: it goes only where the account does. `""` for none. */
export function systemPromptOf(config: Config, endpoint: Endpoint): string {
  const { system_prompt: prompt } = config
  const isShipped = prompt.trimEnd() === defaultSystemPrompt.trimEnd()
  return endpoint.system_prompt ?? (isShipped && endpoint.auth !== 'account' ? '' : prompt)
}

/** One line an endpoint, such as `endpoint ollama (http://localhost:11434/v1/chat/completions): no credential`. Never a secret. */
export function credentialLines(config: Config, hasAccount: boolean): string[] {
  return config.endpoints.map((endpoint) => {
    const where = addressesOf(endpoint, config).join(', ')
    return `endpoint ${endpoint.name} (${where}): ${whose(endpoint, config, hasAccount)}`
  })
}

/** Where its requests go: one address for each type it serves. Without the query, which may hold a key. */
function addressesOf(endpoint: Endpoint, { models, endpoints }: Config): string[] {
  const served = models.filter((model) => findEndpoint(endpoints, model) === endpoint)
  const types = new Set([
    ...served.map(({ type }) => type),
    ...(endpoint.type ? [endpoint.type] : []),
  ])
  const full = [...types].map((type) => fullAddress(endpoint.base_url, type))
  if (full.length === 0) return [new URL(endpoint.base_url).origin]
  return full.map(({ origin, pathname }) => origin + pathname)
}

/** What a credential is called, such as `$ANTHROPIC_API_KEY`; never the credential itself. */
export function whose(endpoint: Endpoint, config: Config, hasAccount: boolean): string {
  const { auth } = endpoint
  const header = keyHeaderOf(endpoint)
  if (typeof auth === 'object') {
    return config.endpoint_secrets[auth.env] ? `$${auth.env}` : `$${auth.env}, which is not set`
  }
  if (auth === 'none') return header ? `the key in its headers (${header})` : 'no credential'
  if (auth === 'client') return "the client's own key"
  return hasAccount ? "the account's token" : "the client's own key, as there is no account"
}
