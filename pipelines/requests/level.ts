/** How hard the model is to think: the operator's level, or with `auto` the client's wish. */
import type { Model } from '../../lib/config/types.ts'
import type { JsonObject } from '../wire/chat.ts'
import { isGiven } from './untrusted.ts'
import { isObject } from '../wire/json.ts'

export type Level = 'off' | 'low' | 'medium' | 'high'

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
