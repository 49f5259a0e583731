/** One POST to an upstream, on our own: the translated road's counterpart of the transparent proxy. */
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { endWith, headOf, type Outgoing } from '../upstream/attempt.ts'

/** The head of the answer, its body unread. Redirects are answers like any other. Throws AttemptError. */
export function send(options: Outgoing): Promise<IncomingMessage> {
  const { target, headers, body, agent, timeouts, stop } = options
  const { request } = target.protocol === 'https:' ? https : http
  const upstream = request(target, { method: 'POST', headers, agent })
  const head = headOf(upstream, timeouts, stop)
  endWith(upstream, body)
  return head
}
