/** The answers this program makes itself: JSON, and errors in the envelope of the client's API. */
import type { ServerResponse } from 'node:http'
import { writeJson } from '../../pipelines/json/value.ts'
import type { Call } from '../app.ts'
import { ProxyError, type ShownError } from '../../pipelines/errors.ts'

/** A stream that had to begin before its upstream's answer did. */
export interface EarlyHead {
  /** the upstream's answer goes into it by now */
  isTaken: boolean
  /** when the last comment went, ms, monotonic */
  lastMs: number
}

/** Filled by `same-api/early-head.ts`. */
export const earlyHeads = new WeakMap<ServerResponse, EarlyHead>()

/** For figures of now: whoever looks later wants to see later ones. */
export const noStore = { 'cache-control': 'no-store' }

/** Answers with a JSON body; HEAD gets the same head without it. */
export function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = `${writeJson(body)}\n`
  res.writeHead(status, {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  })
  if (res.req.method === 'HEAD') res.end()
  else if (headers.connection === 'close' && !res.req.complete) endAfterUpload(res, text)
  else res.end(text)
}

/** How long a client that goes on sending may do so after its answer. */
const lingerMs = 1000

/**
 * The whole answer now, the end of the connection later: closed while the client still sends, it would be reset, and the
 * client would never read why. What still comes is thrown away.
 */
function endAfterUpload(res: ServerResponse, text: string): void {
  const { req } = res
  const end = () => {
    clearTimeout(timer)
    res.end()
  }
  const timer = setTimeout(end, lingerMs)
  res.write(text)
  req.once('close', end).once('end', end).resume()
}

/**
 * Breaks the connection, so that the answer on it cannot be taken for whole. To a client of HTTP/1.0 the end of the connection is
 * the end of the answer, unless it is a reset: RFC 9112 §8.
 */
export function breakOff(res: ServerResponse): void {
  const { socket } = res
  const endsWithConnection = !res.chunkedEncoding && !res.hasHeader('content-length')
  if (!socket || !endsWithConnection) {
    res.destroy()
    return
  }
  // what was written in this tick leaves at its end
  setImmediate(() => {
    // Node would close its side before the reset, which a client may take for the end.
    Object.assign(socket, { writable: false })
    socket.resetAndDestroy()
    res.destroy()
  })
}

/**
 * Answers with an error. Whatever is not a ProxyError is a fault of ours: it is logged, and the caller learns no details.
 * With the head already sent nothing true can be sent any more, so the connection is cut.
 */
export function sendError(res: ServerResponse, call: Call, cause: unknown): void {
  const error = cause instanceof ProxyError ? cause : internalError(call, cause)
  call.record.error = error.code ?? error.type
  call.record.cause ??= systemCodeOf(error)
  if (res.headersSent) {
    const isOpen = earlyHeads.get(res)?.isTaken === false
    if (isOpen) res.end(call.client.errorEvent(shownError(call, error), call.id))
    else breakOff(res)
    return
  }
  const shown = withWait(shownError(call, error), res)
  const { status, headers } = call.client.errorHead?.(shown) ?? {
    status: error.status,
    headers: {},
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!res.hasHeader(name)) res.setHeader(name, value)
  }
  sendJson(res, status, call.client.errorBody(shown, call.id), error.headers)
}

/** Why the system failed, such as `ECONNREFUSED`, also on the way through an outbound proxy; undefined where it did not. */
export function systemCodeOf({ cause }: ProxyError): string | undefined {
  const { code, cause: deeper } = (cause ?? {}) as NodeJS.ErrnoException
  return code ?? (deeper as NodeJS.ErrnoException | undefined)?.code
}

/** How long to wait an upstream's refusal says in its headers, which are the answer's by now. */
function withWait(shown: ShownError, res: ServerResponse): ShownError {
  const wait = res.getHeader('retry-after')
  if (wait === undefined) return shown
  return { ...shown, headers: { 'retry-after': String(wait), ...shown.headers } }
}

/** The error without the secrets that an upstream may have put into its message. */
export function shownError({ app }: Call, error: ProxyError): ShownError {
  const { status, message, type, param, code, isUpstreams, headers } = error
  return { status, message: app.redact(message), type, param, code, isUpstreams, headers }
}

function internalError(call: Call, cause: unknown): ProxyError {
  call.log.error({ err: cause }, 'request failed by a fault of this program')
  return new ProxyError(
    500,
    'internal_error',
    `The proxy failed on this request; its log has the details under reqId ${call.id}.`,
    { cause },
  )
}
