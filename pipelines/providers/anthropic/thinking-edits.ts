/**
 * The thinking of a Messages request that goes up as the client wrote it: put in, taken out, and with it whatever a thinking
 * model refuses. Source: docs/translation.md §5.5 and §14; Anthropic's pages on extended and adaptive thinking, read 2026-11.
 */
import { capabilityOf } from './capability.ts'
import { efforts, type Effort, type RewriteContext } from '../../model.ts'
import { budgetOfLevel, loopLacksThinking, planThinking, type ThinkingPlan } from './thinking.ts'
import type { AnthropicBlock, AnthropicMessage } from '../../wire/anthropic.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type { JsonDocument } from '../../json/document.ts'

/** Thinking that is wished for; a budget counts where the model takes one. */
export interface ThinkingWish {
  level: Effort
  /** tokens */
  budgetTokens?: number
  /** how the client wants it shown */
  display?: unknown
}

/** A model that takes a budget refuses to think on in a loop whose thinking is gone. */
export function cannotThinkOn(document: JsonDocument, { model }: RewriteContext): boolean {
  const takesBudget = capabilityOf(model).thinking === 'budget'
  return takesBudget && loopLacksThinking(messagesOf(document.get('messages')))
}

/** The same by the request alone: who sends a budget has a model that takes one. */
export function hasBudgetInVain(document: JsonDocument): boolean {
  const thinking = document.get('thinking')
  const hasBudget = isObject(thinking) && thinking.type === 'enabled'
  return hasBudget && loopLacksThinking(messagesOf(document.get('messages')))
}

export function takeThinkingOut(document: JsonDocument): void {
  document.delete('thinking')
  takeThinkingEditsOut(document)
}

/** Models that think by themselves need an order not to. */
export function switchOff(document: JsonDocument, { model, subPath }: RewriteContext): void {
  const { off } = capabilityOf(model)
  if (off?.thinking) document.set('thinking', off.thinking)
  if (off?.effort && subPath === '') setEffort(document, off.effort)
}

/** `clear_thinking_…` is refused without thinking. */
export function takeThinkingEditsOut(document: JsonDocument): void {
  const management = document.get('context_management')
  if (!isObject(management) || !Array.isArray(management.edits)) return
  const edits = management.edits.filter((edit) => !isThinkingEdit(edit))
  if (edits.length === management.edits.length) return
  const { edits: _all, ...rest } = management
  if (edits.length > 0) document.set('context_management', { ...rest, edits })
  else if (Object.keys(rest).length > 0) document.set('context_management', rest)
  else document.delete('context_management')
}

function isThinkingEdit(edit: unknown): boolean {
  return isObject(edit) && typeof edit.type === 'string' && edit.type.startsWith('clear_thinking')
}

/** Whether thinking is on now as wished. Otherwise nothing was changed. */
export function putThinkingIn(
  document: JsonDocument,
  { model, subPath }: RewriteContext,
  wish: ThinkingWish,
): boolean {
  const capability = capabilityOf(model)
  const plan = planThinking(wish, capability, limitsFor(document, wish), {
    forcedTool: isForcing(document.get('tool_choice')),
    messages: messagesOf(document.get('messages')),
  })
  if (!plan.thinking) return false
  setThinking(document, plan, wish.display)
  if (subPath === '') {
    if (plan.effort) setEffort(document, plan.effort)
    if (plan.thinking.type === 'enabled') liftLimit(document, plan.maxTokens)
    takeSamplingOut(document)
  }
  return true
}

/**
 * A client of this API counts thinking within its `max_tokens`, so its own limit stands where the budget fits below it;
 * else the limit is lifted by the budget.
 */
function limitsFor(document: JsonDocument, { level, budgetTokens }: ThinkingWish) {
  const limit = document.get('max_tokens')
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) return {}
  return limit > (budgetTokens ?? budgetOfLevel(level)) ? { total: limit } : { answer: limit }
}

function liftLimit(document: JsonDocument, maxTokens: number): void {
  const limit = document.get('max_tokens')
  if (typeof limit === 'number' && maxTokens > limit) document.set('max_tokens', maxTokens)
}

/** A client that already thinks adaptively keeps its own form of it. */
function setThinking(document: JsonDocument, { thinking }: ThinkingPlan, display: unknown): void {
  const client = document.get('thinking')
  if (thinking?.type === 'adaptive' && isObject(client) && client.type === 'adaptive') return
  document.set('thinking', { ...thinking, ...(display !== undefined && { display }) })
}

/** The effort that the client sent, where it is one that is known. */
export function effortOf(document: JsonDocument): Effort | undefined {
  const config = document.get('output_config')
  const word = isObject(config) ? config.effort : undefined
  return efforts.find((effort) => effort === word)
}

export function setEffort(document: JsonDocument, effort: string): void {
  const client = document.get('output_config')
  const own = isObject(client) ? client : {}
  if (own.effort !== effort) document.set('output_config', { ...own, effort })
}

/** Models without adaptive thinking refuse an effort, which a client may have meant for the model it asked for. */
export function takeEffortOut(document: JsonDocument): void {
  const client = document.get('output_config')
  if (!isObject(client) || client.effort === undefined) return
  const { effort: _effort, ...rest } = client
  if (Object.keys(rest).length > 0) document.set('output_config', rest)
  else document.delete('output_config')
}

/** Thinking takes no temperature but 1, no top_k, and top_p from 0.95 on. */
function takeSamplingOut(document: JsonDocument): void {
  const { temperature, topP } = {
    temperature: document.get('temperature'),
    topP: document.get('top_p'),
  }
  if (temperature !== undefined && temperature !== 1) document.delete('temperature')
  if (typeof topP === 'number' && topP < 0.95) document.delete('top_p')
  document.delete('top_k')
}

export function isForcing(choice: unknown): choice is JsonObject {
  return isObject(choice) && (choice.type === 'any' || choice.type === 'tool')
}

/** The messages in the form the plan reads. */
function messagesOf(messages: unknown): AnthropicMessage[] {
  if (!Array.isArray(messages)) return []
  return messages.filter(isTurn).map(({ role, content }): AnthropicMessage => ({
    role: role === 'assistant' ? 'assistant' : 'user',
    content: blocksOf(content),
  }))
}

/** Not a `system` message between the turns; what is not a message, the API refuses. */
function isTurn(message: unknown): message is JsonObject {
  return isObject(message) && message.role !== 'system'
}

function blocksOf(content: unknown): AnthropicBlock[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return Array.isArray(content) ? content.filter(isBlockLike) : []
}

function isBlockLike(value: unknown): value is AnthropicBlock {
  return isObject(value) && typeof value.type === 'string'
}
