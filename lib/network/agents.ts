/** Keep-alive connections to the upstreams: one agent per protocol and origin, made when first needed. */
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { addressOf } from '../config/base-url.ts'
import { defaultTimeouts } from '../config/defaults.ts'
import { dial, type DialOptions } from './dial.ts'
import type { OutboundProxy } from './outbound-proxy.ts'
import { tunnel } from './tunnel.ts'

export interface Agents {
  for(target: URL): http.Agent
  /** without pooled connections, for a retry: if one was dead, the rest may be */
  fresh(target: URL): http.Agent
  /** closes idle connections and those in use */
  destroy(): void
}

export interface AgentParts {
  /** seconds that a connection may take; asked for each one, since a reload changes it */
  connectS?: () => number
  /** the way out, where the environment names one */
  proxy?: OutboundProxy | undefined
  /** in place of the system's resolver */
  lookup?: LookupFunction
}

/** Free connections an endpoint keeps; more than a burst of a coding agent needs only costs memory. */
const kept = { keepAlive: true, maxFreeSockets: 32, scheduling: 'lifo' } as const

/**
 * How long a connection may lie idle. Routers on the way forget one in minutes, and a machine that slept has none left: what is
 * sent on such a one is lost without a word, and its request would wait for the first byte. Go's client has the same limit.
 */
const idleMs = 90_000

/** The `request` of the target's protocol. */
export function requestFor({ protocol }: { protocol: string }): typeof http.request {
  return protocol === 'https:' ? https.request : http.request
}

export function createAgents(parts: AgentParts = {}): Agents {
  const { connectS = () => defaultTimeouts.connect_s, proxy, lookup } = parts
  const agents = new Map<string, http.Agent>()
  const direct: Connect = (options) => dial({ ...options, lookup }, connectS())
  const made = (target: URL, options: http.AgentOptions) => {
    const via = proxy?.proxyFor(target)
    if (!via) return agentOver(target, options, direct)
    if (via instanceof Error) return agentOver(target, options, () => Promise.reject(via))
    const toProxy = agentOver(via, {}, direct)
    return agentOver(target, options, (to) => tunnel(via, to, toProxy, connectS()))
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

type Connect = (options: DialOptions) => Promise<Socket>

/** Node's own, which its types leave out. */
interface Queue {
  addRequest(request: http.ClientRequest, options: http.ClientRequestArgs): void
  keepSocketAlive(socket: Idle): boolean
}

/** A connection in the pool, and since when. */
interface Idle extends Socket {
  idleSinceMs?: number
}

/**
 * By the clock on the wall: the other one stands still while the machine sleeps. Where it was set back nobody knows how long they
 * have lain. The newest is taken first, and lies last.
 */
function dropStale(free: readonly Idle[] | undefined): void {
  const newest = free?.at(-1)
  if (!newest || Math.abs(Date.now() - (newest.idleSinceMs ?? 0)) <= idleMs) return
  for (const socket of free!) socket.destroy()
}

/** An agent whose connections to `target` come about by `connect`; TLS is put over them where the protocol asks for it. */
function agentOver(target: URL, options: http.AgentOptions, connect: Connect): http.Agent {
  const isSecure = target.protocol === 'https:'
  const agent = new (isSecure ? https : http).Agent(options)
  // All requests go to one place, so Node need not find it in the options of each, which it would copy first: 3 % of the CPU
  // of a small request (`npm run bench`, "JSON 1 KB passed through").
  const address = dialled(target)
  const queue = agent as unknown as Queue
  const place = agent.getName(address)
  agent.getName = () => place
  const add = queue.addRequest.bind(agent)
  queue.addRequest = (request) => {
    dropStale(agent.freeSockets[place])
    add(request, address)
  }
  const keep = queue.keepSocketAlive.bind(agent)
  queue.keepSocketAlive = (socket) => {
    socket.idleSinceMs = Date.now()
    return keep(socket)
  }
  const plain = agent.createConnection.bind(agent)
  // TLS takes a socket that it is given; its types do not know
  const secured = (to: http.ClientRequestArgs, socket: Socket) =>
    plain({ ...to, socket } as http.ClientRequestArgs)
  agent.createConnection = (to, done) => {
    void handOver(to, done as Done)
    return undefined
  }
  async function handOver(to: http.ClientRequestArgs, done: Done): Promise<void> {
    const { host, port } = to
    let socket
    try {
      socket = await connect({ ...(to as DialOptions), host: host!, port: Number(port) })
    } catch (error) {
      done(error as Error)
      return
    }
    done(null, isSecure ? secured(to, socket) : socket)
  }
  return agent
}

/** What a connection is made from. An address has no server name. */
function dialled(target: URL): http.ClientRequestArgs & { servername: string } {
  const { hostname: host, port } = addressOf(target)
  return { host, port, servername: isIP(host) ? '' : host }
}

type Done = (error: Error | null, socket?: Duplex | null) => void
