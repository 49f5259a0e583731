/**
 * What has to change in a Chat Completions request for a model that speaks this API itself: the model's id, the operator's
 * prompt, the operator's reasoning level, what another model than the named one refuses, and `stream` where the body leaves it open.
 * Source: docs/translation.md §11; OpenAI API reference "Chat Completions", OpenRouter "Reasoning tokens", read 2026-11.
 */
import type { JsonDocument } from '../../json/document.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { upstreamId, type RewriteContext } from '../../model.ts'
import { wantsPrompt } from '../../neutral/writing.ts'
import { isGiven } from '../../untrusted.ts'
import { isForOther } from '../openai/fit.ts'
import { fitChat } from './fit.ts'

/** Changes the document; no header depends on it. */
export function rewriteChat(
  document: JsonDocument,
  { model, systemPrompt, stream, isForeign = false }: RewriteContext,
): Record<string, string | undefined> {
  if (isForOther(document, model)) fitChat(document, model)
  if (document.get('model') !== upstreamId(model)) document.set('model', upstreamId(model))
  if (isForeign) takeSealedOut(document)
  if (systemPrompt.trim() !== '') putInMessages(document, systemPrompt)
  if (model.reasoning !== 'auto') setLevel(document, model.reasoning)
  if (stream && !isGiven(document.get('stream'))) document.set('stream', true)
  return {}
}

/** Where chat clients keep what only the provider that made it can read: OpenRouter's field, LiteLLM's, Google's. */
const sealed = ['reasoning_details', 'thinking_blocks', 'extra_content']

/** Takes it out of the history: strict hosts refuse a field that is not theirs. */
function takeSealedOut(document: JsonDocument): void {
  if (!sealed.some((name) => document.mentions(`"${name}"`))) return
  document.change('messages', (messages) =>
    Array.isArray(messages) ? messages.map(withoutSealed) : undefined,
  )
}

function withoutSealed(message: unknown): unknown {
  if (!isObject(message)) return message
  const calls = message.tool_calls
  const rest = withoutFields(message)
  return Array.isArray(calls)
    ? { ...rest, tool_calls: calls.map((call) => (isObject(call) ? withoutFields(call) : call)) }
    : rest
}

function withoutFields(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !sealed.includes(name)))
}

/** The operator's level beats every spelling of the client's wish. */
function setLevel(document: JsonDocument, level: string): void {
  const shown = withoutWish(document.get('reasoning'))
  document.delete('reasoning_effort', 'reasoning', 'thinking')
  if (shown) document.set('reasoning', shown)
  if (level !== 'off') document.set('reasoning_effort', level)
}

/** OpenRouter's object also holds whether the reasoning is shown, which stays the client's choice. */
function withoutWish(reasoning: unknown): object | undefined {
  if (!isObject(reasoning)) return undefined
  const { effort: _effort, enabled: _enabled, max_tokens: _budget, ...rest } = reasoning
  return Object.keys(rest).length > 0 ? rest : undefined
}

/**
 * The prompt goes first, once: into the message that leads, where that is one of the operator or the developer, else into one
 * of its own. Where the client sends it already, and in a form that the API does not know, nothing changes.
 */
function putInMessages(document: JsonDocument, prompt: string): void {
  const first = document.first('messages')
  const role = first?.get('role')
  if (first && (role === 'system' || role === 'developer')) {
    if (putInContent(first, prompt)) document.setFirst('messages', first)
  } else document.prepend('messages', { role: 'system', content: prompt })
}

/** Whether the message was changed. */
function putInContent(message: JsonDocument, prompt: string): boolean {
  const content = message.get('content')
  if (!isGiven(content)) message.set('content', prompt)
  else if (Array.isArray(content)) {
    if (begins(content[0], prompt)) return false
    const part = { type: 'text', text: prompt }
    if (!message.prepend('content', part)) message.set('content', [part])
  } else if (typeof content === 'string') {
    if (begins(content, prompt)) return false
    const own = message.raw('content')!.subarray(1)
    const front = Buffer.from(JSON.stringify(prompt).slice(0, -1))
    message.setRaw('content', Buffer.concat([front, own]))
  } else return false
  return true
}

/** Whether a text, or a part of type text, begins with the prompt. */
function begins(part: unknown, prompt: string): boolean {
  const text = isObject(part) ? part.text : part
  return typeof text === 'string' && !wantsPrompt(prompt, text)
}
