/**
 * The upstream of `droid2api demo`: a server on loopback that speaks the providers' APIs well enough for their clients, with
 * no model behind it. What it says is decided in `script.ts`; each API tells that in its own words.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { sendJson } from '../http/answer.ts'
import { bodyPace, readBody } from '../http/body.ts'
import { parseJsonObject } from '../../pipelines/json/request-body.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import { midstreamMessage, newId, type DemoApi } from './api.ts'
import { chatApi } from './chat.ts'
import { errorBody, providerHeaders, type Dialect } from './dialect.ts'
import { countedTokens, messagesApi } from './messages.ts'
import { playCutBody, playStream } from './play.ts'
import { compacted, responsesApi } from './responses.ts'
import { decide } from './script.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'

export interface DemoUpstream {
  /** `http://127.0.0.1:PORT`, without a path */
  url: string
  /** Ends it, and every answer under way. */
  close(): Promise<void>
}

export interface DemoOptions {
  /** milliseconds between two pieces of a stream; default 40 */
  paceMs?: number
}

type Handler = (body: JsonObject, res: ServerResponse) => void | Promise<void>

/** More than the proxy lets through by default. */
const maxBodyBytes = 256 * 1024 * 1024

/** Longer than clients keep an idle connection, so that none is closed under a request. */
const keepAliveMs = 75_000

/** Starts it on a free port of 127.0.0.1. */
export async function startDemoUpstream(options: DemoOptions = {}): Promise<DemoUpstream> {
  const routes = routesAt(options.paceMs ?? 40)
  const server = createServer((req, res) => void serve(req, res, routes))
  server.keepAliveTimeout = keepAliveMs
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The demo has no port.')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function routesAt(paceMs: number): Map<string, Handler> {
  return new Map<string, Handler>([
    ['/v1/messages', answering(messagesApi, paceMs)],
    ['/v1/messages/count_tokens', (body, res) => sendJson(res, 200, countedTokens(body))],
    ['/v1/responses', answering(responsesApi, paceMs)],
    ['/v1/responses/compact', (body, res) => sendJson(res, 200, compacted(body))],
    ['/v1/chat/completions', answering(chatApi, paceMs)],
  ])
}

/** Throws ProxyError for what the request gets wrong and for the failures it asks for. */
function answering(api: DemoApi, paceMs: number): Handler {
  return async (body, res) => {
    const script = decide(api.ask(body))
    const telling = api.tell(body, script)
    if (body.stream === true) {
      res.setHeader('content-type', 'text/event-stream; charset=utf-8')
      res.setHeader('cache-control', 'no-cache')
      await playStream(res, telling, script, paceMs)
    } else if (script.breaks === 'error') {
      throw new ProxyError(500, null, midstreamMessage)
    } else if (script.breaks === 'cut') playCutBody(res, telling.body)
    else sendJson(res, 200, telling.body)
  }
}

async function serve(
  req: IncomingMessage,
  res: ServerResponse,
  routes: Map<string, Handler>,
): Promise<void> {
  const [path = ''] = (req.url ?? '').split('?')
  const dialect: Dialect = path.startsWith('/v1/messages') ? 'anthropic' : 'openai'
  const id = newId('req_')
  for (const [name, value] of Object.entries(providerHeaders(dialect, id))) {
    res.setHeader(name, value)
  }
  try {
    const handler = req.method === 'POST' ? routes.get(path) : undefined
    if (!handler) throw unknownPath(req.method ?? '', path)
    await handler(parseJsonObject(await readBody(req, maxBodyBytes, bodyPace)), res)
  } catch (error) {
    refuse(res, dialect, id, error)
  }
}

function refuse(res: ServerResponse, dialect: Dialect, id: string, cause: unknown): void {
  if (res.destroyed) return
  if (res.headersSent) {
    res.destroy()
    return
  }
  const error =
    cause instanceof ProxyError
      ? cause
      : new ProxyError(500, null, `The demo upstream failed: ${String(cause)}`, { cause })
  sendJson(res, error.status, errorBody(dialect, id, error), error.headers)
}

function unknownPath(method: string, path: string): ProxyError {
  return new ProxyError(404, 'not_found', `The demo upstream has no ${method} ${path}.`)
}
