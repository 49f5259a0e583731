/** The small fields of a request: what has a counterpart on one line, and what has none. */
import { createHash } from 'node:crypto'
import type { Model } from '../../model.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type { ResponsesRequest } from '../../wire/responses.ts'
import { isGiven, optionalNumberAt, tokenLimitAt } from '../../untrusted.ts'

/** The API refuses a smaller limit. */
const minOutputTokens = 16

const sameName = [
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'metadata',
  'service_tier',
  'moderation',
]

/** Only told apart from others, and refused when longer than this: pi #4720, eliza #31720. */
const identifiers = new Set(['user', 'safety_identifier', 'prompt_cache_key'])
const maxIdentifier = 64

/** Without a counterpart, and the value at which dropping them changes nothing. */
const withoutCounterpart: [name: string, noLoss?: unknown][] = [
  ['store', false],
  ['seed'],
  ['logit_bias'],
  ['presence_penalty', 0],
  ['frequency_penalty', 0],
  ['prediction'],
  ['top_k'],
]

/** Refused by models while they reason. */
const sampling: [name: 'temperature' | 'top_p', noLoss: number][] = [
  ['temperature', 1],
  ['top_p', 1],
]

interface Fields {
  fields: JsonObject
  /** names for `x-droid2api-dropped` */
  dropped: string[]
}

/**
 * Fields that keep their name; a model entry with `fast` asks for priority unless the client chose
 * a tier.
 */
export function keptFields(request: JsonObject, model: Pick<Model, 'fast'>): JsonObject {
  const kept = sameName
    .filter((name) => isGiven(request[name]))
    .map((name) => [name, identifiers.has(name) ? shortened(request[name]) : request[name]])
  return { ...(model.fast && { service_tier: 'priority' }), ...Object.fromEntries(kept) }
}

/** Names of what was sent and goes no further. */
export function droppedFields(request: JsonObject): string[] {
  const dropped = withoutCounterpart
    .filter(([name, noLoss]) => isGiven(request[name]) && request[name] !== noLoss)
    .filter(([name]) => !isEmpty(request[name]))
    .map(([name]) => name)
  const options = request.stream_options
  if (isObject(options) && options.include_obfuscation === true) {
    dropped.push('stream_options.include_obfuscation')
  }
  return dropped
}

/** `max_completion_tokens`, else `max_tokens`. */
export function outputLimit(request: JsonObject): Pick<ResponsesRequest, 'max_output_tokens'> {
  const limit =
    tokenLimitAt(request.max_completion_tokens, 'max_completion_tokens') ??
    tokenLimitAt(request.max_tokens, 'max_tokens')
  return limit === undefined ? {} : { max_output_tokens: Math.max(limit, minOutputTokens) }
}

/** Temperature and `top_p`, where the model takes them. */
export function samplingOf(request: JsonObject, taken: boolean): Fields {
  const given = sampling
    .map(([name, noLoss]) => ({ name, noLoss, value: optionalNumberAt(request[name], name) }))
    .filter(({ value }) => value !== undefined)
  if (taken) {
    const fields = Object.fromEntries(given.map(({ name, value }) => [name, value]))
    return { fields, dropped: [] }
  }
  const lost = given.filter(({ value, noLoss }) => value !== noLoss)
  return { fields: {}, dropped: lost.map(({ name }) => name) }
}

/**
 * Log probabilities, where the model gives them; they have to be asked for among what to include.
 */
export function logprobsOf(request: JsonObject, given: boolean): Fields & { include?: string[] } {
  if (request.logprobs !== true) return { fields: {}, dropped: [] }
  if (!given) {
    const dropped = ['logprobs', 'top_logprobs'].filter((name) => isGiven(request[name]))
    return { fields: {}, dropped }
  }
  const top_logprobs = optionalNumberAt(request.top_logprobs, 'top_logprobs') ?? 0
  return { fields: { top_logprobs }, include: ['message.output_text.logprobs'], dropped: [] }
}

/** A hash, 64 digits, in place of what is too long: the same for the same text. */
function shortened(value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= maxIdentifier) return value
  return createHash('sha256').update(value).digest('hex')
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
