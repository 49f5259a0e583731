/**
 * Whether a request thinks, how hard, and how many tokens it may produce: three answers that the
 * API ties together.
 */
import { badRequest } from '../../errors.ts'
import type { AnthropicMessage, MessagesRequest } from '../../wire/anthropic.ts'
import type { JsonObject } from '../../json/value.ts'
import type { Capability } from './capability.ts'
import { isThinking } from './reasoning-history.ts'
import { budgetEfforts, budgetOfLevel } from './thinking.ts'
import { asLevel, nearestEffort, type Effort, type ReasoningWish } from '../../neutral/level.ts'
import { isGiven, nameAt, optionalNumberAt, tokenLimitAt } from '../../untrusted.ts'

/** Tokens: the API's least budget, and the least room for the answer beside a budget. */
const minBudget = 1024
const answerRoom = 1024

export interface ThinkingPlan {
  /** tokens, thinking included */
  maxTokens: number
  thinking?: MessagesRequest['thinking']
  effort?: string
  /** thinking was asked for and cannot be had in this request */
  givenUp: boolean
  /** the model knows the wish only in part, and gets the nearest that it knows */
  partly?: boolean
}

/** The client's limits, in tokens. */
export interface OutputLimits {
  /** `max_completion_tokens`: thinking included */
  total?: number | undefined
  /** `max_tokens`, from clients that know of no thinking: the answer alone */
  answer?: number | undefined
}

/** What the rest of the request has in it that thinking with a budget does not go with. */
export interface ThinkingContext {
  forcedTool: boolean
  messages: AnthropicMessage[]
  /** nobody will read the reasoning */
  hidden?: boolean
}

export function outputLimits(request: JsonObject): OutputLimits {
  const total = limitAt(request, 'max_completion_tokens')
  return total === undefined ? { answer: limitAt(request, 'max_tokens') } : { total }
}

/** Holds for every plan: with `thinking.type` "enabled", 1024 <= budget < maxTokens <= cap. */
export function planThinking(
  wish: ReasoningWish,
  capability: Capability,
  limits: OutputLimits,
  context: ThinkingContext,
): ThinkingPlan {
  const without: ThinkingPlan = { maxTokens: plainLimit(capability, limits), givenUp: false }
  const { level, thinking, budgetTokens } = wish
  const own = effortOf(wish.effort, capability)
  if (level === 'off') return { ...without, ...own, ...offPlan(capability) }
  if (thinking) return { ...ownPlan(thinking, without, capability, limits, context), ...own }
  if (level === undefined && budgetTokens === undefined) {
    const { effort } = wish
    if (!effort || capability.efforts.length > 0) return { ...without, ...own }
    // a model without efforts is told by its budget how hard to think
    return planThinking({ level: effort }, capability, limits, context)
  }
  if (isProbe(limits)) return { ...without, givenUp: true }
  return levelPlan(wish, without, capability, limits, context)
}

/** A limit of one token leaves no room to think: such a call only asks whether anybody is there. */
function isProbe({ total, answer }: OutputLimits): boolean {
  return total === 1 || answer === 1
}

function offPlan({ thinking, off }: Capability): Partial<ThinkingPlan> {
  if (thinking === 'none' || !off) return {}
  // a model that cannot be switched off is told to think little
  return off.effort ? { ...off, partly: true } : off
}

/** The client's own `thinking` goes up as it is, but for a budget that has to fit. */
function ownPlan(
  thinking: JsonObject,
  without: ThinkingPlan,
  capability: Capability,
  limits: OutputLimits,
  context: ThinkingContext,
): ThinkingPlan {
  const givenUp = { ...without, givenUp: true }
  if (capability.thinking === 'none') return givenUp
  if (thinking.type !== 'enabled') {
    const type = nameAt(thinking.type, 'thinking.type')
    return { ...without, thinking: { ...thinking, type } }
  }
  if (refusesBudget(context)) return givenUp
  return budgetPlan(thinking, budgetOf(thinking), capability, limits) ?? givenUp
}

function levelPlan(
  wish: ReasoningWish,
  without: ThinkingPlan,
  capability: Capability,
  limits: OutputLimits,
  context: ThinkingContext,
): ThinkingPlan {
  const givenUp = { ...without, givenUp: true }
  const wished = asLevel(wish)
  if (!wished || wished === 'off' || capability.thinking === 'none') return givenUp
  if (context.forcedTool && capability.forcedTools === 'without-thinking') return givenUp
  if (capability.thinking === 'adaptive') {
    const thinking = { type: 'adaptive', display: context.hidden ? 'omitted' : 'summarized' }
    const partly = wish.level === undefined ? { partly: true } : {}
    return { ...without, thinking, ...effortOf(wished, capability), ...partly }
  }
  if (refusesBudget(context)) return givenUp
  const budget = Math.max(wish.budgetTokens ?? budgetOfLevel(wished), minBudget)
  const plan = budgetPlan({}, budget, capability, limits) ?? givenUp
  const exact = wish.budgetTokens !== undefined || budgetEfforts.some((known) => known === wished)
  return exact ? plan : { ...plan, partly: true }
}

/** The effort as the model knows it; nothing where it takes none. */
function effortOf(
  effort: Effort | undefined,
  { efforts }: Capability,
): Pick<ThinkingPlan, 'effort' | 'partly'> {
  if (effort === undefined) return {}
  const known = nearestEffort(effort, efforts)
  return { ...(known && { effort: known }), ...(known !== effort && { partly: true }) }
}

/** What thinking with a budget does not go with. */
function refusesBudget({ forcedTool, messages }: ThinkingContext): boolean {
  return forcedTool || isPrefill(messages) || loopLacksThinking(messages)
}

function budgetPlan(
  enabled: JsonObject,
  wished: number,
  capability: Capability,
  limits: OutputLimits,
): ThinkingPlan | undefined {
  const answer = limits.answer === undefined ? undefined : limits.answer + wished
  const maxTokens = plainLimit(capability, { total: limits.total ?? answer })
  const budget = Math.min(wished, maxTokens - answerRoom)
  if (budget < minBudget) return undefined
  return {
    maxTokens,
    thinking: { ...enabled, type: 'enabled', budget_tokens: budget },
    givenUp: false,
  }
}

function plainLimit(capability: Capability, limits: OutputLimits): number {
  const wished = limits.total ?? limits.answer ?? capability.defaultOutputTokens
  return Math.min(wished, capability.maxOutputTokens ?? wished)
}

function isPrefill(messages: AnthropicMessage[]): boolean {
  return messages.at(-1)?.role === 'assistant'
}

/**
 * Whether the tool loop at the end began without thinking: most chat clients hand none back, and
 * the API refuses to think on in such a loop.
 */
function loopLacksThinking(messages: AnthropicMessage[]): boolean {
  const lastWord = messages.findLastIndex(
    ({ role, content }) => role === 'user' && content.some(({ type }) => type !== 'tool_result'),
  )
  const first = messages.slice(lastWord + 1).find(({ role }) => role === 'assistant')
  if (!first) return false
  return first.content.some(({ type }) => type === 'tool_use') && !first.content.some(isThinking)
}

function budgetOf(thinking: JsonObject): number {
  const place = 'thinking.budget_tokens'
  const budget = optionalNumberAt(thinking.budget_tokens, place)
  if (Number.isInteger(budget)) return budget!
  const message = `${place} must be a whole number from ${minBudget} up when thinking is enabled.`
  throw badRequest(isGiven(budget) ? 'invalid_value' : 'missing_required_parameter', place, message)
}

function limitAt(request: JsonObject, name: string): number | undefined {
  const limit = tokenLimitAt(request[name], name)
  if (limit === undefined || (Number.isInteger(limit) && limit > 0)) return limit
  throw badRequest('invalid_value', name, `${name} is ${limit}; send a whole number above 0.`)
}
