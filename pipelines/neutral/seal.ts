/**
 * Sealed reasoning: one string in the place where a client's API keeps a signature, for reasoning that another API made. The
 * client hands it back as it is; only the provider that it names takes it apart.
 *
 * The string is `d2a1.` and the base64url of `{v, p, m, e, d}`: version, provider, upstream model, endpoint, and what that
 * provider needs to rebuild the reasoning.
 */
import { isObject, objectFrom, type JsonObject } from '../json/value.ts'
import { reasoningFields, type Reasoning, type Seal } from './reasoning.ts'

const prefix = 'd2a1.'
/** In the JSON of every body that holds one. */
export const sealMark = `"${prefix}`
const version = 1

type Provider = 'anthropic' | 'openai' | 'google' | 'common'

const providersOfMakers = new Map<string | undefined, Provider>([
  ['anthropic-claude-v1', 'anthropic'],
  ['openai-responses-v1', 'openai'],
  ['google-gemini-v1', 'google'],
])
const makers: Record<Provider, string> = {
  anthropic: 'anthropic-claude-v1',
  openai: 'openai-responses-v1',
  google: 'google-gemini-v1',
  common: 'common',
}

/** Whether a signature, encrypted content or the like is one of ours. Whether it is intact `openSeal` tells. */
export function isSealed(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(prefix)
}

/**
 * The string for a client. `isShown`: the client gets the text of the reasoning beside it. Reasoning without a seal of its
 * own gets a string, too, so that it is recognised when it comes back, and left out.
 */
export function sealReasoning(reasoning: Reasoning, endpoint: string, isShown: boolean): string {
  const { maker, model, text, seal } = reasoning
  const provider = providersOfMakers.get(maker) ?? 'common'
  const sealed = {
    v: version,
    p: provider,
    m: model ?? '',
    e: endpoint,
    d: seal ? dataOf(provider, seal, text, isShown) : {},
  }
  return prefix + Buffer.from(JSON.stringify(sealed)).toString('base64url')
}

/**
 * The reasoning of such a string. `shown`: the text that the client hands back beside it, which counts where the string has
 * none. Undefined for everything that `sealReasoning` has not made.
 */
export function openSeal(value: unknown, shown: string): Reasoning | undefined {
  if (!isSealed(value)) return undefined
  const sealed = decoded(value.slice(prefix.length))
  if (!sealed || !hasOnly(sealed, ['v', 'p', 'm', 'e', 'd']) || sealed.v !== version) {
    return undefined
  }
  const { p: provider, m: model, e: endpoint, d: data } = sealed
  if (!isProvider(provider) || !isText(model) || !isText(endpoint) || !isObject(data)) {
    return undefined
  }
  const opened = contentOf(provider, data, shown)
  // a string of ours inside one would reach the upstream
  if (!opened || isSealed(opened.text)) return undefined
  return {
    kind: kinds[provider],
    maker: makers[provider],
    ...(model !== '' && { model }),
    endpoint,
    ...opened,
  }
}

const kinds: Record<Provider, Reasoning['kind']> = {
  anthropic: 'thinking',
  openai: 'summary',
  google: 'thinking',
  common: 'raw',
}

/** Encodings that differ in their last, unused bits, or have anything else among their characters, are none of ours. */
function decoded(text: string): JsonObject | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? objectFrom(bytes.toString()) : undefined
}

/** A signature is one of the text, so that the text travels along, whatever the client makes of it. */
function dataOf(provider: Provider, seal: Seal, text: string, isShown: boolean): JsonObject {
  if ('field' in seal) {
    const { field: f, entries } = seal
    if (entries) return { f, v: entries }
    return isShown || f === 'inline' ? { f } : { f, text }
  }
  if ('signature' in seal) return { thinking: text, signature: seal.signature }
  const { data, id, on } = seal
  if (provider === 'anthropic') return { redacted: data }
  if (provider !== 'google') return { enc: data }
  return { sig: data, on: on ?? 'text', ...(id !== undefined && { id }) }
}

type Content = Pick<Reasoning, 'text' | 'seal'>

function contentOf(provider: Provider, data: JsonObject, shown: string): Content | undefined {
  if (Object.keys(data).length === 0) return { text: shown }
  switch (provider) {
    case 'anthropic':
      return anthropicContent(data)
    case 'openai':
      if (!hasOnly(data, ['enc']) || !isGivenBack(data.enc)) return undefined
      return { text: shown, seal: { data: data.enc } }
    case 'google':
      return googleContent(data, shown)
    case 'common':
      return commonContent(data, shown)
    default:
      return provider satisfies never
  }
}

function anthropicContent(data: JsonObject): Content | undefined {
  const { thinking, signature, redacted } = data
  if (hasOnly(data, ['redacted']) && isGivenBack(redacted)) {
    return { text: '', seal: { data: redacted } }
  }
  const isWhole = hasOnly(data, ['thinking', 'signature'])
  if (!isWhole || !isText(thinking) || !isGivenBack(signature)) return undefined
  return { text: thinking, seal: { signature } }
}

function googleContent(data: JsonObject, shown: string): Content | undefined {
  const { sig, on, id } = data
  if (!hasOnly(data, ['sig', 'on', 'id']) || !isGivenBack(sig)) return undefined
  if (on !== 'call' && on !== 'text') return undefined
  if (id === undefined) return { text: shown, seal: { data: sig, on } }
  return isText(id) ? { text: shown, seal: { data: sig, on, id } } : undefined
}

function commonContent(data: JsonObject, shown: string): Content | undefined {
  const { f, v, text = shown } = data
  const field = reasoningFields.find((one) => one === f)
  if (field === undefined) return undefined
  if (field === 'reasoning_details') {
    if (!hasOnly(data, ['f', 'v']) || !Array.isArray(v) || v.length === 0) return undefined
    if (!v.every(isObject) || JSON.stringify(v).includes(`"${prefix}`)) return undefined
    return { text: shown, seal: { field, entries: v } }
  }
  return hasOnly(data, ['f', 'text']) && isText(text) ? { text, seal: { field } } : undefined
}

function hasOnly(object: JsonObject, names: string[]): boolean {
  return Object.keys(object).every((name) => names.includes(name))
}

function isProvider(value: unknown): value is Provider {
  return typeof value === 'string' && Object.hasOwn(makers, value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isGivenBack(value: unknown): value is string {
  return isText(value) && value !== '' && !isSealed(value)
}
