/**
 * http-proxy-3, used for one thing: sending a request whose body and headers are already final and handing back the head
 * of the answer. Its own handling of answers is off (`selfHandleResponse`): when an upstream dies in mid-answer it leaves
 * the client hanging, it passes hop-by-hop headers on, and it cannot replay. Source: http-proxy-3 1.23.3, read 2026-11.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import type { Stream, Writable } from 'node:stream'
import httpProxy, { type ServerOptions } from 'http-proxy-3'
import { endWith, headOf, unreachable, type Outgoing } from '../upstream/attempt.ts'

// The library would otherwise send every request through `fetch`, which neither aborts nor streams as it should.
delete process.env.FORCE_FETCH_PATH

/**
 * What the library is told of one request. It hands its options on with each event, and so brings its own request to who
 * waits for it. (A WeakMap by the client's request would do so, too, but the young generation's collector takes a WeakMap's
 * values for alive: every request and all that it holds would grow old, for four times the work of collecting it.)
 */
interface Sent extends ServerOptions {
  onRequest: ((request: ClientRequest) => void) | undefined
}

/**
 * The library copies its own options at the start of each request. Options given with a request would be mixed in property by
 * property, at the cost of all else that it does; so they are set here, just before, in the same order each time.
 */
const noBody = wholeBody({ pieces: [] })
const options: Sent = {
  selfHandleResponse: true,
  // The path is final, too: the library takes it from `req.url` as it is, and parses no URL.
  toProxy: true,
  prependPath: false,
  target: '',
  agent: undefined,
  buffer: noBody,
  onRequest: undefined,
}
const proxy = httpProxy.createProxyServer(options)
// Each attempt hears of its own errors (headOf); without any listener here the library would throw them.
proxy.on('error', () => undefined)
proxy.on('econnreset', () => undefined)
proxy.on('proxyReq', (request, _req, _res, sent) => (sent as Sent).onRequest!(request))

/**
 * The head of the upstream's answer, its body untouched. `req.headers` and `req.url` become the upstream's. Throws
 * AttemptError, or ProxyError 502 where there was no connection at all.
 */
export function forward(
  req: IncomingMessage,
  res: ServerResponse,
  { address, headers, body, agent, timeouts, stop }: Outgoing,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // by a name of its own: V8 takes a function that is written into a property for one that stays, and makes it old
    const onRequest = (request: ClientRequest) =>
      void headOf(request, timeouts, stop).then(resolve, reject)
    options.target = address
    options.agent = agent
    options.buffer = wholeBody(body)
    options.onRequest = onRequest
    req.headers = headers
    req.url = address.path
    try {
      // Only an error without any connection is left for this callback: headOf, which hears of all others, settles first.
      proxy.web(req, res, (cause) => setImmediate(reject, unreachable(address.host, cause)))
    } finally {
      // what holds the request and its body
      options.buffer = noBody
      options.onRequest = undefined
    }
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
