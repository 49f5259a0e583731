/** One POST to an upstream, on our own: the translated road's counterpart of the transparent proxy. */
import type { IncomingMessage } from 'node:http'
import { requestFor } from '../network/agents.ts'
import { endWith, headOf, type Outgoing } from '../upstream/attempt.ts'

/** The head of the answer, its body unread. Redirects are answers like any other. Throws AttemptError. */
export function send(options: Outgoing): Promise<IncomingMessage> {
  const { address, headers, body, agent, timeouts, stop } = options
  const { hostname, port, path } = address
  const request = { method: 'POST', hostname, port, path, headers, agent }
  const upstream = requestFor(address)(request)
  const head = headOf(upstream, timeouts, stop)
  endWith(upstream, body)
  return head
}
