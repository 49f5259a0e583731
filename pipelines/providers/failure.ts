/**
 * An upstream's error inside a 200 answer, as a failure: status, type, code and message for the error envelope.
 * Source: docs/translation.md §10.2-10.4; Anthropic API reference "Errors", OpenAI API reference "error" event, read 2026-11.
 */
import { errorType } from '../errors.ts'
import type { Delta, Failure } from '../neutral/delta.ts'
import { isObject, type JsonObject } from '../json/value.ts'
import { asName, asObject } from '../wire-value.ts'

type FailureDelta = Extract<Delta, { type: 'failure' }>

const noMessage = 'The upstream reported an error without a message.'

/** The input ended before the answer was complete. */
export function truncatedFailure(): FailureDelta {
  const message = 'The upstream closed the stream before the answer was complete.'
  return failure(upstreamError('upstream_truncated', message))
}

/** The upstream broke its own protocol; the message says how. */
export function protocolFailure(message: string): FailureDelta {
  return failure(upstreamError('upstream_protocol_error', message))
}

/** A 200 whose body is no answer; what it says, in no API's words, is told. `wanted` is what it should be. */
export function notAnAnswer(wanted: string, body: JsonObject): FailureDelta {
  const said = messageIn(body)?.slice(0, 300)
  const message = `The upstream answered with a body that is not ${wanted}`
  return protocolFailure(said === undefined ? `${message}.` : `${message}, but says: ${said}`)
}

function upstreamError(code: string, message: string): Failure {
  return { status: 502, type: 'upstream_error', code, message }
}

function failure(of: Failure): FailureDelta {
  return { type: 'failure', failure: of }
}

/** Whether an event or a body speaks of an error; an empty `error` beside an answer says nothing. */
export function saysError({ type, error }: JsonObject): boolean {
  if (type === 'error') return true
  if (isObject(error)) return Object.keys(error).length > 0
  return Array.isArray(error) ? error.length > 0 : Boolean(error)
}

/** Gateways send `error: "some text"`, a list of errors, or a status. */
function errorOf(value: unknown): JsonObject {
  if (isObject(value)) return value
  if (typeof value === 'number') return { code: value }
  const [first] = Array.isArray(value) ? value : []
  const message = messageIn(value)
  return { ...asObject(first), ...(message !== undefined && { message }) }
}

/** So deep lies a message at most. */
const messageDepth = 4

/** What a member that should hold an error's message says, whatever form it has; undefined where it says nothing. */
export function messageIn(value: unknown, depth = messageDepth): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value
  if (typeof value === 'number') return String(value)
  if (depth === 0) return undefined
  if (Array.isArray(value)) {
    const said = value.slice(0, 10).flatMap((one) => messageIn(one, depth - 1) ?? [])
    return said.length > 0 ? said.join('; ') : undefined
  }
  const { message, msg, error, detail } = asObject(value)
  for (const member of [message, msg, error, detail]) {
    const said = messageIn(member, depth - 1)
    if (said !== undefined) return said
  }
  return undefined
}

const anthropicStatuses = new Map([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['conflict_error', 409],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['timeout_error', 504],
  ['overloaded_error', 529],
])

const anthropicCodes = new Map([
  ['rate_limit_error', 'rate_limit_exceeded'],
  ['authentication_error', 'invalid_api_key'],
  ['overloaded_error', 'overloaded'],
  ['request_too_large', 'request_too_large'],
  ['billing_error', 'insufficient_quota'],
])

/** In: `error` of an Anthropic error event or body, `{type, message, details?}`. */
export function anthropicFailure(value: unknown): FailureDelta {
  const error = errorOf(value)
  const type = typeOf(error) ?? 'api_error'
  const message = messageIn(error.message) ?? noMessage
  const status = anthropicStatuses.get(type) ?? statusIn(asName(error.code) ?? '') ?? 500
  return failure({ status, type, code: anthropicCode(type, message, error.details), message })
}

/** The code that OpenAI clients know for an Anthropic error, or null. They compact on `context_length_exceeded`. */
function anthropicCode(type: string, message: string, details?: unknown): string | null {
  const given = asName(asObject(details).error_code)
  if (given !== undefined) return given
  if (type === 'not_found_error' && /\bmodel\b/i.test(message)) return 'model_not_found'
  if (type === 'invalid_request_error' && saysTooLong(message)) return 'context_length_exceeded'
  return anthropicCodes.get(type) ?? null
}

function saysTooLong(message: string): boolean {
  return (
    /(?<![.\w])(?:prompt|input|context)\b.*\b(?:too long|exceed)/is.test(message) ||
    /\bexceed.*\bcontext\b/is.test(message)
  )
}

/** The first row whose words occur in an OpenAI error's code or type gives the status. */
const responsesStatuses: [RegExp, number][] = [
  [/rate_limit|insufficient_quota/, 429],
  [/authentication|invalid_api_key/, 401],
  [/permission/, 403],
  [/not_found/, 404],
  [/invalid|bad_request|context_length|policy|image_/, 400],
  [/overload/, 503],
  [/timeout/, 504],
]

/** In: the error of a Responses `error` event (either form), of `response.failed`, or of a failed body. */
export function responsesFailure(value: unknown): FailureDelta {
  const error = errorOf(value)
  const code = asName(error.code) ?? null
  const status = responsesStatus(code ?? '', typeOf(error) ?? '')
  return failure({
    status,
    type: typeOf(error) ?? errorType(status),
    code,
    message: messageIn(error.message) ?? noMessage,
    param: asName(error.param) ?? null,
  })
}

/** In the flat form of the event `type` is the event's own, `error`. */
function typeOf(error: JsonObject): string | undefined {
  return error.type === 'error' ? undefined : asName(error.type)
}

function responsesStatus(code: string, type: string): number {
  const words = `${code} ${type}`
  const named = responsesStatuses.find(([pattern]) => pattern.test(words))
  return statusIn(words) ?? named?.[1] ?? 500
}

/** A status that stands in an error's code or type. */
function statusIn(words: string): number | undefined {
  const digits = /(?<!\d)[45]\d\d(?!\d)/.exec(words)
  return digits ? Number(digits[0]) : undefined
}
