/**
 * http-proxy-3, used for one thing: sending a request whose body and headers are already final. Its own handling of answers is
 * off (`selfHandleResponse`): when an upstream dies in mid-answer it leaves the client hanging, it passes hop-by-hop headers
 * on, and it cannot replay. Source: http-proxy-3 1.23.3, read 2026-11.
 */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import type { Stream, Writable } from 'node:stream'
import httpProxy, { type ServerOptions } from 'http-proxy-3'
import {
  AttemptError,
  answerTo,
  endWith,
  unreachable,
  type Outgoing,
  type UpstreamAnswer,
} from '../upstream/attempt.ts'

// The library would otherwise send every request through `fetch`, which neither aborts nor streams as it should.
delete process.env.FORCE_FETCH_PATH

/** The library's options. It hands those of a request on with its events, and so its own request to whoever waits for it. */
interface Options extends ServerOptions {
  onRequest: ((request: ClientRequest) => void) | undefined
}

const noBody = wholeBody({ pieces: [] })

/**
 * Set anew for each request, since the library copies its own options at once when a request begins. Options given with a
 * request would be merged in, which costs 10 % more CPU a request (`npm run bench`, "JSON 1 KB passed through")
 * and has five times as much promoted (`test/garbage.test.ts`).
 */
const options: Options = {
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
// `answerTo` sees the errors of each attempt; without any listener here the library would throw them.
proxy.on('error', () => undefined)
proxy.on('econnreset', () => undefined)
proxy.on('proxyReq', (request, _req, _res, sent) => (sent as Options).onRequest!(request))

/**
 * Sends a request and resolves with the upstream's answer. Method, headers and `url` of `req` become the upstream's. Fails with
 * AttemptError.
 */
export function sendByProxy(
  req: IncomingMessage,
  res: ServerResponse,
  outgoing: Outgoing,
): Promise<UpstreamAnswer> {
  const { method, address, headers, body, agent } = outgoing
  return new Promise((resolve, reject) => {
    // Named on purpose: a function literal that is assigned to a property is pretenured, and keeps all that its request holds
    // until a full GC (15 KB; `test/garbage.test.ts`).
    const onRequest = (request: ClientRequest) =>
      void answerTo(request, outgoing).then(resolve, reject)
    options.target = address
    options.agent = agent
    options.buffer = wholeBody(body)
    options.onRequest = onRequest
    req.method = method
    req.headers = headers
    req.url = address.path
    try {
      // Only an error without any connection is left for this callback: `answerTo` sees all others, and settles first.
      proxy.web(req, res, (cause) => setImmediate(reject, noConnection(address.host, cause)))
    } finally {
      // what holds the request and its body
      options.buffer = noBody
      options.onRequest = undefined
    }
  })
}

function noConnection(host: string, cause: NodeJS.ErrnoException): AttemptError {
  return new AttemptError(unreachable(host, cause), false, true)
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
