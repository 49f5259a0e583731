/**
 * Errors of Google's APIs: `{error: {code, message, status, details}}`, or a list of one such.
 * Source: Google API design guide "Errors", Gemini API "Troubleshooting", read 2026-11.
 */
import { ProxyError } from '../../errors.ts'
import type { JsonObject } from '../../json/value.ts'
import { asName, asNumber, asObject, asObjects } from '../../untrusted.ts'
import { errorIn, isTooLong, messageIn, noMessage, objectIn, refusalFrom } from '../failure.ts'

const statuses = new Map<string | undefined, number>([
  ['INVALID_ARGUMENT', 400],
  ['FAILED_PRECONDITION', 400],
  ['OUT_OF_RANGE', 400],
  ['UNAUTHENTICATED', 401],
  ['PERMISSION_DENIED', 403],
  ['NOT_FOUND', 404],
  ['RESOURCE_EXHAUSTED', 429],
  ['INTERNAL', 500],
  ['UNAVAILABLE', 503],
  ['DEADLINE_EXCEEDED', 504],
])

/** The codes that OpenAI clients know; all other words stay, in lower case. */
const codes = new Map<string | undefined, string>([
  ['UNAUTHENTICATED', 'invalid_api_key'],
  ['RESOURCE_EXHAUSTED', 'rate_limit_exceeded'],
  ['UNAVAILABLE', 'overloaded'],
])

/** In: status (400 or above) and body of an HTTP answer. The status is kept. */
export function googleRefusal(status: number, body: string): ProxyError {
  const error = asObject(objectIn(body)?.error)
  // gateways have errors of their own
  return asName(error.status) === undefined ? refusalFrom(status, body) : proxyError(status, error)
}

/** In: `error` of an event or of a body with the status 200. */
export function googleError(value: unknown): ProxyError {
  const error = errorIn(value)
  const code = asNumber(error.code)
  const isStatus = code !== undefined && code >= 400 && code < 600
  return proxyError(isStatus ? code : (statuses.get(asName(error.status)) ?? 500), error)
}

function proxyError(status: number, error: JsonObject): ProxyError {
  const message = messageIn(error.message) ?? noMessage
  const retryAfterS = retryDelay(error)
  const headers = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }
  return new ProxyError(status, codeOf(error, message), message, { headers })
}

function codeOf(error: JsonObject, message: string): string | null {
  const word = asName(error.status)
  const reasons = asObjects(error.details).map(({ reason }) => reason)
  if (reasons.includes('API_KEY_INVALID')) return 'invalid_api_key'
  if (word === 'INVALID_ARGUMENT' && isTooLong(message)) return 'context_length_exceeded'
  if (word === 'NOT_FOUND' && /\bmodels?\b/i.test(message)) return 'model_not_found'
  return codes.get(word) ?? word?.toLowerCase() ?? null
}

/** Whole seconds, rounded up; the API writes `"0.8s"`. */
function retryDelay({ details }: JsonObject): number | undefined {
  for (const { retryDelay: delay } of asObjects(details)) {
    const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(asName(delay) ?? '') ?? []
    if (seconds !== undefined) return Math.ceil(Number(seconds))
  }
  return undefined
}
