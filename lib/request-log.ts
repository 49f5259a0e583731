/** The one log line of a request, written when its answer has ended or its client has gone. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Call } from './app.ts'

/** The status that a log shows for a client which left; no answer carries it (nginx's convention). */
const clientClosed = 499

/** `info`, since every request is one line; `/health` and `/ready` only at `debug`, since probes come every few seconds. */
export function logRequest(call: Call, req: IncomingMessage, res: ServerResponse): void {
  const { startedMs, firstByteMs, ...record } = call.record
  const left = !res.writableFinished && !res.headersSent
  const fields = {
    reqId: call.id,
    method: req.method,
    ...record,
    status: left ? clientClosed : res.statusCode,
    ...(firstByteMs !== undefined && { ttfbMs: Math.round(firstByteMs - startedMs) }),
    durationMs: Math.round(performance.now() - startedMs),
    ...(!res.writableFinished && { aborted: true }),
  }
  const probe = record.route === '/health' || record.route === '/ready'
  // A child of the log, as for rarer lines, would cost more than the line.
  call.app.log[probe ? 'debug' : 'info'](fields, 'request')
}
