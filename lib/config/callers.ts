/**
 * Who may call: client keys, browser origins and hosts, as a configuration gives them, checked and prepared for `lib/guard.ts`.
 */
import { domainToASCII } from 'node:url'
import type { GivenKeys, Problems } from './environment.ts'
import type { Caller, ClientKey } from './types.ts'
import { isExample } from './written-value.ts'

/** Host names and addresses that stand for this machine alone. */
export const loopback = /^(?:localhost|[^]*\.localhost|::1|127(?:\.\d{1,3}){3})\.?$/i

interface Keys {
  /** the configuration file */
  file: string
  /** of the environment, its examples already taken out; undefined where it names none */
  env: GivenKeys | undefined
  listed: readonly string[]
  /** of the file's `clients`, of which each has a key */
  hasClients: boolean
  host: string
}

/**
 * Examples are public, so they count as not set. If none is left, an address that others reach stays closed: whoever set a key
 * wanted to be asked for one.
 */
export function clientKeys(
  { file, env, listed, hasClients, host }: Keys,
  problems: Problems,
): string[] {
  if (env && env.keys.length + env.named.length > 0) return env.keys
  const bare = listed.map((key) => key.replace(/^Bearer\s+/i, ''))
  if (bare.some((key, index) => key !== listed[index])) {
    problems.warnings.push(
      `${file}: api_keys holds a key that begins with "Bearer", which is taken off`,
    )
  }
  const usable = bare.filter((key) => !isExample(key))
  if (usable.length < listed.length) {
    problems.warnings.push(`${file}: api_keys holds an example value, which counts as not set`)
  }
  const wereNamed = env !== undefined || listed.length > 0
  if (wereNamed && usable.length === 0 && !hasClients && !loopback.test(host)) {
    problems.faults.push(
      `${env?.place ?? `${file}: api_keys`} holds no key of your own, and others reach ${host}: make up a key`,
    )
  }
  return usable
}

/** How a configuration gives a key that it does not want to hold itself: its SHA-256 in hexadecimal digits. */
const hashForm = /^sha256:([\da-f]{64})$/i

/** Whether an entry of `api_keys` sets out to be a hash but is none. */
export function isBrokenHash(entry: string): boolean {
  return /^sha256:/i.test(entry) && !hashForm.test(entry)
}

/** The hash that such an entry is; undefined for a key as it is. */
export function hashOf(entry: string): string | undefined {
  return hashForm.exec(entry)?.[1]?.toLowerCase()
}

/** The keys of `clients` and `api_keys`, ready to be compared. */
export function preparedKeys(
  clients: readonly Caller[],
  apiKeys: readonly string[],
): readonly ClientKey[] {
  const unnamed = apiKeys.map((key, index) => ({ name: `key-${index + 1}`, key, enabled: true }))
  return [...clients, ...unnamed].map((caller) => {
    const hash = hashOf(caller.key)
    return hash === undefined
      ? { bytes: Buffer.from(caller.key), isHash: false, caller }
      : { bytes: Buffer.from(hash, 'hex'), isHash: true, caller }
  })
}

interface Pattern {
  scheme: string
  host: string
  port: string
}

/**
 * Matches the origins that `cors_origins` allows: every origin as browsers write it, also those of programs with a scheme of
 * their own, and a `*` for one label of the host or for the port. Source: HTML Standard, "ASCII serialisation of an origin",
 * read 2026-11. `allowed`: without faults.
 */
export function originPattern(allowed: readonly string[]): RegExp {
  return new RegExp(`^(?:${allowed.map(sourceOf).join('|')})$`)
}

/** What is wrong with one of `cors_origins`, as the rest of a sentence that begins with it; undefined where nothing is. */
export function originFault(text: string): string | undefined {
  if (text === '*') {
    return 'which would let every web page use the account; name the origins that may, such as https://chat.example or https://*.example.com'
  }
  if (/^file:/i.test(text)) return 'but pages of file:// send the origin null; write that'
  if (text.toLowerCase() === 'null') return undefined
  const pattern = patternOf(text)
  if (pattern && isNarrow(pattern)) return undefined
  return 'expected an origin such as https://chat.example, https://*.example.com, http://localhost:*, app://obsidian.md or null'
}

/** Forgiven: an origin does not end in a slash, but a copied address does. */
export function hasTrailingSlash(text: string): boolean {
  return /[^/]\/$/.test(text)
}

/** Undefined for what is more or less than scheme, host and port. */
function patternOf(text: string): Pattern | undefined {
  const [, scheme, host, port] =
    /^([a-z][a-z\d+.-]*):\/\/(\[[\d:a-f.]+\]|[^\s/?#@:[\]\\]*)(?::(\d+|\*))?\/?$/.exec(
      text.toLowerCase(),
    ) ?? []
  if (scheme === undefined || host === undefined) return undefined
  return { scheme, host: isWeb(scheme) ? asciiOf(host) : host, port: port ?? '' }
}

/** Browsers write names of other scripts in ASCII. The conversion would not take a `*`. */
function asciiOf(host: string): string {
  return host.startsWith('[') ? host : host.split('*').map(domainLabelOf).join('*')
}

function domainLabelOf(part: string): string {
  // eslint-disable-next-line no-control-regex -- what is ASCII already stays as it is
  return /^[\u0000-\u007f]*$/.test(part) ? part : domainToASCII(part)
}

function isWeb(scheme: string): boolean {
  return scheme === 'http' || scheme === 'https'
}

/** On the web a `*` in front of a name with one label, such as `*.com`, would be anybody's; `*.localhost` is this machine's. */
function isNarrow({ scheme, host }: Pattern): boolean {
  if (!isWeb(scheme)) return true
  if (host === '') return false
  const labels = host.split('.')
  const fixed = labels.slice(labels.findLastIndex((label) => label.includes('*')) + 1)
  return !host.includes('*') || fixed.length >= 2 || fixed[0] === 'localhost'
}

function sourceOf(text: string): string {
  const pattern = patternOf(text)
  if (!pattern) return 'null'
  const { scheme, host, port } = pattern
  const name = host.split('*').map(literal).join('[^./:]+')
  return `${literal(scheme)}://${name}${portSource(scheme, port)}`
}

const usualPorts: Record<string, string> = { http: '80', https: '443' }

/** The usual port is never written by a browser. */
function portSource(scheme: string, port: string): string {
  if (port === '*') return '(?::\\d+)?'
  return port === '' || port === usualPorts[scheme] ? '' : `:${port}`
}

/** As the source of a regular expression that matches nothing else. */
export function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
