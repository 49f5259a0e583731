/** One POST to an upstream, on our own: the translated road's counterpart of the transparent proxy. */
import type { IncomingMessage } from 'node:http'
import { requestFor } from '../upstream/agents.ts'
import { endWith, headOf, type Outgoing } from '../upstream/attempt.ts'

/** The head of the answer, its body unread. Redirects are answers like any other. Throws AttemptError. */
export function send(options: Outgoing): Promise<IncomingMessage> {
  const { target, headers, body, agent, timeouts, stop } = options
  const upstream = requestFor(target)(target, { method: 'POST', headers, agent })
  const head = headOf(upstream, timeouts, stop)
  endWith(upstream, body)
  return head
}
