/** Errors in Google's shape. Source: Google API design guide "Errors", Gemini API "Troubleshooting", read 2026-11. */

const words: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

/** `retryAfterS`: where other providers send a header, Google has a detail. */
export function googleErrorBody(status: number, message: string, retryAfterS?: string): object {
  const details =
    retryAfterS === undefined
      ? []
      : [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfterS}s` }]
  const error = { code: status, message, status: words[status] ?? 'UNKNOWN' }
  return { error: details.length > 0 ? { ...error, details } : error }
}
