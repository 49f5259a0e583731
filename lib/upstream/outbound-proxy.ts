/**
 * The way out of a network that lets nobody out directly: a proxy named by HTTPS_PROXY, HTTP_PROXY and NO_PROXY, for
 * upstream and token calls alike. Every target is reached by CONNECT, so that the proxy sees a name and no more.
 */
import type http from 'node:http'
import type { ClientRequest } from 'node:http'
import { ConfigError } from '../config/faults.ts'
import { OutboundProxyError } from './outbound-proxy-error.ts'

export interface OutboundProxy {
  /** reaches the target through the proxy; undefined where NO_PROXY or the lack of a proxy says to go directly */
  agentFor(target: URL, options: http.AgentOptions): http.Agent | undefined
  /** what must not be shown */
  secrets: string[]
}

/** Which variable names the proxy, by the protocol of the target. */
const variables = { 'http:': 'HTTP_PROXY', 'https:': 'HTTPS_PROXY' }

/**
 * Undefined where the environment (`process.env`; capitals or not) names no proxy; then nothing is loaded, either.
 * `connectS`: seconds that a connection may take. Throws ConfigError for an address that is none; its value, which may hold
 * a password, is not shown.
 */
export async function outboundProxy(connectS: number): Promise<OutboundProxy | undefined> {
  const proxies = namedProxies()
  if (proxies.size === 0) return undefined
  const { getProxyForUrl } = await import('proxy-from-env')
  const Tunnels = await tunnels(connectS)
  return {
    agentFor(target, options) {
      const proxy = proxies.get(target.protocol)
      // which hosts NO_PROXY means is for the library to say
      return proxy && getProxyForUrl(target) !== '' ? new Tunnels(proxy, options) : undefined
    },
    secrets: [...proxies.values()].flatMap(passwordsOf),
  }
}

/** By the protocol of the target. Throws ConfigError. */
function namedProxies(): Map<string, URL> {
  const proxies = new Map<string, URL>()
  const faults: string[] = []
  for (const [protocol, variable] of Object.entries(variables)) {
    // lower case wins, as everywhere
    const name = [variable.toLowerCase(), variable].find((one) => process.env[one])
    if (name === undefined) continue
    const url = proxyUrl(process.env[name]!)
    if (url) proxies.set(protocol, url)
    else faults.push(faultOf(name))
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return proxies
}

/** Without a scheme it is a plain one, as curl reads it. */
function proxyUrl(value: string): URL | undefined {
  try {
    const url = new URL(value.includes('://') ? value : `http://${value}`)
    decodeURIComponent(url.username)
    decodeURIComponent(url.password)
    return /^https?:$/.test(url.protocol) ? url : undefined
  } catch {
    // what it should be, the fault says
    return undefined
  }
}

/** As it is written and as it is meant. */
function passwordsOf({ password }: URL): string[] {
  return password === '' ? [] : [password, decodeURIComponent(password)]
}

function faultOf(name: string): string {
  return `environment: ${name} is not the address of an HTTP proxy; write it as http://host:port`
}

/** Loaded only where a proxy is named. What goes wrong at the proxy is said to be the proxy's. */
async function tunnels(connectS: number) {
  const { HttpsProxyAgent } = await import('https-proxy-agent')
  type Options = Parameters<InstanceType<typeof HttpsProxyAgent>['connect']>[1]
  return class Tunnels extends HttpsProxyAgent<string> {
    override async connect(request: ClientRequest, options: Options) {
      let status: number | undefined
      request.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
        status = statusCode
      })
      const { host } = this.proxy
      const socket = await within(connectS, super.connect(request, options)).catch((error) => {
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
  seconds: number,
  connection: Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      connection.then(
        (socket) => socket.destroy(),
        () => undefined,
      )
      reject(new Error(`no answer within ${seconds} s`))
    }, seconds * 1000)
  })
  try {
    return await Promise.race([connection, late])
  } finally {
    clearTimeout(timer)
  }
}
