/**
 * The upstream of `droid2api demo`: a server on loopback that speaks the providers' APIs well enough for their clients, with
 * no model behind it. `script.ts` decides the answer; each API writes it in its own form, with a model's pauses, and broken
 * where the script wants that.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import {
  errorAnswer,
  midstreamMessage,
  providerHeaders,
  type DemoApi,
  type DemoEvent,
  type DemoAnswer,
  type Manner,
} from './api.ts'
import { chatApi } from './chat.ts'
import { googleApi, googleCall } from './google.ts'
import { countedTokens, messagesApi } from './messages.ts'
import { compacted, countedInput, responsesApi } from './responses.ts'
import { decide, type Script } from './script.ts'
import { sendJson } from '../http/answer.ts'
import { bodyPace, readBody } from '../http/body.ts'
import { ProxyError } from '../../pipelines/errors.ts'
import { clients } from '../../pipelines/index.ts'
import { parseJsonObject } from '../../pipelines/json/request-body.ts'
import { newId } from './tokens.ts'
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
const keepAliveMs = 130_000

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

/** Its paths hold the model. */
const geminiRoute = '/v1beta/models/'

function routesAt(paceMs: number): Map<string, Handler> {
  return new Map<string, Handler>([
    ['/v1/messages', answering(messagesApi, paceMs)],
    ['/v1/messages/count_tokens', (body, res) => sendJson(res, 200, countedTokens(body))],
    ['/v1/responses', answering(responsesApi, paceMs)],
    ['/v1/responses/input_tokens', (body, res) => sendJson(res, 200, countedInput(body))],
    ['/v1/responses/compact', (body, res) => sendJson(res, 200, compacted(body))],
    ['/v1/chat/completions', answering(chatApi, paceMs)],
    [geminiRoute, answering(googleApi, paceMs)],
  ])
}

/** Throws ProxyError for what the request gets wrong and for the failures it asks for. */
function answering(api: DemoApi, paceMs: number): Handler {
  return async (body, res) => {
    const script = decide(api.ask(body))
    const answer = api.answer(body, script)
    if (body.stream === true) {
      res.setHeader('content-type', 'text/event-stream; charset=utf-8')
      res.setHeader('cache-control', 'no-cache')
      await playStream(res, answer, script, paceMs)
    } else if (script.breaks === 'error') {
      throw new ProxyError(500, null, midstreamMessage)
    } else if (script.breaks === 'cut') playCutBody(res, answer.body)
    else sendJson(res, 200, answer.body)
  }
}

async function serve(
  req: IncomingMessage,
  res: ServerResponse,
  routes: Map<string, Handler>,
): Promise<void> {
  const [path = ''] = (req.url ?? '').split('?')
  const gemini = googleCall(path)
  const manner: Manner = gemini ? 'google' : mannerAt(path)
  const id = newId('req_')
  for (const [name, value] of Object.entries(providerHeaders(manner, id))) {
    res.setHeader(name, value)
  }
  try {
    const handler = req.method === 'POST' ? routes.get(gemini ? geminiRoute : path) : undefined
    if (!handler) throw unknownPath(req.method ?? '', path)
    const body = parseJsonObject(await readBody(req, maxBodyBytes, bodyPace))
    await handler({ ...body, ...gemini }, res)
  } catch (error) {
    refuse(res, manner, id, error)
  }
}

/** Whose errors and headers go with a path; the APIs of OpenAI share theirs. */
function mannerAt(path: string): Manner {
  return path.startsWith(clients.messages.route) ? 'messages' : 'chat'
}

function refuse(res: ServerResponse, manner: Manner, id: string, cause: unknown): void {
  if (res.destroyed) return
  if (res.headersSent) {
    res.destroy()
    return
  }
  const error =
    cause instanceof ProxyError
      ? cause
      : new ProxyError(500, null, `The demo upstream failed: ${String(cause)}`, { cause })
  const { body, headers } = errorAnswer(manner, id, error)
  sendJson(res, error.status, body, headers)
}

function unknownPath(method: string, path: string): ProxyError {
  return new ProxyError(404, 'not_found', `The demo upstream has no ${method} ${path}.`)
}

/** Streams until the end, or until the client leaves. `paceMs` lies between two pieces. */
async function playStream(
  res: ServerResponse,
  answer: DemoAnswer,
  { breaks }: Script,
  paceMs: number,
): Promise<void> {
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  const events = answer.events()
  const sent = breaks ? firstHalf(events) : events
  await write(res, sent, paceMs, gone.signal)
  if (breaks === 'error') await write(res, answer.failure(sent.length), paceMs, gone.signal)
  if (breaks === 'cut') res.destroy()
  else if (!res.destroyed) res.end()
}

/** Half a body under the length of the whole, then nothing. */
function playCutBody(res: ServerResponse, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body))
  res.setHeader('content-type', 'application/json; charset=utf-8')
  res.setHeader('content-length', bytes.length)
  res.write(bytes.subarray(0, bytes.length / 2), () => res.destroy())
}

async function write(
  res: ServerResponse,
  events: DemoEvent[],
  paceMs: number,
  gone: AbortSignal,
): Promise<void> {
  for (const event of events) {
    if (gone.aborted) return
    await written(res, event.text, gone)
    if (event.piece && paceMs > 0) await pause(paceMs, gone)
  }
}

/** Settles when the bytes have left, so that a cut comes after them and a slow reader slows the demo. */
function written(res: ServerResponse, bytes: string, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      gone.removeEventListener('abort', done)
      resolve()
    }
    gone.addEventListener('abort', done)
    res.write(bytes, done)
  })
}

async function pause(paceMs: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(paceMs, undefined, { signal })
  } catch {
    // the client has left; the loop sees it
  }
}

function firstHalf(events: DemoEvent[]): DemoEvent[] {
  const pieces = events.filter(({ piece }) => piece)
  const middle = pieces[Math.floor(pieces.length / 2)]
  return middle ? events.slice(0, events.indexOf(middle)) : events.slice(0, 1)
}
