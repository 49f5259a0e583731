/**
 * How hard the model thinks: the operator's level or the client's wish, and the beta list that goes
 * with it.
 */
import type { Model } from '../../../lib/config/types.ts'
import type { JsonObject } from '../../wire/chat.ts'
import { isGiven, isObject } from './untrusted.ts'

export type Level = 'off' | 'low' | 'medium' | 'high'

/** Tokens of `budget_tokens`, for models that take a budget. */
export const BUDGET_TOKENS: Record<'low' | 'medium' | 'high', number> = {
  low: 4096,
  medium: 12_288,
  high: 24_576,
}

/** Lets a model think between tool calls; models with adaptive thinking ignore it. */
export const INTERLEAVED_BETA = 'interleaved-thinking-2025-05-14'
const fastBeta = 'fast-mode-2026-02-01'

const levels = new Map<unknown, Level>([
  ['none', 'off'],
  ['minimal', 'low'],
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['xhigh', 'high'],
  ['max', 'high'],
])

/**
 * The level that holds for a request: the operator's, or with `auto` the client's
 * `reasoning_effort`, `reasoning.effort` or `thinking` object, in this order. `undefined`: nobody
 * said anything. Words that nobody knows count as not said.
 */
export function levelOf(
  model: Pick<Model, 'reasoning'>,
  request: JsonObject,
): Level | undefined | { thinking: JsonObject } {
  return model.reasoning === 'auto' ? wishOf(request) : model.reasoning
}

/** Names of the client's own reasoning parameters that the operator's level overrules. */
export function overruledWishes(model: Pick<Model, 'reasoning'>, request: JsonObject): string[] {
  const wish = wishOf(request)
  if (model.reasoning === 'auto' || wish === undefined || wish === model.reasoning) return []
  return ['reasoning_effort', 'reasoning', 'thinking'].filter((name) => isGiven(request[name]))
}

function wishOf(request: JsonObject): Level | undefined | { thinking: JsonObject } {
  const effort = isObject(request.reasoning) ? request.reasoning.effort : undefined
  const level = levels.get(request.reasoning_effort) ?? levels.get(effort)
  if (level) return level
  return isObject(request.thinking) ? { thinking: request.thinking } : undefined
}

/**
 * The `anthropic-beta` to send: the client's comma list, trimmed and without repeats, with `add`
 * made sure of and `remove` taken out; `undefined` when nothing is left. A value in both is taken
 * out.
 */
export function betaHeader(
  client: string | string[] | undefined,
  edits: { add?: string[]; remove?: string[] },
): string | undefined {
  const values = new Set([...betaValues(client), ...(edits.add ?? [])])
  for (const value of edits.remove ?? []) values.delete(value)
  return values.size > 0 ? [...values].join(',') : undefined
}

/**
 * What a model entry with `fast` adds to the beta list: nothing when the client chose a fast mode
 * of its own.
 */
export function fastBetas(
  model: Pick<Model, 'fast'>,
  client: string | string[] | undefined,
): string[] {
  const chosen = betaValues(client).some((value) => value.startsWith('fast-mode'))
  return model.fast && !chosen ? [fastBeta] : []
}

function betaValues(client: string | string[] | undefined): string[] {
  return [client ?? []]
    .flat()
    .flatMap((list) => list.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '')
}
