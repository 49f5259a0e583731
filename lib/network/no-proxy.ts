/**
 * Which hosts NO_PROXY means, in the forms of curl, Go and Python together: names (with all below them, whether or not a dot
 * or `*.` stands in front), addresses of both families, CIDR ranges, a port behind any of them, and `*`. Sources: curl's manual
 * of `--noproxy`, Go's golang.org/x/net/http/httpproxy, Python's urllib.request.proxy_bypass_environment; read 2026-11.
 */
import { BlockList, isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { addressOf } from '../config/base-url.ts'

interface Rule {
  matches(host: string): boolean
  /** undefined: all */
  port: number | undefined
}

/** Whether a target is reached directly. Meaningless entries are ignored, as everywhere. */
export function noProxy(list: string): (target: URL) => boolean {
  const rules = list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .flatMap(rulesOf)
  return (target) => {
    const host = bareHost(target.hostname)
    const { port } = addressOf(target)
    return rules.some((rule) => (rule.port ?? port) === port && rule.matches(host))
  }
}

function rulesOf(entry: string): Rule[] {
  // one colon is a port's; more are an address of IPv6, whose port needs brackets
  const [, bracketed, plain, port] = /^(?:(\[.*\](?:\/\d+)?)|([^:]*))(?::(\d+))?$/.exec(entry) ?? []
  const host = bareHost(bracketed?.replace(/[[\]]/g, '') ?? plain ?? entry)
  const matches = matcherOf(host)
  return matches ? [{ matches, port: port === undefined ? undefined : Number(port) }] : []
}

function matcherOf(host: string): Rule['matches'] | undefined {
  const [address = '', bits] = host.split('/')
  if (isIP(address)) return inRange(address, bits)
  if (bits !== undefined || host === '') return undefined
  if (host === '*') return () => true
  const name = host.replace(/^\*?\./, '')
  if (name.includes('*')) return glob(name)
  const ascii = domainToASCII(name)
  return (other) => other === ascii || other.endsWith(`.${ascii}`)
}

/** Addresses are compared as numbers: `::1` is written in many ways. */
function inRange(address: string, bits: string | undefined): Rule['matches'] | undefined {
  const family = familyOf(address)
  const most = family === 'ipv4' ? 32 : 128
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Infinity
  if (prefix > most) return undefined
  const range = new BlockList()
  range.addSubnet(address, prefix, family)
  return (host) => isIP(host) !== 0 && range.check(host, familyOf(host))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

/** `192.168.*`, as desktops write it. */
function glob(pattern: string): Rule['matches'] {
  const parts = pattern.split('*').map((part) => part.replace(/[^\w-]/g, '\\$&'))
  const whole = new RegExp(`^${parts.join('.*')}$`)
  return (host) => whole.test(host)
}

/** In small letters, without brackets and the dot that ends a full name. */
export function bareHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
}
