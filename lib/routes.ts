/** The route table: which path and method is answered by whom, and in whose error dialect. */
import type { Endpoint } from './app.ts'
import { sendJson } from './http/answer.ts'
import { rewriteMessages } from '../pipelines/providers/anthropic/rewrite.ts'
import { rewriteResponses } from '../pipelines/providers/openai/rewrite.ts'
import { forwardRequest, type TransparentApi } from './same-api/forward.ts'
import { answerChat } from './translated/chat.ts'
import { health, ready } from './endpoints/health.ts'
import { listModels, oneModel } from './endpoints/models.ts'
import { ProxyError, type Dialect } from '../pipelines/errors.ts'

interface Route {
  /** as logs and `GET /` name it */
  name: string
  methods: Record<string, Endpoint>
  /** answered without a client key */
  open?: true
}

const messagesApi: TransparentApi = { type: 'anthropic', rewrite: rewriteMessages }
const responsesApi: TransparentApi = { type: 'openai', rewrite: rewriteResponses }

const messages: Endpoint = (req, res, call) => forwardRequest(req, res, call, messagesApi, '')
const countTokens: Endpoint = (req, res, call) =>
  forwardRequest(req, res, call, messagesApi, '/count_tokens')
const responses: Endpoint = (req, res, call) =>
  forwardRequest(req, res, call, responsesApi, call.path.slice('/v1/responses'.length))

/** What this is and where to go. Claude Code asks HEAD / before its first call. */
const root: Endpoint = (_req, res, call) => {
  sendJson(res, 200, { name: 'droid2api', version: call.app.version, routes: routeNames() })
}

const get = (endpoint: Endpoint) => ({ GET: endpoint, HEAD: endpoint })

const exact = new Map<string, Route>(
  [
    { name: '/', methods: get(root), open: true as const },
    { name: '/health', methods: get(health), open: true as const },
    { name: '/ready', methods: get(ready), open: true as const },
    { name: '/v1/models', methods: get(listModels) },
    { name: '/v1/chat/completions', methods: { POST: answerChat } },
    { name: '/v1/messages', methods: { POST: messages } },
    { name: '/v1/messages/count_tokens', methods: { POST: countTokens } },
    { name: '/v1/responses', methods: { POST: responses } },
  ].map((route) => [route.name, route]),
)

/** Sub-paths go upstream as they are, so only plain words get through. */
const patterns: [RegExp, Route][] = [
  [/^\/v1\/models\/.+$/, { name: '/v1/models/{id}', methods: get(oneModel) }],
  [
    /^\/v1\/responses(?:\/[\w-]+)+$/,
    { name: '/v1/responses/{path}', methods: { POST: responses } },
  ],
]

export interface Match {
  route: Route | undefined
  /** host and port of an absolute URL, which goes before the Host header: RFC 9112 §3.2.2 */
  authority: string | undefined
  path: string
  query: string
  dialect: Dialect
}

/** What a request's URL stands for. Forgives a trailing slash, a doubled `/v1` and a missing one. */
export function match(target: string): Match {
  const authority = /^https?:\/\/([^/?#]*)/i.exec(target)
  const url = authority ? `/${target.slice(authority[0].length).replace(/^\//, '')}` : target
  const mark = url.indexOf('?')
  const query = mark === -1 || mark === url.length - 1 ? '' : url.slice(mark)
  const path = normalise(mark === -1 ? url : url.slice(0, mark))
  const route = exact.get(path) ?? patterns.find(([pattern]) => pattern.test(path))?.[1]
  return {
    route,
    authority: authority?.[1],
    path,
    query,
    dialect: path.startsWith('/v1/messages') ? 'anthropic' : 'openai',
  }
}

/** Throws ProxyError 404 for an unknown path, 405 with `allow` for a method the path does not take. */
export function endpointFor({ route, path }: Match, method: string): Endpoint {
  if (!route) {
    throw new ProxyError(
      404,
      'unknown_path',
      `There is nothing at ${JSON.stringify(path.slice(0, 100))}. GET / lists the routes.`,
    )
  }
  const endpoint = Object.hasOwn(route.methods, method) ? route.methods[method] : undefined
  if (endpoint) return endpoint
  const allow = Object.keys(route.methods).join(', ')
  throw new ProxyError(405, 'method_not_allowed', `${route.name} takes ${allow}, not ${method}.`, {
    headers: { allow },
  })
}

/** The routes as `GET /` shows them. */
export function routeNames(): string[] {
  return [...exact.values(), ...patterns.map(([, route]) => route)].map(
    (route) => `${Object.keys(route.methods).join('|')} ${route.name}`,
  )
}

function normalise(raw: string): string {
  let path = raw.length > 1 ? raw.replace(/\/+$/, '') || '/' : raw
  while (path.startsWith('/v1/v1/')) path = path.slice(3)
  // what clients call the base address, and look at to see whether anybody is there
  if (path === '/v1') return '/'
  if (isKnown(path)) return path
  return isKnown(`/v1${path}`) ? `/v1${path}` : path
}

function isKnown(path: string): boolean {
  return exact.has(path) || patterns.some(([pattern]) => pattern.test(path))
}
