/** Which credential a request carries upstream: the account's, the caller's own, or one of the environment. */
import type { Call } from '../app.ts'
import type { Endpoint } from '../config/types.ts'
import { ProxyError } from '../errors.ts'
import { presentedKeys } from '../guard/client-key.ts'

export interface Credential {
  header: string
  value: string
  /** set for the account's token: what a 401 from upstream says has to be renewed */
  accountToken?: string
}

/**
 * The credential for an endpoint. Throws or fails with ProxyError 503 `upstream_auth_unavailable` when the account or the
 * variable has none, 401 `missing_credential` when it would have to be the caller's and the caller sent none.
 */
export function credentialFor(call: Call, endpoint: Endpoint): Credential | Promise<Credential> {
  if (typeof endpoint.auth === 'object') return environmentCredential(call, endpoint.auth)
  if (endpoint.auth !== 'account') return clientCredential(call)
  return call.app.account
    .token()
    .then((token) => (token === undefined ? clientCredential(call) : accountCredential(token)))
}

export function accountCredential(token: string): Credential {
  return { header: 'authorization', value: `Bearer ${token}`, accountToken: token }
}

function environmentCredential(call: Call, auth: { env: string; header?: string }): Credential {
  const secret = call.config.endpoint_secrets[auth.env]
  if (!secret) {
    throw new ProxyError(
      503,
      'upstream_auth_unavailable',
      `The environment variable ${auth.env}, which this endpoint's auth names, is not set. Set it and start the proxy again.`,
    )
  }
  const header = auth.header?.toLowerCase() ?? 'authorization'
  return { header, value: header === 'authorization' ? `Bearer ${secret}` : secret }
}

/** The caller's own, as it came, unless it is a key of this proxy. */
function clientCredential(call: Call): Credential {
  const { foreign } = presentedKeys(call.headers, call.config.api_keys)
  if (foreign) return foreign
  throw new ProxyError(
    401,
    'missing_credential',
    'No credential for the upstream. Start the proxy with FACTORY_API_KEY, DROID_REFRESH_KEY or an auth file, or send your own key as `Authorization: Bearer …` or `x-api-key`.',
  )
}
