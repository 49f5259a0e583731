/** Errors as Responses clients read them. Source: OpenAI API reference "Responses" and its streaming events, read 2026-11. */
import type { ShownError } from '../../errors.ts'
import type { OpenAiErrorBody } from '../../wire/chat.ts'
import { asObject } from '../../untrusted.ts'
import { eventText } from './events.ts'

/** Seconds up to which it is well to wait in silence. */
const patienceS = 60

/**
 * The envelope of all OpenAI APIs. Codex sits out whatever time a 429 names, for hours without a word; of this type it takes the
 * time for what it is, shows it and ends.
 */
export function responsesErrorBody(error: ShownError): OpenAiErrorBody {
  const { message, type, param, code, status } = error
  const seconds = status === 429 ? waitOf(error) : 0
  if (!(seconds > patienceS)) return { error: { message, type, param, code } }
  const resetsAt = Math.ceil(Date.now() / 1000 + seconds)
  return { error: { message, type: 'usage_limit_reached', param, code, resets_at: resetsAt } }
}

/** Seconds that the client is to wait; NaN where nothing says so. */
function waitOf({ headers }: ShownError): number {
  const text = headers['retry-after'] ?? ''
  return /^\s*\d/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000
}

/** The last events of a stream of which no more is known. */
export function responsesErrorEvent(shown: ShownError, requestId: string): string {
  const error = responsesFailure(shown)
  const id = `resp_${requestId}`
  const response = { id, object: 'response', status: 'failed', error, output: [], usage: null }
  return lastEvents(response, shown)
    .map(([type, members]) => eventText(type, members))
    .join('')
}

/**
 * How the API breaks off: an event `error`, whose members it nests, unlike its reference, then the response that failed. The
 * SDKs raise an error for what has a member `error`, and take half an answer for whole without. Codex reads the response only.
 */
export function lastEvents(
  response: { error?: unknown },
  { type, param }: Pick<ShownError, 'type' | 'param'>,
): [type: string, members: object][] {
  const error = { type, ...asObject(response.error), param }
  return [
    ['error', { error }],
    ['response.failed', { response }],
  ]
}

/** Codex takes these for what they are, and does not try again. */
const finalCodes = new Set(['context_length_exceeded', 'insufficient_quota'])

/** Codes at which Codex gives up at once, though a server that is overloaded answers again soon. */
const overloads = new Set(['overloaded', 'overloaded_error', 'server_is_overloaded', 'slow_down'])

/** The error of a response that failed, in codes on which Codex acts as the failure deserves. */
export function responsesFailure(error: ShownError): { code: string; message: string } {
  const { status, message } = error
  const code = failedCode(error)
  if (status !== 429 || code !== 'rate_limit_exceeded') return { code, message }
  const seconds = Math.ceil(waitOf(error))
  // Codex reads how long to wait from these words; without them it asks again, and is told a long time by the answer's status
  const isShort = seconds > 0 && seconds <= patienceS
  return { code, message: isShort ? `${message} Please try again in ${seconds}s.` : message }
}

function failedCode({ status, code, type }: ShownError): string {
  if (code !== null && finalCodes.has(code)) return code
  if (status === 429) return 'rate_limit_exceeded'
  if (status === 503 || status === 529 || overloads.has(code ?? type)) return 'overloaded'
  const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 409
  return isFinal ? 'invalid_prompt' : (code ?? 'server_error')
}
