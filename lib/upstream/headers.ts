/**
 * Which headers travel, up and down. Pure: from the client's, the endpoint's and the upstream's, and what the body needs.
 * Sources: RFC 9110 §7.6.1 (headers of one connection), RFC 7515 §3.1 and RFC 7516 §3.1 (JWT).
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Endpoint, Model } from '../config/types.ts'
import type { Redact } from '../log/log.ts'

export interface RequestHeaderParts {
  client: IncomingHttpHeaders
  /** all, or those with such a beginning: to a model of another API most of them mean nothing */
  pass: 'all' | readonly string[]
  endpoint: Endpoint
  model: Model
  /** undefined where none goes up */
  credential: { header: string; value: string } | undefined
  /** what the body needs; `undefined` takes a header out */
  extra: Record<string, string | undefined>
  /** a UUID; for the message, and for a client that has no session of its own */
  newId: () => string
  /** bytes */
  contentLength: number
  host: string
}

/** What means something to any upstream: who asks, and as a part of which trace. */
export const whoAsks = new Set(['user-agent', 'accept-language', 'traceparent', 'tracestate'])

/** Names that clients give their conversations by: Claude Code's, ours, Codex's, opencode's. */
export const conversationHeaders = [
  'x-claude-code-session-id',
  'session_id',
  'x-session-id',
  'session-id',
  'x-session-affinity',
] as const

/** Names a client may give its session by: ours, Claude Code's, Codex's. */
const sessionHeaders = ['x-session-id', 'x-claude-code-session-id', 'session-id']

/** Lower-case names; one value each. */
export function requestHeaders(parts: RequestHeaderParts): Record<string, string> {
  const headers = clientHeaders(parts.client, parts.pass)
  const generated: Generated = {}
  const { headers: fixed } = parts.endpoint
  for (const name in fixed) {
    const value = fixed[name]!
    if (value === '') delete headers[name.toLowerCase()]
    else headers[name.toLowerCase()] = headerValue(filled(value, parts, generated))
  }
  const { extra } = parts
  for (const name in extra) {
    const value = extra[name]
    if (value === undefined) delete headers[name]
    else headers[name] = headerValue(value)
  }
  const { credential } = parts
  if (credential) headers[credential.header] = headerValue(credential.value)
  headers.host = parts.host
  headers['content-length'] = String(parts.contentLength)
  return headers
}

type SentParts = Pick<RequestHeaderParts, 'client' | 'extra'> & {
  endpoint: Pick<Endpoint, 'headers'>
}

/** What goes up under a name; nothing where the endpoint fixes it. */
export function sentHeader({ client, endpoint, extra }: SentParts) {
  return (name: string): string | undefined => {
    if (Object.hasOwn(extra, name)) return extra[name]
    const isFixed = Object.keys(endpoint.headers).some((fixed) => fixed.toLowerCase() === name)
    const value = isFixed ? undefined : client[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
}

function clientHeaders(client: IncomingHttpHeaders, pass: RequestHeaderParts['pass']) {
  const isHopByHop = hopByHopTest(client.connection)
  const headers: Record<string, string> = {}
  for (const name in client) {
    const value = client[name]
    if (value === undefined || isHopByHop(name)) continue
    if (pass !== 'all' && !whoAsks.has(name) && !pass.some((start) => name.startsWith(start))) {
      continue
    }
    const text = Array.isArray(value) ? value.join(', ') : value
    if (!staysHere(name, text)) headers[name] = text
  }
  return headers
}

/** What a `{name}` in a header of an endpoint stands for. */
const values = {
  session_id: ({ client, newId }: RequestHeaderParts) => {
    const own = sessionHeaders.map((name) => client[name]).find((value) => value !== undefined)
    return typeof own === 'string' ? own : newId()
  },
  message_id: ({ newId }: RequestHeaderParts) => newId(),
  provider: ({ model }: RequestHeaderParts) => model.provider ?? model.type,
}

/** Placeholders get one value per request. */
type Generated = Partial<Record<keyof typeof values, string>>

function filled(template: string, parts: RequestHeaderParts, generated: Generated): string {
  if (!template.includes('{')) return template
  return template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    isValue(name) ? (generated[name] ??= values[name](parts)) : whole,
  )
}

function isValue(name: string): name is keyof typeof values {
  return Object.hasOwn(values, name)
}

/** Ids, limits and retry hints: clients of other APIs act on them, too. */
const neutral = new Set([
  'x-request-id',
  'request-id',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'openai-processing-ms',
])
const neutralPrefixes = ['x-ratelimit-', 'anthropic-ratelimit-']

/** `raw` with what an upstream echoes of a credential taken out; nearly always there is nothing to take out. */
export function withoutSecrets(raw: readonly string[], redact: Redact): readonly string[] {
  const all = raw.join('\n')
  return redact(all) === all ? raw : raw.map(redact)
}

/** Says in the answer which model serves, and where. */
export function nameServer(
  res: ServerResponse,
  { model, endpoint }: { model: Pick<Model, 'id'>; endpoint: Pick<Endpoint, 'name'> },
): void {
  res.setHeader('x-droid2api-model', headerValue(model.id))
  res.setHeader('x-droid2api-endpoint', headerValue(endpoint.name))
}

/** How the figures of a rate limit are named: by the upstream, with the groups `figure` and `of`, and for the client. */
export interface LimitNames {
  limits: RegExp
  limitHeader: (figure: string, of: string) => string
}

/**
 * The headers of an answer that the client gets, in the upstream's order: all but those of the connection and cookies. `raw`:
 * names and values in turn. `translated`: only what does not describe the upstream's own body, with limits under the client's
 * names, too, and always an `x-request-id` where the upstream gave an id. Several values of one name stay several.
 */
export function answerHeaders(
  raw: readonly string[],
  translated?: LimitNames,
): Record<string, string | string[]> {
  const isHopByHop = hopByHopTest(connectionOf(raw))
  const headers: Record<string, string | string[]> = {}
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase()
    if (isHopByHop(name) || isOfUpstream(name)) continue
    if (translated && !isNeutral(name)) continue
    const value = headerValue(raw[index + 1]!)
    headers[name] = Object.hasOwn(headers, name) ? [headers[name]!, value].flat() : value
  }
  return translated ? withClientNames(headers, translated) : headers
}

/** What all `connection` headers together name. */
function connectionOf(raw: readonly string[]): string {
  let named = ''
  for (let index = 0; index + 1 < raw.length; index += 2) {
    if (raw[index]!.toLowerCase() === 'connection') named += `,${headerValue(raw[index + 1]!)}`
  }
  return named
}

/** Cookies and rules for browsers concern the upstream's own address. */
function isOfUpstream(name: string): boolean {
  return name === 'set-cookie' || name === 'alt-svc' || name.startsWith('access-control-')
}

function isNeutral(name: string): boolean {
  return neutral.has(name) || neutralPrefixes.some((prefix) => name.startsWith(prefix))
}

function withClientNames(
  headers: Record<string, string | string[]>,
  { limits, limitHeader }: LimitNames,
) {
  const named = { ...headers }
  for (const [name, value] of Object.entries(headers)) {
    const { figure, of } = limits.exec(name)?.groups ?? {}
    if (figure && of) named[limitHeader(figure, of)] ??= value
  }
  const id = named['x-request-id'] ?? named['request-id']
  if (id !== undefined) named['x-request-id'] = id
  return named
}

/** They belong to one connection and must not travel on. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** A test for the headers of one message; `connection` is that message's own, which may name more of them. */
export function hopByHopTest(connection = ''): (name: string) => boolean {
  if (connection === '' || hopByHop.has(connection)) return (name) => hopByHop.has(name)
  const named = new Set(connection.split(',').map((name) => name.trim().toLowerCase()))
  return (name) => hopByHop.has(name) || named.has(name)
}

/** Fast path: true if either replacement below would change the value. */
const forbidden = /[^\t -~\u00a0-\u00ff]/

/** A value as it may stand in a header line: nothing that could begin another one, nothing beyond Latin-1. */
export function headerValue(value: string): string {
  if (!forbidden.test(value)) return value
  return value.replace(/(?!\t)\p{Cc}+/gu, ' ').replace(/[^\t -\u00ff]/gu, '?')
}

/*
 * Headers that are no business of an upstream's: who the caller is at the doors in front of us (single sign-on, load
 * balancers, CDNs), credentials for anything but the upstream, addresses, pages. All other headers are an open list.
 */

/** Clients of model APIs need these, whatever is in them. */
const clientFamilies =
  /^(?:anthropic-|openai-|x-stainless-|x-claude-|x-codex-|(?:x-app|originator|session[-_]id|thread-id|x-client-request-id|traceparent)$)/

const withheld = new RegExp(
  `^(?:${[
    // credentials, cookies, pages; what we set ourselves
    '(?:authorization|cookie2?|host|origin|referer|api-key|http2-settings|expect)$',
    'content-(?:length|encoding)$',
    'sec-|access-control-',
    // orders to this program
    'x-droid2api-',
    // addresses
    '(?:forwarded|via|cdn-loop)$',
    'x-forwarded-|x-original-|x-originating-|x-cluster-|x-envoy-|x-remote-|remote-',
    // doors, by maker
    'cf-|x-amzn-|x-goog-|x-ms-|x-azure-|x-arr-|x-appengine-|x-serverless-|fly-|fastly-|(?:x-)?akamai-|x-vercel-|x-nf-',
    'x-auth-request-|x-pomerium-|x-authentik-|x-authelia-|x-vouch-|x-webauth-|x-consumer-|x-credential-|x-userinfo$',
    '(?:x-)?tailscale-|ngrok-auth-|x-openwebui-user-|(?:x-)?ssl-client-|x-client-cert',
    // kinds, by their ends
    '(?:.*-)?(?:client|real|connecting|socket|user)-?ip$',
    '.*-(?:authorization|api-?key|subscription-key|secret|secret-key|password|jwt|jwt-assertion|assertion)$',
    '(?:.*-)?(?:access|auth|id|refresh|session|security|user|bearer|private|vault|csrf|xsrf)-?token$',
  ].join('|')})`,
)

/** Three to five parts of base64url, alone or behind a scheme or a name. */
const jwt = /(?:^|[\s"'=,;])eyJ[\w-]*\.[\w-]+\.[\w-]*/

/** Whether a header of the client's must not go up. `name` in lower case. */
export function staysHere(name: string, value: string): boolean {
  if (clientFamilies.test(name)) return false
  return withheld.test(name) || (value.includes('eyJ') && jwt.test(value))
}
