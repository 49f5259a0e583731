/**
 * http-proxy-3, used for one thing: sending a request whose body and headers are already final. Its own handling of answers is
 * off (`selfHandleResponse`): when an upstream dies in mid-answer it leaves the client hanging, it passes hop-by-hop headers
 * on, and it cannot replay. Source: http-proxy-3 1.23.3, read 2026-11.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import type { Stream, Writable } from 'node:stream'
import httpProxy, { type ServerOptions } from 'http-proxy-3'
import {
  answerTo,
  endWith,
  unreachable,
  type Outgoing,
  type UpstreamAnswer,
} from '../upstream/attempt.ts'

// The library would otherwise send every request through `fetch`, which neither aborts nor streams as it should.
delete process.env.FORCE_FETCH_PATH

/** The library's options of one request. It hands them on with its events, and so its own request to whoever waits for it. */
interface Sent extends ServerOptions {
  onRequest: (request: ClientRequest) => void
}

const proxy = httpProxy.createProxyServer({
  selfHandleResponse: true,
  // The path is final, too: the library takes it from `req.url` as it is, and parses no URL.
  toProxy: true,
  prependPath: false,
})
// `answerTo` sees the errors of each attempt; without any listener here the library would throw them.
proxy.on('error', () => undefined)
proxy.on('econnreset', () => undefined)
proxy.on('proxyReq', (request, _req, _res, sent) => (sent as Sent).onRequest(request))

/**
 * Sends a request and resolves with the upstream's answer. `req.headers` and `req.url` become the upstream's. Fails with
 * AttemptError, or with ProxyError 502 where there was no connection at all.
 */
export function sendByProxy(
  req: IncomingMessage,
  res: ServerResponse,
  outgoing: Outgoing,
): Promise<UpstreamAnswer> {
  const { address, headers, body, agent } = outgoing
  return new Promise((resolve, reject) => {
    const sent: Sent = {
      target: address,
      agent,
      buffer: wholeBody(body),
      onRequest: (request) => void answerTo(request, outgoing).then(resolve, reject),
    }
    req.headers = headers
    req.url = address.path
    // Only an error without any connection is left for this callback: `answerTo` sees all others, and settles first.
    proxy.web(req, res, sent, (cause) => setImmediate(reject, unreachable(address.host, cause)))
  })
}

/**
 * A body as the library wants it, which does nothing with it but `pipe`. A real stream would cost several ticks and a write
 * of its own; this way head and body leave together.
 */
function wholeBody(body: Outgoing['body']): Stream {
  const source: Pick<Stream, 'pipe'> = {
    pipe: (destination) => {
      endWith(destination as unknown as Writable, body)
      return destination
    },
  }
  return source as Stream
}
