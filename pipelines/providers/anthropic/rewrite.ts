/**
 * What has to change in a Messages request: the model's id, the operator's prompt, the operator's reasoning level with
 * what it demands. What is injected must never make a valid request invalid; what cannot be injected safely is left out.
 * Source: docs/translation.md §5.5 and §14; Anthropic's pages on extended and adaptive thinking, read 2026-11.
 */
import { capabilityOf } from './capability.ts'
import { upstreamId, type Effort, type RewriteContext } from '../../model.ts'
import { isSealed, sealMark } from '../../neutral/seal.ts'
import {
  betaHeader,
  budgetOfLevel,
  fastBetas,
  INTERLEAVED_BETA,
  loopLacksThinking,
  planThinking,
  type ThinkingPlan,
} from './thinking.ts'
import type { AnthropicBlock, AnthropicMessage } from '../../wire/anthropic.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type { JsonDocument } from '../../json/document.ts'

/** Changes the document; returns the headers that go with it, `undefined` for one to take out. */
export function rewriteMessages(
  document: JsonDocument,
  context: RewriteContext,
): Record<string, string | undefined> {
  const { model, systemPrompt, headers, isForeign = false } = context
  if (document.get('model') !== upstreamId(model)) document.set('model', upstreamId(model))
  const hasForeign = isForeign || document.mentions(sealMark)
  const lostThinking = hasForeign && takeSealsOut(document, isForeign)
  const client = headers['anthropic-beta']
  const add = document.get('speed') === undefined ? fastBetas(model, client) : []
  // The API takes no `system` on a turn that continues a thread, and the thread's settings hold.
  const continues = isContinuation(document)
  if (systemPrompt.trim() !== '' && !continues) putInSystem(document, systemPrompt)
  const level = model.reasoning
  if (level === 'auto' || (continues && level !== 'off') || isProbe(document)) {
    if (!lostThinking || !cannotThinkOn(document, context)) return betas(client, { add })
    takeThinkingOut(document)
    return betas(client, { add, remove: [INTERLEAVED_BETA] })
  }
  if (capabilityOf(model).thinking !== 'adaptive') takeEffortOut(document)
  if (level !== 'off' && putThinkingIn(document, context, level)) {
    return betas(client, { add: [...add, INTERLEAVED_BETA] })
  }
  takeThinkingOut(document)
  if (level === 'off' && !continues) switchOff(document, context)
  return betas(client, { add, remove: [INTERLEAVED_BETA] })
}

/**
 * Takes out the thinking of other models, which this program sealed, or all of it: users switch models in mid-conversation, and the
 * API refuses signatures that it has not made. A turn that has nothing else goes, too.
 */
function takeSealsOut(document: JsonDocument, takesAll: boolean): boolean {
  let hasSome = false
  document.change('messages', (messages) => {
    if (!Array.isArray(messages)) return undefined
    const kept = messages.flatMap((message: unknown) => {
      if (!isObject(message) || !Array.isArray(message.content)) return [message]
      const content = message.content.filter(
        (block: unknown) => !isForeignThinking(block, takesAll),
      )
      if (content.length === message.content.length) return [message]
      hasSome = true
      return content.length > 0 ? [{ ...message, content }] : []
    })
    return hasSome ? kept : undefined
  })
  return hasSome
}

/** A model that takes a budget refuses to think on in a loop whose thinking is gone. */
function cannotThinkOn(document: JsonDocument, { model }: RewriteContext): boolean {
  const takesBudget = capabilityOf(model).thinking === 'budget'
  return takesBudget && loopLacksThinking(messagesOf(document.get('messages')))
}

function isForeignThinking(block: unknown, takesAll: boolean): boolean {
  if (!isObject(block)) return false
  if (block.type === 'thinking') return takesAll || isSealed(block.signature)
  return block.type === 'redacted_thinking' && (takesAll || isSealed(block.data))
}

/**
 * The operator's prompt in front of `system`, once, as a block of its own without `cache_control` (the client may already use
 * all four). A form that the API does not know is left for it to refuse.
 */
function putInSystem(document: JsonDocument, prompt: string): void {
  const client = document.get('system')
  const block = { type: 'text', text: prompt }
  const isBlank = typeof client === 'string' && client.trim() === ''
  if (client === undefined || client === null || isBlank) {
    document.set('system', [block])
  } else if (typeof client === 'string') {
    if (begins(client, prompt)) return
    const front = Buffer.from(`[${JSON.stringify(block)},{"type":"text","text":`)
    const own = document.raw('system')!
    document.setRaw('system', Buffer.concat([front, own, Buffer.from('}]')]))
  } else if (Array.isArray(client)) {
    if (client.some((one) => isObject(one) && begins(one.text, prompt))) return
    if (client.length > 0) document.prepend('system', block)
    else {
      const rest = document.raw('system')!.subarray(1)
      document.setRaw('system', Buffer.concat([Buffer.from(`[${JSON.stringify(block)}`), rest]))
    }
  }
}

function begins(text: unknown, prompt: string): boolean {
  return typeof text === 'string' && text.startsWith(prompt.trimEnd())
}

/** The beta list only where it differs from what the client sent. */
function betas(
  client: string | string[] | undefined,
  edits: { add?: string[]; remove?: string[] },
): Record<string, string | undefined> {
  if (client === undefined && !edits.add?.length) return {}
  const before = betaHeader(client, {})
  const after = betaHeader(client, edits)
  return before === after ? {} : { 'anthropic-beta': after }
}

function isContinuation(document: JsonDocument): boolean {
  const thread = document.get('thread')
  return isObject(thread) && thread.type === 'continue'
}

/**
 * A call without an answer fills the prompt cache, one of a single token asks whether anybody is there: thinking would be
 * refused, or paid for by somebody who wants none.
 */
function isProbe(document: JsonDocument): boolean {
  const limit = document.get('max_tokens')
  return limit === 0 || limit === 1
}

function takeThinkingOut(document: JsonDocument): void {
  if (document.get('thinking') !== undefined) document.delete('thinking')
  takeThinkingEditsOut(document)
}

/** Models that think by themselves need an order not to. */
function switchOff(document: JsonDocument, { model, subPath }: RewriteContext): void {
  const { off } = capabilityOf(model)
  if (off?.thinking) document.set('thinking', off.thinking)
  if (off?.effort && subPath === '') setEffort(document, off.effort)
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
  level: Effort,
): boolean {
  const capability = capabilityOf(model)
  const plan = planThinking({ level }, capability, limitsFor(document, level), {
    forcedTool: isForcing(document.get('tool_choice')),
    messages: messagesOf(document.get('messages')),
  })
  if (!plan.thinking) return false
  setThinking(document, plan)
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
function limitsFor(document: JsonDocument, level: Effort) {
  const limit = document.get('max_tokens')
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1) return {}
  return limit > budgetOfLevel(level) ? { total: limit } : { answer: limit }
}

function liftLimit(document: JsonDocument, maxTokens: number): void {
  const limit = document.get('max_tokens')
  if (typeof limit === 'number' && maxTokens > limit) document.set('max_tokens', maxTokens)
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

/** Models without adaptive thinking refuse an effort, which a client may have meant for the model it asked for. */
function takeEffortOut(document: JsonDocument): void {
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
  if (document.get('top_k') !== undefined) document.delete('top_k')
}

function isForcing(choice: unknown): boolean {
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
