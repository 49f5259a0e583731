/** Keep-alive connections to the upstreams: one agent per protocol and origin, made when first needed. */
import http from 'node:http'
import https from 'node:https'
import type { OutboundProxy } from './outbound-proxy.ts'

export interface Agents {
  for(target: URL): http.Agent
  /** one whose connections are new: where one kept connection was dead, the others may be, too */
  fresh(target: URL): http.Agent
  /** closes idle connections and those in use */
  destroy(): void
}

/** Free connections an endpoint keeps; more than a burst of a coding agent needs only costs memory. */
const kept = { keepAlive: true, maxFreeSockets: 32, scheduling: 'lifo' } as const

/** The `request` of the target's protocol. */
export function requestFor({ protocol }: { protocol: string }): typeof http.request {
  return protocol === 'https:' ? https.request : http.request
}

/** `proxy`: the way out, where the environment names one. */
export function createAgents(proxy?: OutboundProxy): Agents {
  const agents = new Map<string, http.Agent>()
  const made = (target: URL, options: http.AgentOptions) => {
    const Agent = target.protocol === 'https:' ? https.Agent : http.Agent
    return proxy?.agentFor(target, options) ?? new Agent(options)
  }
  return {
    for(target) {
      let agent = agents.get(target.origin)
      if (!agent) {
        agent = made(target, kept)
        agents.set(target.origin, agent)
      }
      return agent
    },
    fresh: (target) => made(target, {}),
    destroy() {
      for (const agent of agents.values()) agent.destroy()
    },
  }
}
