/** Keep-alive connections to the upstreams: one agent per protocol and origin, made when first needed. */
import http from 'node:http'
import https from 'node:https'

export interface Agents {
  for(target: URL): http.Agent
  /** one whose connections are new: where one kept connection was dead, the others may be, too */
  fresh(target: URL): http.Agent
  /** closes idle connections and those in use */
  destroy(): void
}

/** Free connections an endpoint keeps; more than a burst of a coding agent needs only costs memory. */
const maxFreeSockets = 32

export function createAgents(): Agents {
  const agents = new Map<string, http.Agent>()
  return {
    for(target) {
      let agent = agents.get(target.origin)
      if (!agent) {
        const Agent = target.protocol === 'https:' ? https.Agent : http.Agent
        agent = new Agent({ keepAlive: true, maxFreeSockets, scheduling: 'lifo' })
        agents.set(target.origin, agent)
      }
      return agent
    },
    fresh(target) {
      return new (target.protocol === 'https:' ? https.Agent : http.Agent)()
    },
    destroy() {
      for (const agent of agents.values()) agent.destroy()
    },
  }
}
