/** What a server says of when to come back. Source: RFC 9110 §10.2.3. */
import type { IncomingHttpHeaders } from 'node:http'

/** Nobody is obeyed for longer. */
const longestMs = 3_600_000

/**
 * In ms, at most an hour; undefined where nothing sensible is said. A date is compared with the server's own clock where it
 * tells that, too: this machine's may be wrong.
 */
export function retryAfterMs(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['retry-after']?.trim()
  if (!text) return undefined
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : untilDate(text, headers.date)
  return ms > 0 ? Math.min(ms, longestMs) : undefined
}

function untilDate(text: string, serverDate: string | undefined): number {
  const now = Date.parse(serverDate ?? '')
  return Date.parse(text) - (Number.isNaN(now) ? Date.now() : now)
}
