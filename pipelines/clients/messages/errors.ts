/** Errors as Messages clients read them. Source: Anthropic API reference "Errors" and "Streaming messages", read 2026-11. */
import { noRetry, type ShownError } from '../../errors.ts'
import type { AnthropicErrorBody } from '../../wire/anthropic.ts'

/** In the envelope of the API, which has a type and no code. */
export function messagesErrorBody(error: ShownError, requestId: string): AnthropicErrorBody {
  const { status } = messagesErrorHead(error)
  const type = types.get(status) ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
  const body = { type, message: messageOf(error), ...detailsOf(error) }
  return { type: 'error', error: body, request_id: requestId }
}

/** The last event of a stream that has begun. */
export function messagesErrorEvent(error: ShownError, requestId: string): string {
  return `event: error\ndata: ${JSON.stringify(messagesErrorBody(error, requestId))}\n\n`
}

/**
 * The status, which clients go by, and headers that count where the upstream sent none of these names: Claude Code would try
 * again for minutes what no repetition mends.
 */
export function messagesErrorHead({ status, code }: ShownError): {
  status: number
  headers: Record<string, string>
} {
  return {
    status: code === tooLong ? 400 : status,
    headers: code !== null && finalCodes.has(code) ? noRetry : {},
  }
}

const finalCodes = new Set(['insufficient_quota', 'missing_credential'])

const tooLong = 'context_length_exceeded'

const types = new Map([
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [408, 'timeout_error'],
  [409, 'conflict_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [503, 'overloaded_error'],
  [504, 'timeout_error'],
  [529, 'overloaded_error'],
])

/** Claude Code compacts the conversation on these words, not on a code. */
const tooLongWords = /prompt is too long/i

function messageOf(error: ShownError): string {
  const message = error.isUpstreams ? withCodes(error) : withPlace(error)
  const lacksWords = error.code === tooLong && !tooLongWords.test(message)
  return lacksWords ? `prompt is too long: ${message}` : message
}

/** What programs read of an upstream's error is for people here, unless its message has it. */
function withCodes({ message, code, param }: ShownError): string {
  const unnamed = Object.entries({ code, param }).flatMap(([name, value]) =>
    value === null || message.includes(value) ? [] : [`${name} ${value}`],
  )
  return unnamed.length > 0 ? `${message} (${unnamed.join(', ')})` : message
}

/** The place in the request comes first, in the way in which this API writes places: `messages.2.content.0.source`. */
function withPlace({ message, param }: ShownError): string {
  if (param === null) return message
  const place = param.replaceAll(/\[(\d+)\]/g, '.$1')
  const placed = message.replaceAll(param, place)
  return placed.startsWith(place) ? placed : `${place}: ${placed}`
}

/** By these the SDK's toolRunner knows that it has to go on without a thread. */
function detailsOf({ code, param }: ShownError): { details?: object } {
  if (code !== 'unsupported_parameter' || param !== 'thread') return {}
  return { details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] } }
}
