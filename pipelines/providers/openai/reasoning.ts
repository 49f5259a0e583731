/** Whether an OpenAI model reasons in a request, and how hard it is told to. */
import type { Model } from '../../model.ts'
import type { JsonObject } from '../../json/value.ts'
import type { ResponsesRequest } from '../../wire/responses.ts'
import {
  asLevel,
  hidesReasoning,
  levelOf,
  nearestEffort,
  type ReasoningWish,
} from '../../neutral/level.ts'
import { upstreamId } from '../../model.ts'
import { capabilityOf, type Capability } from './capability.ts'

export interface ReasoningPlan {
  reasoning?: ResponsesRequest['reasoning']
  /** the model takes what only reasoning models take */
  reasons: boolean
  /** the model takes sampling parameters and gives log probabilities */
  samples: boolean
  /** names for `x-droid2api-dropped` */
  dropped: string[]
}

/** What a request for the model has of reasoning, and what that leaves room for. */
export function planReasoning(model: Model, request: JsonObject): ReasoningPlan {
  const capability = capabilityOfModel(model)
  const wish = levelOf(model, request)
  const effort = effortOf(wish, capability, model.reasoning !== 'auto')
  const reasons = capability.reasons === true || effort !== undefined
  const lost = wish.said !== undefined && isLost(wish, effort, capability)
  return {
    ...(effort && { reasoning: reasoningOf(effort, hidesReasoning(request)) }),
    reasons,
    samples: !reasons || effort === 'none',
    dropped: lost ? [wish.said!] : [],
  }
}

/**
 * Whether the model takes reasoning parameters and no sampling parameters: by its upstream id
 * (o-series, gpt-5 and later without `-chat`, codex), or because the operator gave it a level.
 * `auto` says nothing about the model: one that does not reason refuses
 * `include: ["reasoning.encrypted_content"]`.
 */
export function isReasoningModel(model: Model): boolean {
  return capabilityOfModel(model).reasons === true
}

/** The operator's level, or the nearest that the model knows; `undefined` for `off` and `auto`. */
export function operatorsEffort(model: Model): string | undefined {
  if (model.reasoning === 'off' || model.reasoning === 'auto') return undefined
  return nearestEffort(model.reasoning, capabilityOfModel(model).efforts)
}

/** An operator who gives a model a level knows it better than its id does. */
function capabilityOfModel(model: Model): Capability {
  const capability = capabilityOf(upstreamId(model))
  const isGiven = model.reasoning !== 'off' && model.reasoning !== 'auto'
  if (!isGiven || capability.reasons === true) return capability
  return { ...capability, reasons: true, efforts: ['low', 'medium', 'high'] }
}

/** Nothing where the operator said `off`, where nobody said anything, or where the model knows no effort. */
function effortOf(
  wish: ReasoningWish,
  { efforts, none, reasons }: Capability,
  isOperators: boolean,
) {
  const level = asLevel(wish)
  if (level === undefined) return undefined
  if (level !== 'off') return nearestEffort(level, efforts)
  if (isOperators) return undefined
  if (none) return 'none'
  // a model that cannot be switched off is told to think little; one that may not reason, nothing
  return reasons === true ? efforts[0] : undefined
}

/** Whether the model is told less, more or something vaguer than was said: a budget becomes a level. */
function isLost(wish: ReasoningWish, effort: string | undefined, { reasons }: Capability): boolean {
  const wanted = asLevel(wish)
  if (wanted === undefined) return false
  if (wanted === 'off') return effort !== 'none' && reasons === true
  const budget = wish.budgetTokens ?? wish.thinking?.budget_tokens
  return effort !== wanted || (wish.level === undefined && typeof budget === 'number')
}

function reasoningOf(effort: string, hidden: boolean): ResponsesRequest['reasoning'] {
  return effort === 'none' || hidden ? { effort } : { effort, summary: 'auto' }
}
