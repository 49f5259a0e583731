/** Errors as Messages clients read them. Source: Anthropic API reference "Errors" and "Streaming messages", read 2026-11. */
import type { ShownError } from '../../errors.ts'
import type { AnthropicErrorBody } from '../../wire/anthropic.ts'

/** A fault of the server has another type here than in the APIs of OpenAI. */
export function messagesErrorBody(
  { message, type }: ShownError,
  requestId: string,
): AnthropicErrorBody {
  const ownType = type === 'server_error' ? 'api_error' : type
  return { type: 'error', error: { type: ownType, message }, request_id: requestId }
}

/** The last event of a stream that has begun. */
export function messagesErrorEvent(error: ShownError, requestId: string): string {
  return `event: error\ndata: ${JSON.stringify(messagesErrorBody(error, requestId))}\n\n`
}
