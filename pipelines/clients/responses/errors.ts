/** Errors as Responses clients read them. Source: OpenAI API reference "Responses" and its streaming events, read 2026-11. */
import type { ShownError } from '../../errors.ts'
import type { OpenAiErrorBody } from '../../wire/chat.ts'

/** The envelope of all OpenAI APIs. */
export function responsesErrorBody({ message, type, param, code }: ShownError): OpenAiErrorBody {
  return { error: { message, type, param, code } }
}

/** The last event of a stream of which no more is known. Codex ignores the event `error` and reports a broken stream. */
export function responsesErrorEvent(shown: ShownError, requestId: string): string {
  const error = responsesFailure(shown)
  const response = { id: `resp_${requestId}`, object: 'response', status: 'failed', error }
  const data = { type: 'response.failed', response: { ...response, output: [], usage: null } }
  return `event: response.failed\ndata: ${JSON.stringify(data)}\n\n`
}

/** Codex takes these for what they are, and does not try again. */
const finalCodes = new Set(['context_length_exceeded', 'insufficient_quota'])

/** Codes at which Codex gives up at once, though a server that is overloaded answers again soon. */
const overloads = new Set(['overloaded', 'overloaded_error', 'server_is_overloaded', 'slow_down'])

/** The error of a response that failed, in codes on which Codex acts as the failure deserves. */
export function responsesFailure(error: ShownError): { code: string; message: string } {
  const { status, message } = error
  const code = failedCode(error)
  const seconds = Number(error.headers['retry-after'])
  if (status !== 429 || code !== 'rate_limit_exceeded' || !(seconds > 0)) return { code, message }
  // Codex reads how long to wait from these words
  return { code, message: `${message} Please try again in ${seconds}s.` }
}

function failedCode({ status, code, type }: ShownError): string {
  if (code !== null && finalCodes.has(code)) return code
  if (status === 429) return 'rate_limit_exceeded'
  if (status === 503 || status === 529 || overloads.has(code ?? type)) return 'overloaded'
  const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 409
  return isFinal ? 'invalid_prompt' : (code ?? 'server_error')
}
