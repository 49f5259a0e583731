/**
 * What has to change in a Messages request: the model's id, the operator's prompt, the operator's reasoning level with
 * what it demands. What is injected must never make a valid request invalid; what cannot be injected safely is left out.
 * Source: docs/translation.md §5.5 and §14; Anthropic's pages on extended and adaptive thinking, read 2026-11.
 */
import { capabilityOf } from './capability.ts'
import { fitRequest, fitThinking, isForOther, keepToBetas, takeTurnEffortsOut } from './fit.ts'
import { upstreamId, type RewriteContext } from '../../model.ts'
import { isSealed } from '../../neutral/seal.ts'
import { wantsPrompt } from '../../neutral/writing.ts'
import { isGiven } from '../../untrusted.ts'
import { withoutBlocks } from './sent-turns.ts'
import { betaHeader, fastBetas, INTERLEAVED_BETA } from './thinking.ts'
import {
  cannotThinkOn,
  putThinkingIn,
  switchOff,
  takeEffortOut,
  takeThinkingOut,
} from './thinking-edits.ts'
import { named } from './tools.ts'
import { isObject } from '../../json/value.ts'
import type { JsonDocument } from '../../json/document.ts'

type Headers = Record<string, string | undefined>

/** Changes the document; returns the headers that go with it, `undefined` for one to take out. */
export function rewriteMessages(document: JsonDocument, context: RewriteContext): Headers {
  const headers = rewritten(document, context)
  if (context.fixedBetas === undefined) return headers
  keepToBetas(document, context.fixedBetas)
  // the endpoint's own list goes up
  return {}
}

function rewritten(document: JsonDocument, context: RewriteContext): Headers {
  const { model, systemPrompt, headers, isForeign = false } = context
  const isOther = isForOther(document, context)
  nameOthers(document, context)
  if (document.get('model') !== upstreamId(model)) document.set('model', upstreamId(model))
  const hasForeign = isForeign || document.noticed.seal
  const lostThinking = hasForeign && takeSealsOut(document, isForeign)
  const client = headers['anthropic-beta']
  const add = document.get('speed') === undefined ? fastBetas(model, client) : []
  // The API takes no `system` on a turn that continues a thread, and the thread's settings hold.
  const continues = isContinuation(document)
  if (systemPrompt.trim() !== '' && !continues) putInSystem(document, systemPrompt)
  const level = model.reasoning
  if (isOther) fitRequest(document, context)
  if (level === 'auto' || (continues && level !== 'off') || isProbe(document)) {
    const cannotThink =
      (isOther && fitThinking(document, context)) ||
      (lostThinking && cannotThinkOn(document, context))
    if (!cannotThink) return betas(client, { add })
    takeThinkingOut(document)
    return betas(client, { add, remove: [INTERLEAVED_BETA] })
  }
  takeTurnEffortsOut(document)
  if (capabilityOf(model).thinking !== 'adaptive') takeEffortOut(document)
  if (level !== 'off' && putThinkingIn(document, context, { level })) {
    return betas(client, { add: [...add, INTERLEAVED_BETA] })
  }
  takeThinkingOut(document)
  if (level === 'off' && !continues) switchOff(document, context)
  return betas(client, { add, remove: [INTERLEAVED_BETA] })
}

/** In any type an escape may hide letters. */
const advisorInTools = ['"advisor_', '\\u00']

/** The other models that a request names are an advisor and those that step in for the model. */
function nameOthers(document: JsonDocument, { nameOf }: RewriteContext): void {
  if (!nameOf) return
  const allNamed = (list: readonly unknown[]) => list.map((one) => named(one, nameOf))
  document.changeItems('fallbacks', allNamed)
  const tools = document.raw('tools')
  if (tools && advisorInTools.some((text) => tools.includes(text))) {
    document.changeItems('tools', allNamed)
  }
}

/**
 * Takes out the thinking of other models, which this program sealed, or all of it: users switch models in mid-conversation, and the
 * API refuses signatures that it has not made. A turn that has nothing else goes, too. `turns`: in how many of them.
 */
export function takeSealsOut(
  document: JsonDocument,
  takesAll: boolean,
  turns = Number.POSITIVE_INFINITY,
): boolean {
  return document.changeItems('messages', (messages) => [
    ...withoutBlocks(messages.slice(0, turns), (block) => isForeignThinking(block, takesAll)),
    ...messages.slice(turns),
  ])
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
  const block = { type: 'text', text: prompt }
  const raw = document.raw('system')
  if (raw && !mayHold(raw, prompt) && document.prepend('system', block)) return
  const client = document.get('system')
  const isBlank = typeof client === 'string' && client.trim() === ''
  if (!isGiven(client) || isBlank) {
    document.set('system', [block])
  } else if (typeof client === 'string') {
    if (begins(client, prompt)) return
    const front = Buffer.from(`[${JSON.stringify(block)},{"type":"text","text":`)
    const own = document.raw('system')!
    document.setRaw('system', Buffer.concat([front, own, Buffer.from('}]')]))
  } else if (Array.isArray(client)) {
    if (client.some((one) => isObject(one) && begins(one.text, prompt))) return
    if (!document.prepend('system', block)) document.set('system', [block])
  }
}

/** What JSON writes in one way only. A slash may have a backslash before it. */
const plainBeginning = /^[ !#-.0-[\]-~]+/

/** Whether the prompt may be in the JSON. A search: of 15 KB of an agent's prompts it takes 4 µs, parsing them 11. */
function mayHold(json: Buffer, prompt: string): boolean {
  const beginning = plainBeginning.exec(prompt.trimEnd())?.[0]
  return beginning === undefined || json.includes(beginning) || json.includes('\\u')
}

function begins(text: unknown, prompt: string): boolean {
  return typeof text === 'string' && !wantsPrompt(prompt, text)
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
