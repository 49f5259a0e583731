/**
 * Every error this program answers with is a ProxyError; `code` is stable and meant for programs, `message` for people:
 * what happened, with which value, and what to do.
 */

export interface ProxyErrorDetail {
  /** the place in the request that is at fault, such as `messages[2].content` */
  param?: string
  /** overrides the type that follows from the status */
  type?: string
  headers?: Record<string, string>
  /** an upstream reported it: code and place are of its API */
  isUpstreams?: true
  cause?: unknown
}

export class ProxyError extends Error {
  readonly status: number
  readonly code: string | null
  readonly type: string
  readonly param: string | null
  readonly headers: Record<string, string>
  readonly isUpstreams: boolean

  constructor(status: number, code: string | null, message: string, detail: ProxyErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'ProxyError'
    this.status = status
    this.code = code
    this.type = detail.type ?? errorType(status)
    this.param = detail.param ?? null
    this.headers = detail.headers ?? {}
    this.isUpstreams = detail.isUpstreams ?? false
  }
}

/** What a client reads of an error, each in the envelope of its API. */
export type ShownError = Pick<
  ProxyError,
  'status' | 'message' | 'type' | 'param' | 'code' | 'isUpstreams' | 'headers'
>

/** The error `type` that both APIs use for a status. */
export function errorType(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error'
    case 403:
      return 'permission_error'
    case 404:
      return 'not_found_error'
    case 413:
      return 'request_too_large'
    case 429:
      return 'rate_limit_error'
    default:
      return status >= 500 ? 'server_error' : 'invalid_request_error'
  }
}

export const retryHeader = 'x-should-retry'

/** The header by which the SDKs and Claude Code know that no repetition helps, whatever the status. */
export const noRetry = { [retryHeader]: 'false' }

/**
 * The operator's setup lacks something, and no repetition mends that. 400 is the one status that no client repeats: Claude Code
 * repeats 401 and every 5xx for minutes, opencode every 5xx without an end, Codex every other 4xx for seconds.
 */
export function setupFault(message: string, cause?: unknown): ProxyError {
  return new ProxyError(400, 'upstream_auth_unavailable', message, { cause })
}

/** A 400 that names the place in the request. */
export function badRequest(code: string, param: string, message: string): ProxyError {
  return new ProxyError(400, code, message, { param })
}

/**
 * The upstream's answer ended before it was complete. In mid-answer the status is long gone, so agents tell by words whether
 * they ask again: pi and opencode by "connection lost", Continue by "premature close".
 */
export function truncatedAnswer(cause?: unknown): ProxyError {
  const message =
    'Connection lost (premature close): the upstream broke off before the answer was complete.'
  return new ProxyError(502, 'upstream_truncated', message, { cause, type: 'upstream_error' })
}

/** Of every answer that is still under way when the process must end; its words are of the same kind. */
export function proxyStopped(): ProxyError {
  const message =
    'Connection lost (premature close): the proxy is being stopped. Send the request again.'
  return new ProxyError(503, 'shutting_down', message)
}

/**
 * Gemini now and then ends with success what it has not begun. As an answer it would end an agent's work without a word; of an error
 * agents ask again, as Google's own does.
 * @see https://github.com/QuantumNous/new-api/issues/638
 */
export function emptyAnswer(): ProxyError {
  return brokenProtocol('The model ended its answer without a single token. Ask again.')
}

/** The upstream broke its own protocol. `message`: how. */
export function brokenProtocol(message: string): ProxyError {
  return new ProxyError(502, 'upstream_protocol_error', message, { type: 'upstream_error' })
}
