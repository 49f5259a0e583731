/**
 * How hard the model is to think: the operator's level, or with `auto` the client's wish, in
 * whichever of its spellings. Source: OpenAI `reasoning_effort`, OpenRouter "Reasoning tokens",
 * Anthropic "Effort" and "Extended thinking", read 2026-11.
 */
import type { Model } from '../model.ts'
import { isObject, type JsonObject } from '../json/value.ts'
import { isGiven } from '../untrusted.ts'

/** `off` is written `none` on the wire. */
export type Level = 'off' | Effort

/** A level at which the model thinks. */
export type Effort = 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max'

const efforts: readonly Effort[] = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max']
const levels = new Map<unknown, Level>([
  ['none', 'off'],
  ...efforts.map((effort) => [effort, effort] as const),
])

/** Tokens up to which a budget counts as that level; what is more is `high`. */
const budgets: [upTo: number, level: Effort][] = [
  [4096, 'low'],
  [12_288, 'medium'],
]

/** Nothing in it: nobody said anything. */
export interface ReasoningWish {
  level?: Level
  /** `reasoning.max_tokens`, at least 1: goes before the level where the model takes a budget */
  budgetTokens?: number
  /** the client's own `thinking` object, Anthropic's, which does not switch thinking off */
  thinking?: JsonObject
  /** `output_config.effort`, Anthropic's, which by itself does not switch thinking on */
  effort?: Effort
  /** the client's parameter that says it, for `x-droid2api-dropped`; left out for the operator */
  said?: string
}

/** How hard the client wants the model to think. Nothing in it: nobody said anything. */
export interface Wish {
  level?: Level
  /** tokens: goes before the level where the model takes a budget */
  budgetTokens?: number
  /** the wish in the words of one API, for its own writer, where it goes before level and budget */
  own?: { api: string; value: JsonObject }
  /** an effort that by itself does not switch reasoning on */
  effort?: Effort
  /** the client's parameter that says it, for what is dropped */
  said?: string
  /** every parameter of the client's that says something of it, known or not */
  names: string[]
  /** the client said a word that nobody knows */
  isUnknownWord?: boolean
  /** nobody is to read the reasoning, though the model may think */
  hidden: boolean
}

/**
 * The wish that holds for a request: the operator's level, or with `auto` the client's
 * `reasoning_effort`, `reasoning` object, or `thinking` with `output_config.effort`, in this order.
 * Words that nobody knows count as not said.
 */
export function levelOf(model: Pick<Model, 'reasoning'>, request: JsonObject): ReasoningWish {
  return model.reasoning === 'auto' ? wishOf(request) : { level: model.reasoning }
}

/** The wish that holds for a request: the operator's level, or with `auto` the client's. */
export function wishFor(model: Pick<Model, 'reasoning'>, client: Wish): Wish {
  if (model.reasoning === 'auto') return client
  return { level: model.reasoning, names: [], hidden: client.hidden }
}

/**
 * Names of the client's own reasoning parameters that go no further: the operator's level overrules them, or nobody knows
 * their word.
 */
export function overruledNames(model: Pick<Model, 'reasoning'>, client: Wish): string[] {
  if (model.reasoning === 'auto') return client.isUnknownWord ? ['reasoning_effort'] : []
  return client.said === undefined || client.level === model.reasoning ? [] : client.names
}

/**
 * The wish as one level, for models that take nothing else: a budget counts by its size, a
 * `thinking` object by its budget or by the effort beside it.
 */
export function asLevel({ level, budgetTokens, thinking, effort }: ReasoningWish) {
  if (level !== undefined) return level
  const budget = budgetTokens ?? thinking?.budget_tokens
  return typeof budget === 'number' ? levelOfBudget(budget) : effort
}

/** The level that a budget of so many tokens stands for. */
export function levelOfBudget(tokens: number): Effort {
  return budgets.find(([upTo]) => tokens <= upTo)?.[1] ?? 'high'
}

/**
 * The effort where the model knows it, else the nearest that it knows: the highest below, or the
 * lowest where all are above. `undefined` where the model knows none.
 */
export function nearestEffort<Known extends Effort>(
  effort: Effort,
  known: readonly Known[],
): Known | undefined {
  const rank = (one: Effort) => efforts.indexOf(one)
  const below = known.filter((one) => rank(one) <= rank(effort))
  return below.at(-1) ?? known[0]
}

/** Whether the client wants no readable reasoning in the answer, though the model may think. */
export function hidesReasoning(request: JsonObject): boolean {
  if (request.include_reasoning === false) return true
  return isObject(request.reasoning) && request.reasoning.exclude === true
}

/**
 * Names of the client's own reasoning parameters that go no further: the operator's level overrules
 * them, or nobody knows their word.
 */
export function overruledWishes(model: Pick<Model, 'reasoning'>, request: JsonObject): string[] {
  if (model.reasoning === 'auto') return unknownWord(request) ? ['reasoning_effort'] : []
  const wish = wishOf(request)
  if (!wish.said || wish.level === model.reasoning) return []
  return [
    ...['reasoning_effort', 'reasoning', 'thinking'].filter((name) => isGiven(request[name])),
    ...(isObject(request.output_config) && isGiven(request.output_config.effort)
      ? ['output_config.effort']
      : []),
  ]
}

function unknownWord({ reasoning_effort: word, reasoning }: JsonObject): boolean {
  const effort = isObject(reasoning) ? reasoning.effort : undefined
  return [word, effort].some((one) => isGiven(one) && one !== '' && !levels.has(one))
}

function wishOf(request: JsonObject): ReasoningWish {
  const level = levels.get(request.reasoning_effort)
  if (level) return { level, said: 'reasoning_effort' }
  const reasoning = isObject(request.reasoning) ? reasoningWish(request.reasoning) : undefined
  return reasoning ?? anthropicWish(request)
}

/** OpenRouter's object: `enabled` alone means medium, a budget of nothing means off. */
function reasoningWish(reasoning: JsonObject): ReasoningWish | undefined {
  const { enabled, effort, max_tokens: tokens } = reasoning
  const level = levels.get(effort)
  const budgetTokens = Number.isInteger(tokens) ? Number(tokens) : undefined
  const off: ReasoningWish = { level: 'off', said: 'reasoning' }
  if (enabled === false || level === 'off') return off
  if (budgetTokens !== undefined) {
    return budgetTokens > 0 ? { ...(level && { level }), budgetTokens, said: 'reasoning' } : off
  }
  if (level) return { level, said: 'reasoning_effort' }
  return enabled === true ? { level: 'medium', said: 'reasoning' } : undefined
}

/** Anthropic's own two members, of which each says its half. */
function anthropicWish({ thinking, output_config: config }: JsonObject): ReasoningWish {
  const effort = isObject(config) ? levels.get(config.effort) : undefined
  const ownEffort = effort === undefined || effort === 'off' ? {} : { effort }
  if (!isObject(thinking)) {
    return effort === undefined ? {} : { ...ownEffort, said: 'output_config.effort' }
  }
  const own: ReasoningWish = { ...ownEffort, said: 'thinking' }
  return thinking.type === 'disabled' ? { level: 'off', ...own } : { thinking, ...own }
}
