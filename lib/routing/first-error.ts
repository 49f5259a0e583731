/** A stream that begins with an error is the refusal that it would be as an answer. */
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'

/** An error in the place of a stream's first event, with the status that it would have as an answer. */
export interface FirstError {
  status: number
  body: string
}

/** What comes before anything that a client could use. */
const preambles = new Set([
  'ping',
  'message_start',
  'response.created',
  'response.in_progress',
  'response.queued',
])

/** Undefined as long as nothing but a preamble is there; `none` where the stream has begun to answer. */
export function firstErrorIn(text: string): FirstError | 'none' | undefined {
  const events = text.split(/\r?\n\r?\n/)
  for (const event of events.slice(0, -1)) {
    const data = dataOf(event)
    if (data === '') continue
    const json = objectFrom(data)
    const type = typeof json?.type === 'string' ? json.type : undefined
    if (json && isPreamble(json, type)) continue
    const error = json && errorIn(json, type)
    return error ? { status: statusOf(error), body: JSON.stringify({ error }) } : 'none'
  }
  return undefined
}

/** Also what Codex's own server tells of limits first, and chat chunks that hold a role or nothing. */
function isPreamble({ choices, error }: JsonObject, type: string | undefined): boolean {
  if (type !== undefined) return preambles.has(type) || type.startsWith('codex.')
  if (!Array.isArray(choices) || isObject(error)) return false
  return choices.every(
    (one: unknown) => isObject(one) && (one.finish_reason ?? null) === null && isEmpty(one.delta),
  )
}

function isEmpty(delta: unknown): boolean {
  if (!isObject(delta)) return false
  const { role: _role, ...said } = delta
  return Object.values(said).every((value) => value === null || value === '')
}

function dataOf(event: string): string {
  return event
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('data:') ? line.slice(5).trim() : []))
    .join('\n')
}

function errorIn(json: JsonObject, type: string | undefined): JsonObject | undefined {
  if (isObject(json.error)) return json.error
  if (type === 'error') return json
  if (type !== 'response.failed') return undefined
  const { response } = json
  return isObject(response) && isObject(response.error) ? response.error : json
}

/** Types and codes of OpenAI's and Anthropic's, and statuses as gateways write them. */
const statuses: readonly [words: RegExp, status: number][] = [
  [/overloaded/, 529],
  [/rate_limit|too_many_requests|insufficient_quota|usage_limit|resource_exhausted/i, 429],
  [/authentication/, 401],
  [/billing|insufficient_balance|payment/, 402],
  [/service_unavailable/, 503],
]

/** Overload that has no code of its own: Codex's models, Anthropic's `api_error`. */
const overloadWords = /\bat capacity\b|\boverloaded\b/i

function statusOf({ type, code, status, message }: JsonObject): number {
  for (const value of [code, status]) {
    const number = Number(value)
    if (Number.isInteger(number) && number >= 400 && number < 600) return number
  }
  const named = [code, type].filter((one) => typeof one === 'string').join(' ')
  const known = statuses.find(([words]) => words.test(named))?.[1]
  return known ?? (typeof message === 'string' && overloadWords.test(message) ? 529 : 500)
}
