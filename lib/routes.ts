/** The route table: which path and method is answered by whom, and in the error envelope of which client. */
import type { IncomingMessage } from 'node:http'
import { seesAll } from './admin.ts'
import type { Endpoint } from './app.ts'
import { askModel } from './endpoints/ask.ts'
import { health, ready } from './endpoints/health.ts'
import { deleteResponse, keptResponse, postBelow } from './endpoints/kept-response.ts'
import { metrics } from './endpoints/metrics.ts'
import { listModels, oneModel } from './endpoints/models.ts'
import { ownUsage } from './endpoints/own-usage.ts'
import { oneRequest, recentRequests } from './endpoints/requests.ts'
import { likesHtml, pageAsset, statusPage } from './endpoints/status-page.ts'
import { status } from './endpoints/status.ts'
import { usageReport } from './endpoints/usage.ts'
import { sendJson } from './http/answer.ts'
import { ProxyError } from '../pipelines/errors.ts'
import { clients, type Client } from '../pipelines/index.ts'

interface Route {
  /** as logs and `GET /` name it */
  name: string
  methods: Record<string, Endpoint>
  /** answered without a client key */
  open?: true
  /** answered to whom the operator's figures are for, whatever client key comes along */
  admin?: true
  /** asks a model, by POST */
  asks?: true
  /** what would be sent is the answer */
  dry?: true
}

/** Name, version and routes, and the page for a browser that may look. Claude Code asks HEAD / before its first call. */
const root: Endpoint = async (req, res, call) => {
  const { config, headers } = call
  if (config.status_page && likesHtml(headers.accept) && seesAll(req, config)) {
    await statusPage(req, res, call)
    return
  }
  sendJson(res, 200, { name: 'droid2api', version: call.app.version, routes: routeNames() })
}

const get = (endpoint: Endpoint) => ({ GET: endpoint, HEAD: endpoint })

/** What is not there where the page is switched off. */
const ofPage =
  (endpoint: Endpoint): Endpoint =>
  (req, res, call) => {
    if (!call.config.status_page) throw unknownPath(call.path)
    return endpoint(req, res, call)
  }

const ask = (name: string): Route => ({ name, methods: { POST: askModel }, asks: true })

const exact = new Map<string, Route>(
  [
    { name: '/', methods: get(root), open: true as const },
    { name: '/health', methods: get(health), open: true as const },
    { name: '/ready', methods: get(ready), open: true as const },
    { name: '/v1/models', methods: get(listModels) },
    { name: '/usage/me', methods: get(ownUsage) },
    { name: '/usage', methods: get(usageReport), admin: true as const },
    { name: '/status', methods: get(ofPage(statusPage)), admin: true as const },
    { name: '/status/page.css', methods: get(ofPage(pageAsset)), admin: true as const },
    { name: '/status/page.js', methods: get(ofPage(pageAsset)), admin: true as const },
    { name: '/status.json', methods: get(status), admin: true as const },
    { name: '/metrics', methods: get(metrics), admin: true as const },
    { name: '/requests', methods: get(recentRequests), admin: true as const },
    ask(clients.chat.route),
    ask(clients.messages.route),
    ask(`${clients.messages.route}/count_tokens`),
    ask(clients.responses.route),
  ].map((route): [string, Route] => [route.name, route]),
)

/** Sub-paths go upstream as they are, so they are letters, digits, `_` and `-` only. */
const patterns: [RegExp, Route][] = [
  [/^\/requests\/.+$/, { name: '/requests/{id}', methods: get(oneRequest), admin: true }],
  [/^\/v1\/models\/.+$/, { name: '/v1/models/{id}', methods: get(oneModel) }],
  [
    /^\/v1\/responses(?:\/[\w-]+)+$/,
    {
      name: '/v1/responses/{path}',
      methods: { POST: postBelow, ...get(keptResponse), DELETE: deleteResponse },
      asks: true,
    },
  ],
]

const clientList = Object.values(clients)

/** Loaded when it is first asked for. */
const explain: Endpoint = async (req, res, call) => {
  const { answerExplained } = await import('./explain/answer.ts')
  await answerExplained(req, res, call)
}

/** In place of a route to models where a request is only to be explained: nothing of it sends. */
function dryRoute({ name }: Route): Route {
  return { name, methods: { POST: explain }, admin: true, dry: true }
}

export interface Match {
  route: Route | undefined
  /** host and port of an absolute URL, which goes before the Host header: RFC 9112 §3.2.2 */
  authority: string | undefined
  path: string
  query: string
  client: Client
}

/**
 * The route that a request's URL names. Forgives a trailing slash, doubled slashes, a doubled `/v1` and a missing one. `isDry`: no
 * model is to be asked.
 */
export function match(target: string, isDry = false): Match {
  const authority = /^https?:\/\/([^/?#]*)/i.exec(target)
  const url = authority ? `/${target.slice(authority[0].length).replace(/^\//, '')}` : target
  const mark = url.indexOf('?')
  const query = mark === -1 || mark === url.length - 1 ? '' : url.slice(mark)
  const path = normalise(mark === -1 ? url : url.slice(0, mark))
  const named = exact.get(path) ?? patterns.find(([pattern]) => pattern.test(path))?.[1]
  const route = isDry && named?.asks ? dryRoute(named) : named
  return {
    route,
    authority: authority?.[1],
    path,
    query,
    client: clientList.find((one) => path.startsWith(one.route)) ?? clients.chat,
  }
}

/**
 * Throws ProxyError 404 for an unknown path, 405 with `allow` for a method the path does not take, 426 for a websocket in its
 * place.
 */
export function endpointFor({ route, path }: Match, req: IncomingMessage): Endpoint {
  const method = req.method ?? 'GET'
  if (!route) throw unknownPath(path)
  const endpoint = Object.hasOwn(route.methods, method) ? route.methods[method] : undefined
  if (endpoint) return endpoint
  if (req.headers.upgrade?.toLowerCase() === 'websocket') throw withoutWebsocket(route.name)
  const allow = Object.keys(route.methods).join(', ')
  throw new ProxyError(405, 'method_not_allowed', `${route.name} takes ${allow}, not ${method}.`, {
    headers: { allow },
  })
}

/** Codex goes over to HTTP at once on this status; on any other it tries again for seven seconds, at the start of each session. */
function withoutWebsocket(name: string): ProxyError {
  const message = `${name} has no websocket. Send the request by HTTP.`
  return new ProxyError(426, 'websocket_not_supported', message, {
    headers: { upgrade: 'HTTP/1.1', connection: 'upgrade' },
  })
}

export function unknownPath(path: string): ProxyError {
  return new ProxyError(
    404,
    'unknown_path',
    `There is nothing at ${JSON.stringify(path.slice(0, 100))}. ${hintFor(path)}GET / lists the routes.`,
  )
}

/**
 * What a base address with a path of its own leads to, and a front proxy that does not take off the path it is at. Nothing for a
 * route that is hidden from who asks.
 */
function hintFor(path: string): string {
  const meant = [...exact.values()].find(({ name }) => path.endsWith(name.replace(/^\/v1/, '')))
  if (!meant || meant.admin || isKnown(path)) return ''
  return `${meant.name} is there: the client's base URL must end in host and port, or in /v1. `
}

/** The routes as `GET /` shows them. */
function routeNames(): string[] {
  return [...exact.values(), ...patterns.map(([, route]) => route)].map(
    (route) => `${Object.keys(route.methods).join('|')} ${route.name}`,
  )
}

function normalise(raw: string): string {
  let path = raw.length > 1 ? raw.replace(/\/+$/, '') || '/' : raw
  while (path.startsWith('/v1/v1/')) path = path.slice(3)
  // the base address, which some clients ask for to see whether anybody is there
  if (path === '/v1') return '/'
  if (isKnown(path)) return path
  if (isKnown(`/v1${path}`)) return `/v1${path}`
  // of a base address that ends in a slash; below a route, where a path goes up as it is, nothing is forgiven
  const single = path.replace(/\/{2,}/g, '/')
  return single !== path && exact.has(normalise(single)) ? normalise(single) : path
}

function isKnown(path: string): boolean {
  return exact.has(path) || patterns.some(([pattern]) => pattern.test(path))
}
