/**
 * How hard to think, where clients of Google's chat endpoint say it (gcli2api #131).
 * Source: Gemini API "OpenAI compatibility", read 2026-11.
 */
import { isObject, type JsonObject } from '../../json/value.ts'
import { levelOfWord, type Wish } from '../../model.ts'

/** What one parameter says of a wish. */
export type OneWish = Pick<Wish, 'level' | 'budgetTokens' | 'own' | 'effort' | 'parameter'>

export const googleName = 'extra_body.google.thinking_config'

/** In: `extra_body`. Undefined where it holds none. */
export function googleConfig(extra: unknown): JsonObject | undefined {
  const google = isObject(extra) ? extra.google : undefined
  const config = isObject(google) ? google.thinking_config : undefined
  return isObject(config) ? config : undefined
}

/** A budget of -1 leaves it to the model. */
export function googleWish({ thinking_level: word, thinking_budget: tokens }: JsonObject): OneWish {
  const level = levelOfWord(typeof word === 'string' ? word.toLowerCase() : word)
  if (level) return { level, parameter: googleName }
  if (tokens === 0) return { level: 'off', parameter: googleName }
  const isBudget = Number.isInteger(tokens) && Number(tokens) > 0
  return isBudget ? { budgetTokens: Number(tokens), parameter: googleName } : {}
}
