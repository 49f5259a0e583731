/**
 * Whether a request thinks, how hard, and how many tokens it may produce: three answers that the
 * API ties together.
 */
import { badRequest } from '../../../lib/errors.ts'
import type { AnthropicMessage, MessagesRequest } from '../../wire/anthropic.ts'
import type { JsonObject } from '../../wire/chat.ts'
import type { Capability } from './capability.ts'
import { isThinking } from './reasoning-history.ts'
import { BUDGET_TOKENS } from './thinking.ts'
import type { Level } from '../level.ts'
import { isGiven, nameAt, optionalNumberAt } from '../untrusted.ts'

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
}

/** The client's limits, in tokens. */
export interface OutputLimits {
  /** `max_completion_tokens`: thinking included */
  total?: number
  /** `max_tokens`, from clients that know of no thinking: the answer alone */
  answer?: number
}

/** What the rest of the request has in it that thinking with a budget does not go with. */
export interface ThinkingContext {
  forcedTool: boolean
  messages: AnthropicMessage[]
}

export function outputLimits(request: JsonObject): OutputLimits {
  const total = limitAt(request, 'max_completion_tokens')
  return total === undefined ? { answer: limitAt(request, 'max_tokens') } : { total }
}

/** Holds for every plan: with `thinking.type` "enabled", 1024 <= budget < maxTokens <= cap. */
export function planThinking(
  level: Level | undefined | { thinking: JsonObject },
  capability: Capability,
  limits: OutputLimits,
  context: ThinkingContext,
): ThinkingPlan {
  const without: ThinkingPlan = { maxTokens: plainLimit(capability, limits), givenUp: false }
  const givenUp: ThinkingPlan = { ...without, givenUp: true }
  if (level === undefined) return without
  if (capability.thinking === 'none') return isOff(level) ? without : givenUp
  if (level === 'off') return { ...without, ...capability.off }
  if (typeof level === 'object' && level.thinking.type !== 'enabled') {
    const type = nameAt(level.thinking.type, 'thinking.type')
    return { ...without, thinking: { ...level.thinking, type } }
  }
  if (context.forcedTool && capability.forcedTools === 'without-thinking') return givenUp
  if (typeof level === 'string' && capability.thinking === 'adaptive') {
    const thinking = { type: 'adaptive', display: 'summarized' }
    return { ...without, thinking, effort: level }
  }
  if (context.forcedTool || isPrefill(context.messages) || loopLacksThinking(context.messages)) {
    return givenUp
  }
  const enabled = typeof level === 'object' ? level.thinking : {}
  const budget = typeof level === 'object' ? budgetOf(level.thinking) : BUDGET_TOKENS[level]
  return budgetPlan(enabled, budget, capability, limits) ?? givenUp
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

function isOff(level: Level | { thinking: JsonObject }): boolean {
  return typeof level === 'object' ? level.thinking.type === 'disabled' : level === 'off'
}

function budgetOf(thinking: JsonObject): number {
  const place = 'thinking.budget_tokens'
  const budget = optionalNumberAt(thinking.budget_tokens, place)
  if (Number.isInteger(budget)) return budget!
  const message = `${place} must be a whole number from ${minBudget} up when thinking is enabled.`
  throw badRequest(isGiven(budget) ? 'invalid_value' : 'missing_required_parameter', place, message)
}

function limitAt(request: JsonObject, name: string): number | undefined {
  const limit = optionalNumberAt(request[name], name)
  if (limit === undefined || (Number.isInteger(limit) && limit > 0)) return limit
  throw badRequest('invalid_value', name, `${name} is ${limit}; send a whole number above 0.`)
}
