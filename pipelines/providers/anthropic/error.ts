/** An error inside a 200 answer of the Messages API. Source: Anthropic API reference "Errors", read 2026-11. */
import { ProxyError } from '../../errors.ts'
import { asName } from '../../untrusted.ts'
import { codeOfType, errorIn, messageIn, noMessage, statusIn, typeIn } from '../failure.ts'

const statuses = new Map([
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

/** In: `error` of an error event or body, `{type, message, details?}`. The status is that of the same error over HTTP. */
export function anthropicError(value: unknown): ProxyError {
  const error = errorIn(value)
  const type = typeIn(error) ?? 'api_error'
  const message = messageIn(error.message) ?? noMessage
  const status = statuses.get(type) ?? statusIn(asName(error.code) ?? '') ?? 500
  return new ProxyError(status, codeOfType(error, message), message, { type })
}
