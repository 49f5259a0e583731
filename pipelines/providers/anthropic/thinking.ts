/**
 * Whether a request thinks, how hard, and how many tokens it may produce: three answers that the API ties together, and the
 * beta list that goes with them. Source: Anthropic, "Extended thinking", "Adaptive thinking", "Effort", read 2026-11.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { badRequest } from '../../errors.ts'
import type { JsonObject } from '../../json/value.ts'
import {
  asLevel,
  nearestEffort,
  tokensOf,
  type Effort,
  type Model,
  type Wish,
} from '../../model.ts'
import type { Limits } from '../../neutral/request.ts'
import { isGiven, nameAt, optionalNumberAt } from '../../untrusted.ts'
import type { AnthropicMessage, MessagesRequest } from '../../wire/anthropic.ts'
import type { Capability } from './capability.ts'
import { isThinking } from './content.ts'

/** Tokens: the API's least budget, and the least room for the answer beside a budget. */
const minBudget = 1024
const answerRoom = 1024
/** Tokens for a client that sets no limit and means it, of a model whose own is not known. */
const openLimit = 32_000

export interface ThinkingPlan {
  /** tokens, thinking included */
  maxTokens: number
  thinking?: MessagesRequest['thinking']
  effort?: string
  /** thinking was asked for and cannot be had in this request */
  givenUp: boolean
  /** the model knows the wish only in part, and gets the nearest that it knows */
  partly?: boolean
  /** nobody asked for thinking: it says what the model does by itself */
  isDefault?: boolean
}

/** What a plan reads of a wish. `own` of another API counts by the level or budget beside it. */
type PlannedWish = Pick<Wish, 'level' | 'budgetTokens' | 'own' | 'effort'>

/** What the rest of the request has in it that thinking with a budget does not go with. */
export interface ThinkingContext {
  forcedTool: boolean
  messages: AnthropicMessage[]
  /** nobody will read the reasoning */
  hidden?: boolean
}

/** Holds for every plan: with `thinking.type` "enabled", 1024 <= budget < maxTokens <= cap. */
export function planThinking(
  wish: PlannedWish,
  capability: Capability,
  limits: Limits,
  context: ThinkingContext,
): ThinkingPlan {
  const without: ThinkingPlan = { maxTokens: plainLimit(capability, limits), givenUp: false }
  const { level, budgetTokens } = wish
  const thinking = ownThinking(wish)
  const own = effortOf(wish.effort, capability)
  if (level === 'off') return { ...without, ...own, ...offPlan(capability) }
  if (thinking) return { ...ownPlan(thinking, without, capability, limits, context), ...own }
  if (level === undefined && budgetTokens === undefined) {
    const { effort } = wish
    if (!effort || capability.efforts.length > 0) return { ...without, ...own }
    // a model without efforts thinks as hard as its budget allows
    return planThinking({ level: effort }, capability, limits, context)
  }
  if (isProbe(limits)) return { ...without, givenUp: true }
  return levelPlan(wish, without, capability, limits, context)
}

/** The client's own `thinking` object, which does not switch thinking off. */
function ownThinking({ own }: PlannedWish): JsonObject | undefined {
  return own?.api === 'anthropic' ? own.value : undefined
}

/** A limit of one token leaves no room to think: such a call only asks whether anybody is there. */
function isProbe({ total, answer }: Limits): boolean {
  return (total ?? answer) === 1
}

function offPlan({ thinking, off }: Capability): Partial<ThinkingPlan> {
  if (thinking === 'none' || !off) return {}
  // a model whose thinking cannot be switched off is to think little
  return off.effort ? { ...off, partly: true } : off
}

/** The client's own `thinking` goes up as it is, but for a budget that has to fit. */
function ownPlan(
  thinking: JsonObject,
  without: ThinkingPlan,
  capability: Capability,
  limits: Limits,
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
  wish: PlannedWish,
  without: ThinkingPlan,
  capability: Capability,
  limits: Limits,
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
  limits: Limits,
): ThinkingPlan | undefined {
  const answer = limits.answer === undefined ? undefined : limits.answer + wished
  const total = limits.total ?? answer
  const maxTokens = plainLimit(capability, total === undefined ? limits : { total })
  const budget = Math.min(wished, maxTokens - answerRoom)
  if (budget < minBudget) return undefined
  return {
    maxTokens,
    thinking: { ...enabled, type: 'enabled', budget_tokens: budget },
    givenUp: false,
  }
}

function plainLimit(capability: Capability, limits: Limits): number {
  const { maxOutputTokens = openLimit, defaultOutputTokens } = capability
  const left = limits.isOpen ? maxOutputTokens : defaultOutputTokens
  const wished = limits.total ?? limits.answer ?? left
  return Math.min(wished, capability.maxOutputTokens ?? wished)
}

function isPrefill(messages: AnthropicMessage[]): boolean {
  return messages.at(-1)?.role === 'assistant'
}

/**
 * Whether the tool loop at the end began without thinking: most chat clients hand none back, and
 * the API refuses to think on in such a loop.
 */
export function loopLacksThinking(messages: AnthropicMessage[]): boolean {
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

/** The levels that have a budget of their own. */
const budgetEfforts = ['low', 'medium', 'high'] as const

/** The budget of a level, or of the nearest that has one, for models that take `budget_tokens`; tokens. */
export function budgetOfLevel(level: Effort): number {
  return tokensOf[nearestEffort(level, budgetEfforts)!]
}

const bindingBeta = 'thinking-binding-controls-2026-08-01'

/**
 * Newer models refuse thinking behind a conversation that has changed since, and clients of other APIs change it without a thought:
 * another system prompt, a summary without tools, an earlier answer without its reasoning. Asked to, the API leaves such thinking
 * out; models that bind it think by themselves, so that asking switches nothing on.
 * @see https://github.com/anomalyco/opencode/pull/46653
 */
export function withLooseBinding(
  plan: ThinkingPlan,
  { bindsThinking }: Capability,
  messages: AnthropicMessage[],
): ThinkingPlan {
  const { thinking = { type: 'adaptive' } } = plan
  const isOpen = thinking.type === 'adaptive' && thinking.block_binding === undefined
  if (!bindsThinking || !isOpen || !messages.some(({ content }) => content.some(isThinking))) {
    return plan
  }
  const block_binding = { prefix_mismatch_behavior: 'drop_block' }
  return { ...plan, thinking: { ...thinking, block_binding }, isDefault: !plan.thinking }
}

/** Lets a model think between tool calls; models with adaptive thinking ignore it. */
export const INTERLEAVED_BETA = 'interleaved-thinking-2025-05-14'
const fastBeta = 'fast-mode-2026-02-01'

/**
 * The `anthropic-beta` to send: the client's comma list, trimmed and without repeats, with all of `add` and nothing of `remove`;
 * `undefined` when nothing is left. A value in both is taken out.
 */
export function betaHeader(
  client: string | string[] | undefined,
  edits: { add?: string[]; remove?: string[] },
): string | undefined {
  const values = new Set([...betaValues(client), ...(edits.add ?? [])])
  for (const value of edits.remove ?? []) values.delete(value)
  return values.size > 0 ? [...values].join(',') : undefined
}

/** What a model entry with `fast` adds to the beta list: nothing when the client chose a fast mode of its own. */
export function fastBetas(
  model: Pick<Model, 'fast'>,
  client: string | string[] | undefined,
): string[] {
  const chosen = betaValues(client).some((value) => value.startsWith('fast-mode'))
  return model.fast && !chosen ? [fastBeta] : []
}

function betaValues(client: string | string[] | undefined): string[] {
  if (client === undefined) return []
  return String(client)
    .split(',')
    .map((value) => value.trim())
    .filter((value) => value !== '')
}

const defaultVersion = '2023-06-01'
const systemTurnsBeta = 'mid-conversation-system-2026-04-07'

/** The API version in force: the client's, or the one before all others. */
export function apiVersion(headers: IncomingHttpHeaders): string {
  const given = headers['anthropic-version']
  const version = Array.isArray(given) ? given[0] : given
  return version?.trim() || defaultVersion
}

/** `anthropic-version`, and `anthropic-beta` when not empty. */
export function anthropicHeaders(
  headers: IncomingHttpHeaders,
  model: Model,
  wish: PlannedWish,
  plan: ThinkingPlan,
  messages: AnthropicMessage[],
): Record<string, string> {
  const client = headers['anthropic-beta']
  const isOwn = plan.isDefault === true || ownThinking(wish) !== undefined
  const thinks = plan.thinking !== undefined && !isOwn && wish.level !== 'off'
  const betas = betaHeader(client, {
    add: [
      ...(thinks ? [INTERLEAVED_BETA] : []),
      ...(plan.thinking?.block_binding === undefined ? [] : [bindingBeta]),
      ...(messages.some(({ role }) => role === 'system') ? [systemTurnsBeta] : []),
      ...fastBetas(model, client),
    ],
    remove: wish.level === 'off' || plan.givenUp ? [INTERLEAVED_BETA] : [],
  })
  return { 'anthropic-version': apiVersion(headers), ...(betas && { 'anthropic-beta': betas }) }
}
