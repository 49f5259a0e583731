/** What the providers put around every answer: their headers and the shape of their errors. */
import type { ProxyError } from '../../pipelines/errors.ts'
import type { AnthropicErrorBody } from '../../pipelines/wire/anthropic.ts'
import type { OpenAiErrorBody } from '../../pipelines/wire/chat.ts'

/** The API whose error shape a caller understands. */
export type Dialect = 'openai' | 'anthropic'

/** Request id and rate limits, by the names of each provider. The limits never shrink. */
export function providerHeaders(dialect: Dialect, requestId: string): Record<string, string> {
  if (dialect === 'anthropic') {
    const reset = new Date(Date.now() + 60_000).toISOString()
    return {
      'request-id': requestId,
      'anthropic-ratelimit-requests-limit': '1000',
      'anthropic-ratelimit-requests-remaining': '999',
      'anthropic-ratelimit-requests-reset': reset,
      'anthropic-ratelimit-tokens-limit': '1000000',
      'anthropic-ratelimit-tokens-remaining': '999000',
      'anthropic-ratelimit-tokens-reset': reset,
    }
  }
  return {
    'x-request-id': requestId,
    'x-ratelimit-limit-requests': '1000',
    'x-ratelimit-remaining-requests': '999',
    'x-ratelimit-reset-requests': '60ms',
    'x-ratelimit-limit-tokens': '1000000',
    'x-ratelimit-remaining-tokens': '999000',
    'x-ratelimit-reset-tokens': '60ms',
  }
}

/** The error in the provider's own envelope. */
export function errorBody(
  dialect: Dialect,
  requestId: string,
  { status, type, code, param, message }: ProxyError,
): AnthropicErrorBody | OpenAiErrorBody {
  if (dialect === 'openai') return { error: { message, type, param, code } }
  return {
    type: 'error',
    error: { type: anthropicType(status, type), message },
    request_id: requestId,
  }
}

/** Anthropic has names of its own for some statuses. */
const anthropicTypes: Record<number, string> = {
  402: 'billing_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

function anthropicType(status: number, type: string): string {
  return anthropicTypes[status] ?? (type === 'server_error' ? 'api_error' : type)
}
