/**
 * An upstream's HTTP error retold in the OpenAI envelope, its status kept. Source: docs/translation.md §10.2; the error pages
 * of both APIs, read 2026-11.
 */
import type { Failure } from '../../pipelines/neutral/delta.ts'
import { anthropicFailure, messageIn } from '../../pipelines/providers/failure.ts'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import { asName, asObjects } from '../../pipelines/wire-value.ts'
import { errorType } from '../../pipelines/errors.ts'

/** In: status and body of the answer. `ownCredential`: the refused credential was the proxy's, not the caller's. */
export function upstreamFailure(status: number, body: string, ownCredential: boolean): Failure {
  const failure = { status, ...envelope(status, body) }
  if (ownCredential && (status === 401 || status === 403)) {
    failure.message = `Upstream refused the proxy's credentials: ${failure.message}`
  }
  return failure
}

function envelope(status: number, body: string): Omit<Failure, 'status'> {
  const json = objectIn(body)
  const error = json?.error
  if (isObject(error)) {
    return json?.type === 'error' ? fromAnthropic(status, error) : fromOpenAi(status, error)
  }
  const message = [error, json?.detail, json?.message].map((said) => messageIn(said)).find(isSaid)
  if (message !== undefined) return { type: errorType(status), code: null, message }
  return { type: 'upstream_error', code: null, message: plain(status, body) }
}

/** Google's API answers with a list of one. */
function objectIn(body: string): JsonObject | undefined {
  const inner = body.trimStart().startsWith('[') ? objectFrom(`{"list":${body}}`) : undefined
  if (!inner) return objectFrom(body)
  return asObjects(inner.list)[0]
}

function fromAnthropic(status: number, error: JsonObject): Omit<Failure, 'status'> {
  const { code, message } = anthropicFailure(error).failure
  return { type: asName(error.type) ?? errorType(status), code, message }
}

function fromOpenAi(status: number, error: JsonObject): Omit<Failure, 'status'> {
  return {
    type: asName(error.type) ?? errorType(status),
    message: messageIn(error.message) ?? `Upstream answered HTTP ${status}`,
    param: asName(error.param) ?? null,
    code: asName(error.code) ?? null,
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

function isSaid(message: string | undefined): message is string {
  return message !== undefined
}
