/**
 * A web page must not spend the account. CORS alone does not stop a plain POST or a rebound DNS name, so Origin, Host and
 * Sec-Fetch-Site are checked on every request. Sources: Fetch Standard, CVE-2024-28224 (DNS rebinding of a local server).
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Config } from '../config/types.ts'
import { ProxyError } from '../errors.ts'

/** Throws ProxyError 403 for a page that may not call. `hasKey`: a valid client key came along, which a page cannot know. */
export function checkBrowser(headers: IncomingHttpHeaders, config: Config, hasKey: boolean): void {
  if (isLoopback(config.host) && !isLoopback(hostName(headers.host ?? ''))) {
    throw forbidden(
      'host_not_allowed',
      'This proxy listens on loopback only, so it must be called as localhost, 127.0.0.1 or [::1].',
    )
  }
  if (hasKey) return
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

/** The headers that let an allowed page read an answer; none for others. */
export function corsHeaders(headers: IncomingHttpHeaders, config: Config): Record<string, string> {
  const { origin } = headers
  if (origin === undefined || !isAllowedOrigin(origin, config.cors_origins)) return {}
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

/** `http://localhost:*` stands for any port. */
function isAllowedOrigin(origin: string, allowed: readonly string[]): boolean {
  return allowed.some((pattern) =>
    pattern.endsWith(':*')
      ? withoutPort(origin) === pattern.slice(0, -2).toLowerCase()
      : origin.toLowerCase() === pattern.toLowerCase(),
  )
}

function withoutPort(origin: string): string {
  return origin.toLowerCase().replace(/:\d+$/, '')
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
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}

function forbidden(code: string, message: string): ProxyError {
  return new ProxyError(403, code, message)
}
