/**
 * The way out of a network that lets nobody out directly: a proxy named by HTTPS_PROXY, HTTP_PROXY and NO_PROXY, for
 * upstream and token calls alike. Every target is reached by CONNECT, so that the proxy sees a name and no more.
 */
import type http from 'node:http'
import type { ClientRequest } from 'node:http'
import { ConfigError } from '../config/faults.ts'

export interface OutboundProxy {
  /** reaches the target through the proxy; undefined where NO_PROXY or the lack of a proxy says to go directly */
  agentFor(target: URL, options: http.AgentOptions): http.Agent | undefined
  /** what must not be shown */
  secrets: string[]
}

/** The proxy is to blame; the message says how, and holds nothing secret. */
export class OutboundProxyError extends Error {}

const names = ['HTTPS_PROXY', 'HTTP_PROXY']

/** A proxy that does not answer for longer is down. */
const patienceMs = 10_000

/**
 * Undefined where the environment (`process.env`; capitals or not) names no proxy; then nothing is loaded, either. Throws
 * ConfigError for an address that is none; its value, which may hold a password, is not shown.
 */
export async function outboundProxy(): Promise<OutboundProxy | undefined> {
  const named = names.flatMap((name) => variable(name))
  if (named.length === 0) return undefined
  const faults = named.filter(([, value]) => !proxyUrl(value)).map(([name]) => faultOf(name))
  if (faults.length > 0) throw new ConfigError(faults)
  const { getProxyForUrl } = await import('proxy-from-env')
  const Tunnels = await tunnels()
  return {
    agentFor(target, options) {
      const chosen = getProxyForUrl(target.href)
      const given = named.find(([, value]) => chosen.endsWith(value))
      const proxy = given && proxyUrl(given[1])
      return proxy && new Tunnels(proxy, options)
    },
    secrets: named.flatMap(([, value]) => passwordsOf(proxyUrl(value))),
  }
}

/** Lower case wins, as everywhere. */
function variable(name: string): [name: string, value: string][] {
  for (const one of [name.toLowerCase(), name]) {
    const value = process.env[one]
    if (value) return [[one, value]]
  }
  return []
}

/** Without a scheme it is a plain one, as curl reads it. */
function proxyUrl(value: string): URL | undefined {
  const text = value.includes('://') ? value : `http://${value}`
  try {
    const url = new URL(text)
    passwordsOf(url)
    return /^https?:$/.test(url.protocol) ? url : undefined
  } catch {
    // what it should be, the fault says
    return undefined
  }
}

/** As it is written and as it is meant. Throws URIError for a broken escape. */
function passwordsOf(url: URL | undefined): string[] {
  const { username = '', password = '' } = url ?? {}
  decodeURIComponent(username)
  return password === '' ? [] : [password, decodeURIComponent(password)]
}

function faultOf(name: string): string {
  return `environment: ${name} is not the address of an HTTP proxy; write it as http://host:port`
}

/** Loaded only where a proxy is named. What goes wrong at the proxy is said to be the proxy's. */
async function tunnels() {
  const { HttpsProxyAgent } = await import('https-proxy-agent')
  type Options = Parameters<InstanceType<typeof HttpsProxyAgent>['connect']>[1]
  return class Tunnels extends HttpsProxyAgent<string> {
    override async connect(request: ClientRequest, options: Options) {
      let status: number | undefined
      request.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
        status = statusCode
      })
      const { host } = this.proxy
      const socket = await within(patienceMs, super.connect(request, options)).catch((error) => {
        throw new OutboundProxyError(`the proxy ${host} cannot be reached (${reasonOf(error)})`)
      })
      if (status === 200) return socket
      socket.destroy()
      throw new OutboundProxyError(
        `the proxy ${host} refused to connect (HTTP ${status})${remedyFor(status)}`,
      )
    }
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  return code ?? message
}

function remedyFor(status: number | undefined): string {
  return status === 407 ? ': put user and password into HTTPS_PROXY' : ''
}

/** Fails when it takes longer; a connection that comes later is closed. */
async function within<T extends { destroy(): unknown }>(
  ms: number,
  connection: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      connection.then(
        (socket) => socket.destroy(),
        () => undefined,
      )
      reject(new Error(`no answer within ${ms / 1000} s`))
    }, ms)
  })
  try {
    return await Promise.race([connection, late])
  } finally {
    clearTimeout(timer)
  }
}
