/**
 * Sealed reasoning: one string in the place where a client's API keeps a signature, for reasoning that another API made. The
 * client hands it back as it is; only the provider that it names takes it apart.
 *
 * The string is `d2a1.` and the base64url of `{v, p, m, e, d}`: version, provider, upstream model, endpoint, and what that
 * provider needs to rebuild the reasoning.
 */
import { sealMark } from '../json/scan.ts'
import { isObject, objectFrom, type JsonObject } from '../json/value.ts'
import { makers, reasoningFields, type Reasoning, type Seal } from './reasoning.ts'

const version = 1

/** What a provider is called in a seal whose reasoning has a name of its own in the registry; the others are called as theirs. */
const providersOfMakers = new Map<string, string>([
  [makers.anthropic, 'anthropic'],
  [makers.openai, 'openai'],
  [makers.google, 'google'],
])
const makersOfProviders = new Map(
  Array.from(providersOfMakers, ([maker, provider]) => [provider, maker]),
)

/** Whether a signature, encrypted content or the like is one of ours. Whether it is intact `openSeal` tells. */
export function isSealed(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(sealMark)
}

/**
 * The string for a client. `isShown`: the client gets the text of the reasoning beside it. Reasoning without a seal of its
 * own gets a string, too, so that it is recognised when it comes back, and left out.
 */
export function sealReasoning(reasoning: Reasoning, endpoint: string, isShown: boolean): string {
  const { maker = makers.common, model, text, seal } = reasoning
  const provider = providersOfMakers.get(maker) ?? maker
  const sealed = {
    v: version,
    p: provider,
    m: model ?? '',
    e: endpoint,
    d: seal ? dataOf(provider, seal, text, isShown) : {},
  }
  return sealOf(sealed)
}

/** The string of anything that this program alone is to read again. */
export function sealOf(content: object): string {
  return sealMark + Buffer.from(JSON.stringify(content)).toString('base64url')
}

/** What is in such a string; undefined for everything that `sealOf` has not made. */
export function sealedIn(value: unknown): JsonObject | undefined {
  return isSealed(value) ? decoded(value.slice(sealMark.length)) : undefined
}

/**
 * The reasoning of such a string. `shown`: the text that the client hands back beside it, which counts where the string has
 * none. Undefined for everything that `sealReasoning` has not made.
 */
export function openSeal(value: unknown, shown: string): Reasoning | undefined {
  const { v, p: provider, m: model, e: endpoint, d: data, ...rest } = sealedIn(value) ?? {}
  if (v !== version || !isEmpty(rest)) return undefined
  if (!isName(provider) || !isText(model) || !isText(endpoint) || !isObject(data)) return undefined
  const opened = contentOf(provider, data, shown)
  // a string of ours inside one would reach the upstream
  if (!opened || isSealed(opened.text)) return undefined
  return {
    maker: makersOfProviders.get(provider) ?? provider,
    ...(model !== '' && { model }),
    endpoint,
    ...opened,
  }
}

/** Of a provider; not the maker's name in the registry, for which a seal has another. */
function isName(value: unknown): value is string {
  return isText(value) && value !== '' && !providersOfMakers.has(value)
}

/** Encodings that differ in their last, unused bits, or have anything else among their characters, are none of ours. */
function decoded(text: string): JsonObject | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? objectFrom(bytes.toString()) : undefined
}

/** A signature is one of the text, so that the text travels along, whatever the client makes of it. */
function dataOf(provider: string, seal: Seal, text: string, isShown: boolean): JsonObject {
  if ('field' in seal) {
    const { field: f, entries } = seal
    if (entries) return { f, v: entries }
    return isShown || f === 'inline' ? { f } : { f, text }
  }
  if ('signature' in seal) return { thinking: text, signature: seal.signature }
  const { data, id, on } = seal
  if (provider === 'anthropic') return { redacted: data }
  if (provider !== 'google' && on === undefined) return { enc: data }
  return { sig: data, on: on ?? 'text', ...(id !== undefined && { id }) }
}

type Content = Pick<Reasoning, 'kind' | 'text' | 'seal'>
/** undefined for data of another form */
type Form = (data: JsonObject, shown: string) => Content | undefined

/** The forms that the data of a provider's seals has; left out: any of them. */
const formsOf = new Map<string, readonly Form[]>([
  ['anthropic', [redacted, signed]],
  ['openai', [encrypted]],
  ['google', [placed]],
  ['common', [inField]],
])
const allForms: readonly Form[] = [signed, encrypted, placed, inField]

function contentOf(provider: string, data: JsonObject, shown: string): Content | undefined {
  if (isEmpty(data)) return { kind: 'thinking', text: shown }
  for (const form of formsOf.get(provider) ?? allForms) {
    const content = form(data, shown)
    if (content) return content
  }
  return undefined
}

function redacted({ redacted: data, ...rest }: JsonObject): Content | undefined {
  const isWhole = isEmpty(rest) && isGivenBack(data)
  return isWhole ? { kind: 'thinking', text: '', seal: { data } } : undefined
}

function signed({ thinking, signature, ...rest }: JsonObject): Content | undefined {
  const isWhole = isEmpty(rest) && isText(thinking) && isGivenBack(signature)
  return isWhole ? { kind: 'thinking', text: thinking, seal: { signature } } : undefined
}

function encrypted({ enc: data, ...rest }: JsonObject, shown: string): Content | undefined {
  const isWhole = isEmpty(rest) && isGivenBack(data)
  return isWhole ? { kind: 'summary', text: shown, seal: { data } } : undefined
}

function placed({ sig: data, on, id, ...rest }: JsonObject, shown: string): Content | undefined {
  if (!isEmpty(rest) || !isGivenBack(data) || (on !== 'call' && on !== 'text')) return undefined
  if (id === undefined) return { kind: 'thinking', text: shown, seal: { data, on } }
  return isText(id) ? { kind: 'thinking', text: shown, seal: { data, on, id } } : undefined
}

function inField({ f, v, text, ...rest }: JsonObject, shown: string): Content | undefined {
  const field = reasoningFields.find((one) => one === f)
  if (field === undefined || !isEmpty(rest)) return undefined
  if (field === 'reasoning_details') {
    if (text !== undefined || !Array.isArray(v) || v.length === 0) return undefined
    if (!v.every(isObject) || JSON.stringify(v).includes(`"${sealMark}`)) return undefined
    return { kind: 'raw', text: shown, seal: { field, entries: v } }
  }
  const own = text ?? shown
  return v === undefined && isText(own) ? { kind: 'raw', text: own, seal: { field } } : undefined
}

function isEmpty(object: JsonObject): boolean {
  return Object.keys(object).length === 0
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isGivenBack(value: unknown): value is string {
  return isText(value) && value !== '' && !isSealed(value)
}
