/**
 * Which origins `cors_origins` means: every origin as browsers write it, also those of programs with a scheme of their own, and
 * a `*` for one label of the host or for the port. Source: HTML Standard, "ASCII serialisation of an origin", read 2026-11.
 */
import { domainToASCII } from 'node:url'

interface Pattern {
  scheme: string
  host: string
  port: string
}

const compiled = new WeakMap<readonly string[], RegExp>()

/** `allowed`: as in `config.json`, where no fault was found in it. */
export function isAllowedOrigin(origin: string, allowed: readonly string[]): boolean {
  let pattern = compiled.get(allowed)
  if (!pattern) {
    pattern = new RegExp(`^(?:${allowed.map(sourceOf).join('|')})$`)
    compiled.set(allowed, pattern)
  }
  return pattern.test(origin.toLowerCase())
}

/** What is wrong with one of `cors_origins`, as the rest of a sentence that begins with it; undefined where nothing is. */
export function originFault(text: string): string | undefined {
  if (text === '*') {
    return 'which would let every web page spend the account; name the origins that may, such as https://chat.example or https://*.example.com'
  }
  if (/^file:/i.test(text)) return 'but pages of file:// send the origin null; write that'
  if (text.toLowerCase() === 'null') return undefined
  const pattern = patternOf(text)
  if (pattern && isNarrow(pattern)) return undefined
  return 'expected an origin such as https://chat.example, https://*.example.com, http://localhost:*, app://obsidian.md or null'
}

/** Forgiven: it is no part of an origin, but of every address that is copied. */
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

/** Browsers write names of other scripts in ASCII; a `*` would be none of its characters. */
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
  const name = host.split('*').map(escaped).join('[^./:]+')
  return `${escaped(scheme)}://${name}${portSource(scheme, port)}`
}

const usualPorts: Record<string, string> = { http: '80', https: '443' }

/** The usual port is never written by a browser. */
function portSource(scheme: string, port: string): string {
  if (port === '*') return '(?::\\d+)?'
  return port === '' || port === usualPorts[scheme] ? '' : `:${port}`
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
