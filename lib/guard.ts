/**
 * Who may call. A client key opens everything; without one, a web page must not spend the account. CORS alone does not stop a
 * plain POST or a rebound DNS name, so Origin, Host and Sec-Fetch-Site are checked on every request. Sources: Fetch Standard,
 * CVE-2024-28224 (DNS rebinding of a local server).
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { ProxyError } from '../pipelines/errors.ts'
import { loopback } from './config/callers.ts'
import type { Caller, ClientKey, Config } from './config/types.ts'
import { localDay } from './limits/windows.ts'

const maxHeaders = 500

/**
 * Throws ProxyError 431 for too many, and 400 for two `Host`: a front proxy may go by the one and Node by the other. Source: RFC
 * 9112 §3.2. `raw`: names and values in turn.
 */
export function checkHeaders(raw: readonly string[]): void {
  if (raw.length > maxHeaders * 2) {
    const message = `The request has more than ${maxHeaders} headers. Send fewer.`
    throw brokenHead(431, 'too_many_headers', message)
  }
  let hosts = 0
  for (let at = 0; at < raw.length; at += 2) {
    if (raw[at]!.length === 4 && raw[at]!.toLowerCase() === 'host') hosts += 1
  }
  if (hosts > 1) {
    throw brokenHead(
      400,
      'bad_http',
      'The request has more than one Host in its headers. Send one.',
    )
  }
}

function brokenHead(status: number, code: string, message: string): ProxyError {
  return new ProxyError(status, code, message, { headers: { connection: 'close' } })
}

export interface PresentedKeys {
  /** whose key of the proxy's own came along: of two the one that is still taken */
  caller?: Caller
  /** a credential that is none of the proxy's keys, as header and value */
  foreign?: { header: 'authorization' | 'x-api-key'; value: string }
}

/** What stands before a key in `authorization`, where anything does: the schemes of model APIs. */
const keySchemes = new Set(['bearer', 'token', 'key', 'api-key', 'apikey'])

/** The key in a value of `authorization`; undefined in `Basic …`, which a front door in front of the proxy asks for. */
export function keyIn(authorization: string): string | undefined {
  const text = authorization.trim()
  const end = text.search(/\s/)
  if (end === -1) return keySchemes.has(text.toLowerCase()) ? '' : text
  const isKey = keySchemes.has(text.slice(0, end).toLowerCase())
  return isKey ? text.slice(end).trimStart() : undefined
}

/**
 * Looks at `Authorization` of the schemes of model APIs and at `x-api-key`. `keys`: the proxy's own; without any, every credential
 * is foreign.
 */
export function presentedKeys(
  headers: IncomingHttpHeaders,
  keys: readonly ClientKey[],
): PresentedKeys {
  const found: PresentedKeys = {}
  for (const header of ['authorization', 'x-api-key'] as const) {
    const value = headers[header]
    if (typeof value !== 'string' || value === '') continue
    const key = header === 'authorization' ? keyIn(value) : value
    if (!key) continue
    const caller = holderOf(key, keys)
    if (!caller) found.foreign ??= { header, value }
    else if (!found.caller || whyRefused(found.caller) !== undefined) found.caller = caller
  }
  return found
}

/**
 * Compares with every key, in a time that depends on lengths alone: it reveals neither how much of a key was right nor of
 * which.
 */
function holderOf(key: string, known: readonly ClientKey[]): Caller | undefined {
  const plain = Buffer.from(key)
  const hash = known.some(({ isHash }) => isHash) ? sha256(key) : undefined
  let holder: Caller | undefined
  for (const { bytes, isHash, caller } of known) {
    const given = isHash && hash ? hash : plain
    if (given.length === bytes.length && timingSafeEqual(given, bytes)) holder = caller
  }
  return holder
}

/** Why a known key is taken no longer; undefined while it is. The last day ends at its last second here. */
export function whyRefused({ name, enabled, expires }: Caller): string | undefined {
  if (!enabled) return `The key of the client ${name} is disabled.`
  if (expires === undefined || localDay(new Date()) <= expires) return undefined
  return `The key of the client ${name} expired on ${expires}.`
}

/** `refused`: why the key that came is not taken. The record gets the address, by which a firewall can keep out who tries keys. */
export function keyNeeded(
  refused?: string,
  record?: { from: string | undefined },
  { remoteAddress }: Partial<Pick<Socket, 'remoteAddress'>> = {},
): ProxyError {
  if (record) record.from = remoteAddress
  return new ProxyError(401, 'invalid_api_key', refused ?? unknownKey, {
    headers: { 'www-authenticate': 'Bearer' },
  })
}

const unknownKey =
  'Missing or unknown client key. Send a key of api_keys or clients as `Authorization: Bearer …` or `x-api-key`.'

export function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

export interface Asking {
  method: string | undefined
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
  if (loopback.test(config.host) && !isHostOfOurs(asking)) {
    throw forbidden(
      'host_not_allowed',
      'This proxy listens on loopback only, so it must be called as localhost, 127.0.0.1 or [::1], or with a client key (API_KEYS).',
    )
  }
  const { origin } = headers
  if (origin !== undefined && !isAllowed(origin, config)) {
    throw forbidden(
      'origin_not_allowed',
      'Web pages of this origin may not call the proxy. Add it to cors_origins in config.json if you trust it.',
    )
  }
  if (origin === undefined && headers['sec-fetch-site'] === 'cross-site' && !isVisit(asking)) {
    throw forbidden('origin_not_allowed', 'Web pages of other sites may not call the proxy.')
  }
}

/** A page that somebody opens by a link: only they see the answer, and no GET changes anything. A form would be a POST, a frame no document. */
function isVisit({ method, headers }: Asking): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': shownAs } = headers
  return method === 'GET' && mode === 'navigate' && shownAs === 'document'
}

/** This machine, as Docker, Podman and virtual machines on it call it. No name on the internet ends so: ICANN keeps `.internal`. */
const fromContainers =
  /^(?:host|gateway)\.(?:docker|containers|lima|orb|rancher-desktop|minikube|k3d)\.internal\.?$/i

/**
 * A page whose name was rebound to this machine sends that name. Health checks may send an address, which cannot be rebound, or
 * nothing, as HTTP/1.0 allows and no browser does.
 */
function isHostOfOurs({ host = '', open }: Asking): boolean {
  const name = hostName(host)
  const isHere = loopback.test(name) || fromContainers.test(name)
  return isHere || (open && (name === '' || isIP(name) !== 0))
}

/** What front proxies say of whom they ask for, and what shows that there is one. */
const askedFor = [
  'x-forwarded-for',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
  'x-client-ip',
  'forwarded',
] as const
const shownBy = ['x-forwarded-host', 'x-forwarded-proto'] as const

/** Whether a front proxy sent the request, as far as it shows: some say no more than `via`. */
export function cameByProxy(headers: IncomingHttpHeaders): boolean {
  return ['via', ...askedFor, ...shownBy].some((name) => headers[name] !== undefined)
}

/**
 * Where no key is asked for, the listener on loopback is the only door, and a front proxy on this machine comes through it, too:
 * nginx calls it by its loopback address unless told otherwise. Throws ProxyError 403 where such a one asks for somebody elsewhere.
 * A local tool that names this machine, or nobody (`via` alone), passes.
 * @see https://github.com/KarpelesLab/teamclaude/issues/324
 */
export function checkForwarded(headers: IncomingHttpHeaders, { host }: Config): void {
  const header = elsewhereBy(headers)
  if (header === undefined || !loopback.test(host)) return
  throw forbidden(
    'forwarded_not_allowed',
    `A front proxy asks for another machine (${header}), and without client keys this proxy serves its own machine only. Set API_KEYS, and let the client or the front proxy send one of them.`,
  )
}

/**
 * By what a front proxy shows that tells nothing of its callers; undefined where nothing does. nginx speaks HTTP/1.0, and from 1.29.7
 * on takes out only `connection`, which browsers and Node, who say how they fetch, always send.
 * @see https://github.com/nginx/nginx.org/issues/298
 */
export function signOfFront({ httpVersionMinor, headers }: IncomingMessage): string | undefined {
  if (httpVersionMinor === 0) return 'HTTP/1.0'
  const isBare = headers.connection === undefined && headers['sec-fetch-mode'] !== undefined
  return isBare ? 'sec-fetch' : undefined
}

/** The header that says so; undefined where nothing does. */
function elsewhereBy(headers: IncomingHttpHeaders): string | undefined {
  let isNamed = false
  for (const name of askedFor) {
    const value = headers[name]
    if (value === undefined) continue
    isNamed = true
    if (!addressesIn(name, String(value)).every(isLoopback)) return name
  }
  return isNamed ? undefined : shownBy.find((name) => headers[name] !== undefined)
}

/** Of `Forwarded` what follows `for=`. Source: RFC 7239 §4, 2014. */
function addressesIn(name: string, value: string): string[] {
  const places = value.split(',')
  if (name !== 'forwarded') return places
  return places.map((place) => /\bfor="?([^";\s]*)/i.exec(place)?.[1] ?? '')
}

/** An address of this machine, of IPv4, IPv6, or IPv4 written as IPv6; with or without a port. */
export function isLoopback(address: string): boolean {
  const text = address.trim()
  const name = isIP(text) === 0 ? hostName(text) : text
  return loopback.test(name.replace(/^::ffff:/i, ''))
}

/** The headers that let a page read an answer; none for those that may not. */
export function corsHeaders(
  { headers: { origin }, hasKey, keyFollows }: Asking,
  config: Config,
): Record<string, string> {
  const may = hasKey || keyFollows || isAllowed(origin ?? '', config)
  if (origin === undefined || !may) return {}
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': '*',
    vary: 'origin',
  }
}

/** The answer to a preflight, beside `corsHeaders`. It grants the headers asked for: SDKs send many of their own. */
export function preflightHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const usual =
    'authorization, x-api-key, content-type, anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-access'
  const asked = headers['access-control-request-headers']
  return {
    'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
    'access-control-allow-headers': asked && /^[\w\-, ]+$/.test(asked) ? asked : usual,
    'access-control-max-age': '600',
    // Chrome asks so for a page of the internet that calls a machine at home. Source: WICG, Private Network Access, 2025
    ...(headers['access-control-request-private-network'] === 'true' && {
      'access-control-allow-private-network': 'true',
    }),
  }
}

function isAllowed(origin: string, { prepared }: Config): boolean {
  return prepared.origins.test(origin.toLowerCase())
}

/** `[::1]:3000` → `::1`. */
export function hostName(host: string): string {
  return host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
}

function forbidden(code: string, message: string): ProxyError {
  return new ProxyError(403, code, message)
}
