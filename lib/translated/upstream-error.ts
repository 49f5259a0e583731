/**
 * An upstream's HTTP error retold in the OpenAI envelope, its status kept. Source: translation spec §10.2; the error pages
 * of both APIs, read 2026-11.
 */
import type { Failure } from '../../pipelines/delta.ts'
import type { JsonObject } from '../../pipelines/wire/chat.ts'
import { errorType } from '../errors.ts'

const codeOfType: Record<string, string> = {
  rate_limit_error: 'rate_limit_exceeded',
  authentication_error: 'invalid_api_key',
  overloaded_error: 'overloaded',
  request_too_large: 'request_too_large',
  billing_error: 'insufficient_quota',
}

/** Clients compact their history when they read `context_length_exceeded`. */
const tooLong = /(?:prompt|input|context).*(?:too long|exceed)|exceeds?.*context|too long/i

/** In: status and body of the answer. `ownCredential`: the refused credential was the proxy's, not the caller's. */
export function upstreamFailure(status: number, body: string, ownCredential: boolean): Failure {
  const failure = { status, ...envelope(status, body) }
  if (ownCredential && (status === 401 || status === 403)) {
    failure.message = `Upstream refused the proxy's credentials: ${failure.message}`
  }
  return failure
}

function envelope(status: number, body: string): Omit<Failure, 'status'> {
  const json = parsed(body)
  const error = json?.error
  if (isObject(error)) {
    return json?.type === 'error' ? fromAnthropic(status, error) : fromOpenAi(status, error)
  }
  const message = [error, json?.detail, json?.message].map(text).find(isSaid)
  if (message !== undefined) return { type: errorType(status), code: null, message }
  return { type: 'upstream_error', code: null, message: plain(status, body) }
}

function fromAnthropic(status: number, error: JsonObject): Omit<Failure, 'status'> {
  const type = text(error.type) ?? errorType(status)
  const message = text(error.message) ?? `Upstream answered HTTP ${status}`
  return { type, message, code: anthropicCode(type, message, error.details) }
}

function anthropicCode(type: string, message: string, details: unknown): string | null {
  const given = isObject(details) ? text(details.error_code) : undefined
  if (given !== undefined) return given
  if (type === 'not_found_error' && /model/i.test(message)) return 'model_not_found'
  if (type === 'invalid_request_error' && tooLong.test(message)) return 'context_length_exceeded'
  return codeOfType[type] ?? null
}

function fromOpenAi(status: number, error: JsonObject): Omit<Failure, 'status'> {
  const { code } = error
  return {
    type: text(error.type) ?? errorType(status),
    message: text(error.message) ?? `Upstream answered HTTP ${status}`,
    param: text(error.param) ?? null,
    code: typeof code === 'number' ? String(code) : (text(code) ?? null),
  }
}

/** A gateway's HTML page or the like: its beginning, without tags. */
function plain(status: number, body: string): string {
  const words = body
    .slice(0, 20_000)
    .replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300)
  return words ? `Upstream answered HTTP ${status}: ${words}` : `Upstream answered HTTP ${status}`
}

function parsed(body: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return isObject(value) ? value : undefined
  } catch {
    // not JSON is one of the cases this is for
    return undefined
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function isSaid(message: string | undefined): message is string {
  return message !== undefined
}
