/** The headers that go upstream: pure, from the client's, the endpoint's and what the body needs. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Endpoint, Model } from '../config/types.ts'
import { staysHere } from './front-door.ts'
import { headerValue, hopByHopTest } from './hop-by-hop.ts'

export interface RequestHeaderParts {
  client: IncomingHttpHeaders
  /** `all`: the client speaks the upstream's own API. `chosen`: it speaks another, so most of its headers mean nothing there */
  pass: 'all' | 'chosen'
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

/** What still means something to an upstream of another API: who asks, betas and versions, the session. */
const chosen = new Set(['user-agent', 'accept-language'])
const chosenPrefixes = ['anthropic-', 'openai-', 'x-session-']

/** Names a client may give its session by: ours, Claude Code's, Codex's. */
const sessionHeaders = ['x-session-id', 'x-claude-code-session-id', 'session-id']

/** Lower-case names; one value each. */
export function requestHeaders(parts: RequestHeaderParts): Record<string, string> {
  const headers = clientHeaders(parts.client, parts.pass)
  const said: Said = {}
  for (const [name, value] of Object.entries(parts.endpoint.headers)) {
    headers[name.toLowerCase()] = headerValue(filled(value, parts, said))
  }
  for (const [name, value] of Object.entries(parts.extra)) {
    if (value === undefined) delete headers[name]
    else headers[name] = headerValue(value)
  }
  const { credential } = parts
  if (credential) headers[credential.header] = headerValue(credential.value)
  headers.host = parts.host
  headers['content-length'] = String(parts.contentLength)
  return headers
}

function clientHeaders(client: IncomingHttpHeaders, pass: 'all' | 'chosen') {
  const isHopByHop = hopByHopTest(client.connection)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(client)) {
    if (value === undefined || isHopByHop(name)) continue
    if (pass === 'chosen' && !isChosen(name)) continue
    const text = Array.isArray(value) ? value.join(', ') : value
    if (!staysHere(name, text)) headers[name] = text
  }
  return headers
}

function isChosen(name: string): boolean {
  return chosen.has(name) || chosenPrefixes.some((prefix) => name.startsWith(prefix))
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

/** What was filled in before: a name stands for the same in all headers of a request. */
type Said = Partial<Record<keyof typeof values, string>>

function filled(template: string, parts: RequestHeaderParts, said: Said): string {
  if (!template.includes('{')) return template
  return template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    isValue(name) ? (said[name] ??= values[name](parts)) : whole,
  )
}

function isValue(name: string): name is keyof typeof values {
  return Object.hasOwn(values, name)
}
