/**
 * A web page must not spend the account. CORS alone does not stop a plain POST or a rebound DNS name, so Origin, Host and
 * Sec-Fetch-Site are checked on every request. Sources: Fetch Standard, CVE-2024-28224 (DNS rebinding of a local server).
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import type { Config } from '../config/types.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import { isAllowedOrigin } from './origins.ts'

export interface Asking {
  headers: IncomingHttpHeaders
  /** whom the request is for: the `Host` header, or the host of an absolute URL; undefined for a request without one */
  host: string | undefined
  /** a valid client key came along, which a page cannot know */
  hasKey: boolean
  /** of a preflight: the request itself will need a key */
  keyFollows: boolean
  /** the route is one of those that health checks ask for */
  open: boolean
}

/** Throws ProxyError 403 for a page that may not call. */
export function checkBrowser(asking: Asking, config: Config): void {
  const { headers, hasKey, keyFollows } = asking
  if (hasKey || keyFollows) return
  if (isLoopback(config.host) && !isHostOfOurs(asking)) {
    throw forbidden(
      'host_not_allowed',
      'This proxy listens on loopback only, so it must be called as localhost, 127.0.0.1 or [::1], or with a client key (API_KEYS).',
    )
  }
  const { origin } = headers
  if (origin !== undefined && !isAllowedOrigin(origin, config.cors_origins)) {
    throw forbidden(
      'origin_not_allowed',
      'Web pages of this origin may not call the proxy. Add it to cors_origins in config.json if you trust it.',
    )
  }
  if (origin === undefined && headers['sec-fetch-site'] === 'cross-site') {
    throw forbidden('origin_not_allowed', 'Web pages of other sites may not call the proxy.')
  }
}

/**
 * A page whose name was rebound to this machine shows that name. Health checks may show an address, which cannot be rebound, or
 * nothing, as HTTP/1.0 allows and no browser does.
 */
function isHostOfOurs({ host = '', open }: Asking): boolean {
  const name = hostName(host)
  return isLoopback(name) || (open && (name === '' || isIP(name) !== 0))
}

/** The headers that let a page read an answer; none for those that may not. */
export function corsHeaders(
  { headers: { origin }, hasKey, keyFollows }: Asking,
  config: Config,
): Record<string, string> {
  const may = hasKey || keyFollows || isAllowedOrigin(origin ?? '', config.cors_origins)
  if (origin === undefined || !may) return {}
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': '*',
    vary: 'origin',
  }
}

/** What a preflight is answered with, on top of `corsHeaders`. The asked headers are granted: SDKs send many of their own. */
export function preflightHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const usual =
    'authorization, x-api-key, content-type, anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-access'
  const asked = headers['access-control-request-headers']
  return {
    'access-control-allow-methods': 'GET, HEAD, POST',
    'access-control-allow-headers': asked && /^[\w\-, ]+$/.test(asked) ? asked : usual,
    'access-control-max-age': '600',
  }
}

/** Whether a host name or address stands for this machine alone. */
export function isLoopback(name: string): boolean {
  const host = name.toLowerCase().replace(/\.$/, '')
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '::1' ||
    /^127(?:\.\d{1,3}){3}$/.test(host)
  )
}

/** `[::1]:3000` → `::1`. */
function hostName(host: string): string {
  return host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
}

function forbidden(code: string, message: string): ProxyError {
  return new ProxyError(403, code, message)
}
