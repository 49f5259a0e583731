/**
 * The way out of a network that lets nobody out directly: a proxy named by HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, and NO_PROXY,
 * for upstream and token calls alike. Servers on this machine, such as Ollama, are always reached directly, since a proxy
 * elsewhere cannot find them (Go does the same).
 */
import { ConfigError } from '../config/validate.ts'
import { loopback } from '../config/callers.ts'
import { bareHost, noProxy } from './no-proxy.ts'
import { OutboundProxyError } from './unreachable-reason.ts'

export interface OutboundProxy {
  /**
   * through which the target is reached; undefined where NO_PROXY or the lack of a proxy means to go directly; an error where
   * the proxy that is named cannot be used
   */
  proxyFor(target: URL): URL | OutboundProxyError | undefined
  /** what must not be shown */
  secrets: string[]
}

/** Which variable names the proxy, by the protocol of the target. */
const variables = { 'http:': 'HTTP_PROXY', 'https:': 'HTTPS_PROXY' }
const forAll = 'ALL_PROXY'
/** Each also in small letters. */
export const proxyVariables = [...Object.values(variables), forAll]
/** The address that a server listens on is often used as its address; it leads to this machine, too. */
const anyAddress = new Set(['0.0.0.0', '::'])

/**
 * Undefined where the environment (capitals or not) names no proxy. Throws ConfigError for an address that cannot be used; its
 * value, which may hold a password, is not shown.
 */
export function outboundProxy(env: NodeJS.ProcessEnv = process.env): OutboundProxy | undefined {
  const list = env.no_proxy || env.NO_PROXY || ''
  if (list.trim() === '*') return undefined
  const { own, common } = namedProxies(env)
  if (own.size === 0 && !common) return undefined
  const isDirect = noProxy(list)
  return {
    proxyFor(target) {
      const host = bareHost(target.hostname)
      const isHere = loopback.test(host) || anyAddress.has(host)
      return isHere || isDirect(target) ? undefined : (own.get(target.protocol) ?? common)
    },
    secrets: [...own.values(), common].flatMap(passwordsOf),
  }
}

/**
 * By the protocol of the target, and for the others. ALL_PROXY usually names a SOCKS proxy for other programs: beside an HTTP
 * proxy it is a fault only when it is needed. Throws ConfigError.
 */
function namedProxies(env: NodeJS.ProcessEnv) {
  const own = new Map<string, URL>()
  const faults: string[] = []
  for (const [protocol, variable] of Object.entries(variables)) {
    const proxy = named(env, variable)
    if (proxy instanceof URL) own.set(protocol, proxy)
    else if (proxy) faults.push(proxy.message)
  }
  const common = named(env, forAll)
  if (common instanceof Error && own.size === 0) faults.push(common.message)
  if (faults.length > 0) throw new ConfigError(faults.map((fault) => `environment: ${fault}`))
  return { own, common }
}

function named(env: NodeJS.ProcessEnv, variable: string): URL | OutboundProxyError | undefined {
  // lower case wins, as everywhere
  const name = [variable.toLowerCase(), variable].find((one) => env[one]?.trim())
  if (name === undefined) return undefined
  const value = env[name]!.trim()
  return proxyUrl(value) ?? new OutboundProxyError(faultOf(name, value))
}

/** Without a scheme it is a plain one, as curl reads it. */
function proxyUrl(value: string): URL | undefined {
  try {
    const url = new URL(value.includes('://') ? value : `http://${value}`)
    decodeURIComponent(url.username)
    decodeURIComponent(url.password)
    return /^https?:$/.test(url.protocol) ? url : undefined
  } catch {
    // the caller reports it
    return undefined
  }
}

/** As it is written and as it is meant. */
function passwordsOf(proxy: URL | Error | undefined): string[] {
  if (!(proxy instanceof URL)) return []
  const { password } = proxy
  return password === '' ? [] : [password, decodeURIComponent(password)]
}

function faultOf(name: string, value: string): string {
  return /^socks/i.test(value)
    ? `${name} names a SOCKS proxy, which cannot be used here; name an HTTP proxy in HTTPS_PROXY as http://host:port, or none by NO_PROXY=*`
    : `${name} is not the address of an HTTP proxy; write it as http://host:port`
}
