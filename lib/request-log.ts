/** The one log line of a request, written when its answer has ended or its client has gone. */
import type { ServerResponse } from 'node:http'
import type { Call } from './app.ts'

/** The status that a log shows for a client which left; no answer carries it (nginx's convention). */
const clientClosed = 499

/**
 * What the line says, in its order; what stays undefined is left out. A class with all of its fields, since one that grew by
 * and by would be copied as often.
 */
export class CallRecord {
  readonly reqId: string
  readonly method: string | undefined
  readonly route: string
  model: string | undefined = undefined
  upstream: string | undefined = undefined
  stream: boolean | undefined = undefined
  inputTokens: number | undefined = undefined
  outputTokens: number | undefined = undefined
  cachedTokens: number | undefined = undefined
  /** the failure's code, for answers that broke off or were refused */
  error: string | undefined = undefined
  /** the endpoint and the address that answered 404: as often a wrong `base_url` as an unknown model */
  notFound: string | undefined = undefined
  status: number | undefined = undefined
  ttfbMs: number | undefined = undefined
  durationMs: number | undefined = undefined
  aborted: true | undefined = undefined

  constructor(reqId: string, method: string | undefined, route: string) {
    this.reqId = reqId
    this.method = method
    this.route = route
  }
}

/** `info`, since every request is one line; `/health` and `/ready` only at `debug`, since probes come every few seconds. */
export function logRequest(
  { app, record, startedMs, firstByteMs }: Call,
  res: ServerResponse,
): void {
  const left = !res.writableFinished && !res.headersSent
  record.status = left ? clientClosed : res.statusCode
  if (firstByteMs !== undefined) record.ttfbMs = Math.round(firstByteMs - startedMs)
  record.durationMs = Math.round(performance.now() - startedMs)
  if (!res.writableFinished) record.aborted = true
  const probe = record.route === '/health' || record.route === '/ready'
  // A child of the log, as for rarer lines, would cost more than the line.
  app.log[probe ? 'debug' : 'info'](record, 'request')
}
