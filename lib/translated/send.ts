/** One POST to an upstream, on our own: the translated road's counterpart of the transparent proxy. */
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Timeouts } from '../config/types.ts'
import { headOf } from '../upstream/attempt.ts'

export interface Send {
  target: URL
  headers: Record<string, string>
  body: Buffer
  agent: http.Agent
  timeouts: Timeouts
  signal: AbortSignal
}

/** The head of the answer, its body unread. Redirects are answers like any other. Throws AttemptError. */
export function send(options: Send): Promise<IncomingMessage> {
  const { target, headers, body, agent, timeouts, signal } = options
  const { request } = target.protocol === 'https:' ? https : http
  const upstream = request(target, { method: 'POST', headers, agent })
  const head = headOf(upstream, timeouts, signal)
  upstream.end(body)
  return head
}
