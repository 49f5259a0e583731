/**
 * What has to change in a Messages request: the model's id, the operator's prompt, the operator's reasoning level with
 * what it demands. What is injected must never make a valid request invalid; what cannot be injected safely is left out.
 * Source: translation spec §§5.5, 14; Anthropic's pages on extended and adaptive thinking, read 2026-11.
 */
import { planThinking, type ThinkingPlan } from '../../pipelines/requests/anthropic/budget.ts'
import { capabilityOf, upstreamId } from '../../pipelines/requests/anthropic/capability.ts'
import {
  betaHeader,
  BUDGET_TOKENS,
  fastBetas,
  INTERLEAVED_BETA,
} from '../../pipelines/requests/anthropic/thinking.ts'
import type { AnthropicBlock, AnthropicMessage } from '../../pipelines/wire/anthropic.ts'
import type { JsonObject } from '../../pipelines/wire/chat.ts'
import type { RewriteContext } from './forward.ts'
import type { JsonDocument } from './json-document.ts'
import { putInSystem } from './system-prompt.ts'

/** Changes the document; hands back the headers that go with it, `undefined` for one to take out. */
export function rewriteMessages(
  document: JsonDocument,
  context: RewriteContext,
): Record<string, string | undefined> {
  const { model, systemPrompt, headers } = context
  if (document.get('model') !== upstreamId(model)) document.set('model', upstreamId(model))
  const client = headers['anthropic-beta']
  const fast = fastBetas(model, client)
  // The API takes neither `system` nor `tools` on a turn that continues a thread, and holds the rest of its settings.
  if (isObject(document.get('thread')) && threadType(document) === 'continue') {
    return betas(client, { add: fast })
  }
  if (systemPrompt.trim() !== '') putInSystem(document, systemPrompt)
  switch (model.reasoning) {
    case 'auto':
      return betas(client, { add: fast })
    case 'off':
      takeThinkingOut(document, context)
      return betas(client, { add: fast, remove: [INTERLEAVED_BETA] })
    default:
      return putThinkingIn(document, context, model.reasoning)
        ? betas(client, { add: [...fast, INTERLEAVED_BETA] })
        : betas(client, { add: fast })
  }
}

/** The beta list only where it differs from what the client sent. */
function betas(
  client: string | string[] | undefined,
  edits: { add?: string[]; remove?: string[] },
): Record<string, string | undefined> {
  const before = betaHeader(client, {})
  const after = betaHeader(client, edits)
  return before === after ? {} : { 'anthropic-beta': after }
}

function threadType(document: JsonDocument): unknown {
  return (document.get('thread') as JsonObject).type
}

function takeThinkingOut(document: JsonDocument, { model, subPath }: RewriteContext): void {
  const { off } = capabilityOf(model)
  if (off?.thinking) document.set('thinking', off.thinking)
  else if (document.get('thinking') !== undefined) document.delete('thinking')
  if (off?.effort && subPath === '') setEffort(document, off.effort)
  takeThinkingEditsOut(document)
}

/** `clear_thinking_…` is refused without thinking. */
function takeThinkingEditsOut(document: JsonDocument): void {
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

/** Whether thinking is on now by the operator's level. Otherwise nothing was changed. */
function putThinkingIn(
  document: JsonDocument,
  { model, subPath }: RewriteContext,
  level: 'low' | 'medium' | 'high',
): boolean {
  const capability = capabilityOf(model)
  const plan = planThinking(level, capability, limitsFor(document, level), {
    forcedTool: isForcing(document.get('tool_choice')),
    messages: messagesOf(document.get('messages')),
  })
  if (!plan.thinking) return false
  setThinking(document, plan)
  if (subPath === '') {
    if (plan.effort) setEffort(document, plan.effort)
    if (plan.thinking.type === 'enabled' && typeof document.get('max_tokens') === 'number') {
      setLimit(document, plan.maxTokens)
    }
    takeSamplingOut(document)
  }
  return true
}

/**
 * A client of this API counts thinking within its `max_tokens`, so its own limit stands where the budget fits below it;
 * else the limit is lifted by the budget.
 */
function limitsFor(document: JsonDocument, level: 'low' | 'medium' | 'high') {
  const limit = document.get('max_tokens')
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) return {}
  return limit >= BUDGET_TOKENS[level] + 1024 ? { total: limit } : { answer: limit }
}

function setLimit(document: JsonDocument, maxTokens: number): void {
  if (document.get('max_tokens') !== maxTokens) document.set('max_tokens', maxTokens)
}

/** A client that already thinks adaptively keeps its own form of it. */
function setThinking(document: JsonDocument, { thinking }: ThinkingPlan): void {
  const client = document.get('thinking')
  if (thinking?.type === 'adaptive' && isObject(client) && client.type === 'adaptive') return
  document.set('thinking', thinking)
}

function setEffort(document: JsonDocument, effort: string): void {
  const client = document.get('output_config')
  document.set('output_config', { ...(isObject(client) && client), effort })
}

/** Thinking takes no temperature but 1, no top_k, and top_p from 0.95 on. */
function takeSamplingOut(document: JsonDocument): void {
  const { temperature, topP } = {
    temperature: document.get('temperature'),
    topP: document.get('top_p'),
  }
  if (temperature !== undefined && temperature !== 1) document.delete('temperature')
  if (typeof topP === 'number' && topP < 0.95) document.delete('top_p')
  if (document.get('top_k') !== undefined) document.delete('top_k')
}

function isForcing(choice: unknown): boolean {
  return isObject(choice) && (choice.type === 'any' || choice.type === 'tool')
}

/** The messages in the form the plan reads; what is no message counts as an empty one, which the API will refuse. */
function messagesOf(messages: unknown): AnthropicMessage[] {
  if (!Array.isArray(messages)) return []
  return messages.map((message: unknown): AnthropicMessage => {
    const { role, content } = isObject(message) ? message : {}
    return { role: role === 'assistant' ? 'assistant' : 'user', content: blocksOf(content) }
  })
}

function blocksOf(content: unknown): AnthropicBlock[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return Array.isArray(content) ? (content.filter(isObject) as AnthropicBlock[]) : []
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
