/**
 * What every provider's errors have in common: an HTTP refusal, an error inside a 200 answer, an answer that is broken.
 * Any upstream may send any envelope, since gateways stand in front of them, so one set of rules reads them all.
 * Source: docs/translation.md §10.2-10.4; the error pages of the Anthropic and OpenAI API references, read 2026-11.
 */
import { ProxyError, brokenProtocol, errorType } from '../errors.ts'
import { isObject, jsonFrom, objectFrom, type JsonObject } from '../json/value.ts'
import { asName, asObject, asObjects } from '../untrusted.ts'

export const noMessage = 'The upstream reported an error without a message.'

/** A 200 whose body is not `wanted`; its message, if it has one in any API's form, is part of ours. */
export function notAnAnswer(wanted: string, body: JsonObject): ProxyError {
  const given = messageIn(body)?.slice(0, 300)
  const message = `The upstream answered with a body that is not ${wanted}`
  return brokenProtocol(given === undefined ? `${message}.` : `${message}, but says: ${given}`)
}

/** In: status (400 or above) and body of an HTTP answer. The status is kept. */
export function refusalFrom(status: number, body: string): ProxyError {
  const json = objectIn(body)
  const error = json?.type === 'response.failed' ? asObject(json.response).error : json?.error
  if (isObject(error)) {
    const isAnthropic = json?.type === 'error'
    return isAnthropic ? fromAnthropic(status, error) : fromOpenAi(status, error)
  }
  for (const value of [error, json?.detail]) {
    const message = messageIn(value)
    if (message !== undefined) return new ProxyError(status, null, message, { isUpstreams: true })
  }
  if (json && messageIn(json.message) !== undefined) return fromOpenAi(status, json)
  return new ProxyError(status, null, plainMessage(status, body), {
    type: 'upstream_error',
    isUpstreams: true,
  })
}

/** An event, and what may stand in front of its data. Each line fits in one way, else many lines would take for ever. */
const oneEvent = /^(?:(?:(?:event|id|retry)?:[^\n]*|\r?)\n)*data:(.*)/

/** Google's API answers with a list of one. Who was asked for a stream may answer with one event of it. */
export function objectIn(body: string): JsonObject | undefined {
  const [, data] = oneEvent.exec(body) ?? []
  if (data !== undefined) return objectFrom(data)
  const json = jsonFrom(body)
  if (Array.isArray(json)) return asObjects(json)[0]
  return isObject(json) ? json : undefined
}

function fromAnthropic(status: number, error: JsonObject): ProxyError {
  const message = messageIn(error.message) ?? noMessage
  const type = asName(error.type) ?? errorType(status)
  return new ProxyError(status, codeOfType(error, message), message, { type, isUpstreams: true })
}

function fromOpenAi(status: number, error: JsonObject): ProxyError {
  const message = messageIn(error.message) ?? `Upstream answered HTTP ${status}`
  const param = asName(error.param)
  return new ProxyError(status, asName(error.code) ?? null, message, {
    type: typeIn(error) ?? errorType(status),
    isUpstreams: true,
    ...(param !== undefined && { param }),
  })
}

/** A gateway's HTML page or the like: its beginning, without tags. */
function plainMessage(status: number, body: string): string {
  const text = body
    .slice(0, 20_000)
    .replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300)
  return text ? `Upstream answered HTTP ${status}: ${text}` : `Upstream answered HTTP ${status}`
}

/** Whether an event or a body reports an error; an empty `error` beside an answer does not. */
export function isError({ type, error }: JsonObject): boolean {
  if (type === 'error') return true
  if (isObject(error)) return Object.keys(error).length > 0
  return Array.isArray(error) ? error.length > 0 : Boolean(error)
}

/** The object of an error. Gateways send `error: "some text"`, a list of errors, or a status. */
export function errorIn(value: unknown): JsonObject {
  if (isObject(value)) return value
  if (typeof value === 'number') return { code: value }
  const [first] = Array.isArray(value) ? value : []
  const message = messageIn(value)
  return { ...asObject(first), ...(message !== undefined && { message }) }
}

/** Its type. In the flat form of an event, `type` is the event's own, `error`. */
export function typeIn(error: JsonObject): string | undefined {
  return error.type === 'error' ? undefined : asName(error.type)
}

/** A status that stands in an error's code or type. */
export function statusIn(codes: string): number | undefined {
  const digits = /(?<!\d)[45]\d\d(?!\d)/.exec(codes)
  return digits ? Number(digits[0]) : undefined
}

/** Such a status, else that of the first row which matches; 500 where none does. */
export function statusBy(rows: readonly [RegExp, number][], codes: string): number {
  return statusIn(codes) ?? rows.find(([pattern]) => pattern.test(codes))?.[1] ?? 500
}

/** So deep lies a message at most. */
const messageDepth = 4

/** The text of a member that should hold an error's message, whatever form it has; undefined where there is none. */
export function messageIn(value: unknown, depth = messageDepth): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  if (typeof value === 'number') return String(value)
  if (depth === 0) return undefined
  if (Array.isArray(value)) {
    const texts = value.slice(0, 10).flatMap((one) => messageIn(one, depth - 1) ?? [])
    return texts.length > 0 ? texts.join('; ') : undefined
  }
  const { message, msg, error, detail } = asObject(value)
  for (const member of [message, msg, error, detail]) {
    const text = messageIn(member, depth - 1)
    if (text !== undefined) return text
  }
  return undefined
}

const codesOfTypes = new Map([
  ['rate_limit_error', 'rate_limit_exceeded'],
  ['authentication_error', 'invalid_api_key'],
  ['overloaded_error', 'overloaded'],
  ['request_too_large', 'request_too_large'],
  ['billing_error', 'insufficient_quota'],
])

/**
 * The code that OpenAI clients know for an error in Anthropic's envelope, which has a type and no code; null for none. They
 * compact on `context_length_exceeded`.
 */
export function codeOfType(error: JsonObject, message: string): string | null {
  const given = asName(asObject(error.details).error_code)
  if (given !== undefined) return given
  const type = typeIn(error) ?? ''
  if (type === 'not_found_error' && /\bmodel\b/i.test(message)) return 'model_not_found'
  if (type === 'invalid_request_error' && isTooLong(message)) return 'context_length_exceeded'
  return codesOfTypes.get(type) ?? null
}

/**
 * Whether a message says that the conversation is too long for the model, as Anthropic, OpenAI, vLLM, SGLang, TGI, llama.cpp,
 * LM Studio, Mistral, Moonshot, Zhipu, DashScope, Volcengine, xAI, GitHub and Google say it. A limit of tokens a minute is
 * another matter, and so are the size of an image and an answer that was asked to be too long.
 */
export function isTooLong(message: string): boolean {
  return tooLong.some((words) => hasInOrder(message, words)) && !otherLimits.test(message)
}

/** What has to stand behind one another. One pattern with gaps would take for ever on a long message that repeats them. */
const tooLong = [
  [/(?<![.\w])(?:prompt|input|context)\b/gi, /\b(?:too long|exceed)/gi],
  [/\bexceed/gi, /\bcontext\b/gi],
  [/maximum context length|context_length|context length of|context[_ ]size/gi],
  [/too many tokens|exceeded model token limit|range of input length|exceed max message tokens/gi],
  [/\b(?:input|prompt)\b/gi, /\b(?:longer|greater) than\b/gi, /\blength\b/gi],
  [/context length is only|maximum prompt length|tokens_limit_reached/gi],
  [/`inputs`/gi, / must (?:be <=|have less than)/gi],
]

function hasInOrder(message: string, words: readonly RegExp[]): boolean {
  let behind = 0
  return words.every((word) => {
    word.lastIndex = behind
    const isThere = word.test(message)
    behind = word.lastIndex
    return isThere
  })
}

const otherLimits =
  /per[- ](?:min|hour|day)|rate[- ]limit|\bMB\b|max_(?:completion_)?tokens\W* is too large/i
