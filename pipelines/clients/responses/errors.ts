/** Errors as Responses clients read them. Source: OpenAI API reference "Responses" and its streaming events, read 2026-11. */
import type { ShownError } from '../../errors.ts'
import type { OpenAiErrorBody } from '../../wire/chat.ts'

/** The envelope of all OpenAI APIs. */
export function responsesErrorBody({ message, type, param, code }: ShownError): OpenAiErrorBody {
  return { error: { message, type, param, code } }
}

/** The last event of a stream that has begun. Codex ignores the event `error` and reports a broken stream. */
export function responsesErrorEvent({ message, code, type }: ShownError, requestId: string) {
  const error = { code: code ?? type, message }
  const response = { id: `resp_${requestId}`, object: 'response', status: 'failed', error }
  const data = { type: 'response.failed', response: { ...response, output: [], usage: null } }
  return `event: response.failed\ndata: ${JSON.stringify(data)}\n\n`
}
