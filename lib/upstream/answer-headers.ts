/** The headers of an upstream's answer that the client gets: pure, in the upstream's own order. */
import type { Redact } from '../log/log.ts'
import { headerValue, hopByHopTest } from './hop-by-hop.ts'

/** Ids, limits and retry hints: what clients of the other API act on, too. */
const told = new Set([
  'x-request-id',
  'request-id',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'openai-processing-ms',
])
const toldPrefixes = ['x-ratelimit-', 'anthropic-ratelimit-']

/** `rawHeaders` with what an upstream echoes of a credential taken out; nearly always there is nothing to take out. */
export function withoutSecrets(raw: readonly string[], redact: Redact): readonly string[] {
  const all = raw.join('\n')
  return redact(all) === all ? raw : raw.map(redact)
}

/**
 * In: `rawHeaders` of the answer. `transparent`: all but those of the connection and cookies. `translated`: only what does
 * not describe the upstream's own body, with OpenAI's names for Anthropic's limits, and always an `x-request-id` where the
 * upstream gave an id. Several values of one name stay several.
 */
export function answerHeaders(
  raw: readonly string[],
  mode: 'transparent' | 'translated',
): Record<string, string | string[]> {
  const isHopByHop = hopByHopTest(connectionOf(raw))
  const headers: Record<string, string | string[]> = {}
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]!.toLowerCase()
    if (isHopByHop(name) || isTheirs(name)) continue
    if (mode === 'translated' && !isTold(name)) continue
    const value = headerValue(raw[index + 1]!)
    headers[name] = Object.hasOwn(headers, name) ? [headers[name]!, value].flat() : value
  }
  return mode === 'translated' ? withOpenAiNames(headers) : headers
}

/** What all `connection` headers together name. */
function connectionOf(raw: readonly string[]): string {
  let named = ''
  for (let index = 0; index + 1 < raw.length; index += 2) {
    if (raw[index]!.toLowerCase() === 'connection') named += `,${headerValue(raw[index + 1]!)}`
  }
  return named
}

/** What an upstream says to browsers and of its own address is not said of ours. */
function isTheirs(name: string): boolean {
  return name === 'set-cookie' || name === 'alt-svc' || name.startsWith('access-control-')
}

function isTold(name: string): boolean {
  return told.has(name) || toldPrefixes.some((prefix) => name.startsWith(prefix))
}

const limit = /^anthropic-ratelimit-(requests|tokens)-(limit|remaining|reset)$/

function withOpenAiNames(headers: Record<string, string | string[]>) {
  const named = { ...headers }
  for (const [name, value] of Object.entries(headers)) {
    const [, what, figure] = limit.exec(name) ?? []
    if (what) named[`x-ratelimit-${figure}-${what}`] ??= value
  }
  const id = named['x-request-id'] ?? named['request-id']
  if (id !== undefined) named['x-request-id'] = id
  return named
}
