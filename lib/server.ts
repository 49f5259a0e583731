/**
 * The HTTP server: everything that happens once per request, whatever it asks for — request id, guards, route, the one
 * error boundary and the one log line.
 */
import { randomUUID } from 'node:crypto'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { earlyHeads, sendError } from './http/answer.ts'
import { letGoBody } from './http/body.ts'
import { hasAdminKey } from './admin.ts'
import { type App, Call } from './app.ts'
import {
  checkBrowser,
  checkForwarded,
  checkHeaders,
  corsHeaders,
  keyNeeded,
  preflightHeaders,
  presentedKeys,
  signOfFront,
  whyRefused,
} from './guard.ts'
import { ProxyError } from '../pipelines/errors.ts'
import { endpointFor, match, unknownPath, type Match } from './routes.ts'

/** Caddy keeps idle connections for two minutes, others less: ours must outlive them, or a POST meets a closed one, which is a 502. */
const keepAliveMs = 130_000
/** A client that takes longer for its headers is broken or hostile; a body may come as slowly as `bodyPace` allows. */
const headersMs = 20_000
const noLimit = 0
const checkEveryMs = 5_000
/** Far above any use, and below what would take the memory of a small machine. */
const maxConnections = 8192
/** How often streams whose upstream is silent are looked for. */
const lookEveryMs = 5000

/** A server that is not listening yet. Every request is in `app.calls` until its answer has ended. */
export function createServer(app: App): http.Server {
  const server = http.createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: noLimit,
      connectionsCheckingInterval: checkEveryMs,
      keepAliveTimeout: keepAliveMs,
    },
    (req, res) => {
      handle(app, req, res).catch((error: unknown) => {
        // not even an error could be sent: this request is lost, the others must not be
        app.log.error({ err: error }, 'an answer could not be made')
        res.destroy()
      })
    },
  )
  server.maxConnections = maxConnections
  // Node silently drops headers above its own limit: what `checkHeaders` saw must be all there is
  server.maxHeadersCount = 0
  server.on('clientError', (error: BrokenRequest, socket) => {
    refuseBrokenRequest(error, socket)
    if (error.rawPacket) note(app, error.rawPacket)
  })
  server.on('connect', (_req, socket) => {
    socket.on('error', () => undefined)
    socket.end(brokenAnswer('405 Method Not Allowed', notAForwardProxy))
    note(app, Buffer.from('CONNECT '))
  })
  // else Node would close at once, and not even an answer that is on its way would arrive
  Object.assign(server, { httpAllowHalfOpen: true })
  server.on('connection', (socket) => {
    socket.once('end', () => closeAfter(socket))
  })
  const looks = setInterval(() => {
    if (app.calls.size > 0) void keepSlowAlive(app)
  }, lookEveryMs).unref()
  server.once('close', () => clearInterval(looks))
  return server
}

async function keepSlowAlive(app: App): Promise<void> {
  const now = performance.now()
  // as a rule there is none, and nothing has to be loaded
  const isSilent = ({ awaited }: Call) =>
    awaited !== undefined &&
    (!awaited.res.headersSent || earlyHeads.has(awaited.res)) &&
    now - awaited.sinceMs > lookEveryMs / 2
  if (!Array.from(app.calls).some(isSilent)) return
  const early = await import('./same-api/early-head.ts')
  early.keepSlowAlive(app)
}

/** Long enough for an answer that is there at once, and short enough for whoever pays for the others. */
const halfClosedMs = 200

/**
 * A client that sends no more may still read, but nearly always it has left, and what it asked for should end. Which of the two
 * it is nothing tells before something is sent: an answer that begins soon is sent to its end.
 */
function closeAfter(socket: Socket): void {
  const last = lastAnswers.get(socket)
  if (!last || last.headersSent) {
    socket.end()
    return
  }
  const patience = setTimeout(() => {
    if (!last.headersSent) socket.end()
  }, halfClosedMs)
  last.once('close', () => clearTimeout(patience))
}

async function handle(app: App, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const found = match(req.url ?? '/', req.headers['x-droid2api-explain'] !== undefined)
  const call = begin(app, req, res, found)
  try {
    if (mayPass(req, res, call, found)) {
      await endpointFor(found, req)(req, res, call)
    }
  } catch (error) {
    if (!res.destroyed) sendError(res, call, error)
  }
}

function begin(app: App, req: IncomingMessage, res: ServerResponse, found: Match): Call {
  const { headers, method } = req
  const id = requestId(headers)
  const { client, path, query, route } = found
  const name = route?.name ?? 'unknown'
  const asks = route?.asks === true && method === 'POST'
  const call = new Call({ app, id, method, client, path, query, headers, route: name, asks })
  const { traceparent: trace } = headers
  if (typeof trace === 'string') call.record.traceId = traceparent.exec(trace)?.[1]
  app.calls.add(call)
  lastAnswers.set(req.socket, res)
  res.setHeader('x-request-id', id)
  if (app.shuttingDown) res.setHeader('connection', 'close')
  res.on('close', () => {
    app.calls.delete(call)
    // a call that has grown old would keep it until a full collection: a fifth of the CPU of a short stream
    call.awaited = undefined
    if (!res.writableFinished) call.signal.cancel()
    call.admission?.end()
    letGoBody(call)
    logRequest(call, res, found)
    if (call.isCounted) app.usage.book.add(call.record, call.config)
    if (!route?.dry) app.metrics?.ended(call.record, call.config, call.isCounted)
    if (asks) app.recent.add(call, app.config.recent_requests)
    if (!req.complete) endUnread(req, app.bodyPace.silenceMs)
  })
  return call
}

/** The rest of a body whose request has its answer is thrown away, for so long. */
function endUnread(req: IncomingMessage, patienceMs: number): void {
  const patience = setTimeout(() => req.socket.destroy(), patienceMs)
  req.once('end', () => clearTimeout(patience)).once('close', () => clearTimeout(patience))
}

/** Whether the request goes on to its endpoint. Throws ProxyError 400, 401, 403 or 431; answers OPTIONS itself. */
function mayPass(req: IncomingMessage, res: ServerResponse, call: Call, found: Match): boolean {
  checkHeaders(req.rawHeaders)
  const { app, config } = call
  const { clientKeys, adminKey } = config.prepared
  const isAdmins = found.route?.admin === true
  const needsKey = isAdmins ? adminKey !== undefined : clientKeys.length > 0
  const { caller } = presentedKeys(req.headers, clientKeys)
  const refused = caller && whyRefused(caller)
  const isClient = caller !== undefined && refused === undefined
  const hasKey = isAdmins ? hasAdminKey(req.headers, config) : isClient
  call.record.client = caller?.name
  if (isClient) call.caller = caller
  const open = found.route?.open === true || found.path === '*'
  const isPreflight = isOptions(req) && req.headers['access-control-request-method'] !== undefined
  const asking = {
    method: req.method,
    headers: req.headers,
    host: found.authority ?? req.headers.host,
    hasKey,
    keyFollows: isPreflight && needsKey && !open,
    open,
  }
  checkBrowser(asking, config)
  if (req.headers.origin !== undefined) {
    for (const [name, value] of Object.entries(corsHeaders(asking, config))) {
      res.setHeader(name, value)
    }
  }
  if (isPreflight) {
    res.writeHead(204, preflightHeaders(req.headers)).end()
    return false
  }
  if (open && isOptions(req)) {
    // as load balancers ask when nothing more is set
    res.writeHead(204, { allow: 'GET, HEAD, POST, OPTIONS' }).end()
    return false
  }
  if (isAdmins) {
    const looking = { ...asking, peer: req.socket.remoteAddress }
    if (found.route?.dry) {
      app.admin.checkDryRun(looking, config, hasKey, caller !== undefined)
      if (refused !== undefined) throw keyNeeded(refused)
    } else if (!app.admin.mayLook(looking, config, hasKey)) throw unknownPath(found.path)
  } else if (!open) {
    if (needsKey && !hasKey) throw keyNeeded(refused, call.record, req.socket)
    if (!needsKey) checkForwarded(req.headers, config)
    if (!needsKey) note(app, signOfFront(req))
  }
  return true
}

function isOptions({ method }: IncomingMessage): boolean {
  return method === 'OPTIONS'
}

/** The client's own id where it is harmless in a header and a log, else a new one. */
export function requestId({ 'x-request-id': given }: IncomingMessage['headers']): string {
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID()
}

/** Version, trace, parent and flags; a version of the future may have more. Source: W3C Trace Context §3.2, 2021. */
const traceparent =
  /^(?:00(?=.{53}$)|(?!00|ff)[\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?![^-])/

const refusals: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** The newest answer on each connection. */
const lastAnswers = new WeakMap<Duplex, ServerResponse>()

interface BrokenRequest extends NodeJS.ErrnoException {
  /** the bytes that were not understood */
  rawPacket?: Buffer
}

const notAForwardProxy =
  'This is no forward proxy: use its address as the base URL of the API, and not as HTTPS_PROXY.'

function note(app: App, packet: Buffer | string | undefined): void {
  if (packet) void import('./http/strangers.ts').then((all) => all.noteStranger(app, packet))
}

/** What never became a request: broken HTTP, headers too large or too slow. */
function refuseBrokenRequest(error: BrokenRequest, socket: Duplex) {
  const last = lastAnswers.get(socket)
  // In or behind an answer that is not over, or whose request never ended, another one would be taken for its end.
  const isAnswered = last?.headersSent === true && !(last.writableFinished && last.req.complete)
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswered) {
    socket.destroy()
    return
  }
  if (last && !last.req.complete && last.req.listenerCount('error') > 0) {
    // the reader of the body reports it, in the envelope of the route
    last.req.emit('error', brokenBody(error))
    return
  }
  const status = refusals[error.code ?? ''] ?? '400 Bad Request'
  socket.end(brokenAnswer(status, notHttp(error)))
}

function brokenAnswer(status: string, message: string): string {
  const body = JSON.stringify({
    error: { message, type: 'invalid_request_error', param: null, code: 'bad_http' },
  })
  return `HTTP/1.1 ${status}\r\nx-request-id: ${randomUUID()}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

function brokenBody(error: NodeJS.ErrnoException): ProxyError {
  const status = Number.parseInt(refusals[error.code ?? ''] ?? '400', 10)
  const headers = { connection: 'close' }
  return new ProxyError(status, 'bad_http', notHttp(error), { headers })
}

function notHttp({ code = 'unknown' }: NodeJS.ErrnoException): string {
  return `The request is not valid HTTP (${code}).`
}

/** The status that a log shows for a client which left; no answer carries it (nginx's convention). */
const clientClosed = 499

/** `info`, since every request is one line; probes and looks only at `debug`, since they come every few seconds. */
function logRequest(
  { app, record, startedMs, firstByteMs }: Call,
  res: ServerResponse,
  { route }: Match,
): void {
  const left = !res.writableFinished && !res.headersSent
  record.status = left ? clientClosed : res.statusCode
  if (firstByteMs !== undefined) record.ttfbMs = Math.round(firstByteMs - startedMs)
  record.durationMs = Math.round(performance.now() - startedMs)
  if (!res.writableFinished) record.aborted = true
  const isProbe = record.route === '/health' || record.route === '/ready'
  const isLook = route?.admin === true && record.status < 400
  app.log[isProbe || isLook ? 'debug' : 'info'](record, 'request')
}
