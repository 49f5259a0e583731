/**
 * Errors of chat upstreams: an HTTP refusal, or one inside a 200 answer. Servers, gateways and gateways of gateways have
 * envelopes of their own, and few have a code for a conversation that is too long, so the wording tells.
 */
import { ProxyError } from '../../errors.ts'
import { isObject, objectFrom, type JsonObject } from '../../json/value.ts'
import { asName, asObject } from '../../untrusted.ts'
import {
  errorIn,
  isTooLong,
  messageIn,
  noMessage,
  refusalFrom,
  statusBy,
  typeIn,
} from '../failure.ts'
import { leavesNoRoom } from '../room.ts'

/** By an error's code and type. */
const statuses: [RegExp, number][] = [
  [/rate_?limit|insufficient_quota|too_many_requests/i, 429],
  [/authentication|invalid_api_key|unauthorized/i, 401],
  [/permission|forbidden/i, 403],
  [/not_?found/i, 404],
  [/invalid|bad_?request|context_|policy|image_/i, 400],
  [/overload|unavailable|insufficient_system_resource/i, 503],
  [/timeout/i, 504],
]

/** The error that an event or a body reports instead of an answer; undefined where it reports none. `name`: of the event. */
export function reportedError(data: JsonObject, name?: string): unknown {
  if (isFilled(data.error)) return data.error
  if (data.object === 'error' || data.type === 'error' || name === 'error') return data
  const refused = refusedByMiniMax(asObject(data.base_resp))
  if (refused) return refused
  const choice: unknown = Array.isArray(data.choices) ? data.choices[0] : undefined
  return isObject(choice) && isFilled(choice.error) ? choice.error : undefined
}

/** What MiniMax says beside an empty answer; 0 is no error. Source: MiniMax "Error code", read 2026-11. */
const miniMaxTypes = new Map([
  [1002, 'rate_limit_error'],
  [1004, 'authentication_error'],
  [1008, 'insufficient_quota'],
  [1026, 'invalid_request_error'],
  [1027, 'invalid_request_error'],
  [1039, 'rate_limit_error'],
  [2013, 'invalid_request_error'],
  [2049, 'authentication_error'],
])

function refusedByMiniMax({ status_code: code, status_msg: message }: JsonObject) {
  if (typeof code !== 'number' || code === 0) return undefined
  return { type: miniMaxTypes.get(code) ?? 'server_error', message }
}

/** Some servers have an empty error beside an answer. */
function isFilled(error: unknown): boolean {
  return isObject(error) ? Object.keys(error).length > 0 : Boolean(error)
}

/** In: the error of an answer with the status 200. The status is that of the same error over HTTP. */
export function commonError(value: unknown): ProxyError {
  const error = errorIn(value)
  const type = typeIn(error)
  const given = asName(error.code)
  const message = wholeMessage(error)
  const status = statusBy(statuses, `${given ?? ''} ${asName(error.status) ?? ''} ${type ?? ''}`)
  const param = asName(error.param)
  const code = codeOf(status, given, `${type ?? ''} ${message}`)
  return new ProxyError(code === tooLong ? 400 : status, code, message, {
    isUpstreams: true,
    ...(type !== undefined && { type }),
    ...(param !== undefined && { param }),
  })
}

/** In: status (400 or above) and body of an HTTP answer. The status is kept. */
export function commonRefusal(status: number, body: string): ProxyError {
  const refusal = refusalFrom(status, body)
  const error = asObject(objectFrom(body)?.error)
  const message = isObject(error.metadata) ? wholeMessage(error) : refusal.message
  const code = codeOf(status, refusal.code ?? undefined, `${refusal.type} ${message}`)
  if (code === refusal.code && message === refusal.message) return refusal
  return new ProxyError(status, code, message, {
    type: refusal.type,
    isUpstreams: true,
    ...(refusal.param !== null && { param: refusal.param }),
  })
}

/** OpenRouter reports the error of the provider behind it as text beside its own message. */
function wholeMessage(error: JsonObject): string {
  const message = messageIn(error.message) ?? noMessage
  const { raw } = asObject(error.metadata)
  const inner = typeof raw === 'string' ? (messageIn(objectFrom(raw)) ?? raw) : messageIn(raw)
  return inner === undefined || message.includes(inner) ? message : `${message}: ${inner}`
}

const tooLong = 'context_length_exceeded'

/** A status as a code is no code of its own. `text`: type and message. */
function codeOf(status: number, code: string | undefined, text: string): string | null {
  if (status !== 429 && (isTooLong(`${code ?? ''} ${text}`) || leavesNoRoom(text))) return tooLong
  return code === undefined || /^\d+$/.test(code) ? null : code
}
