/**
 * A chat request for an upstream that speaks Chat Completions itself: the client's body, with as
 * little changed as can be.
 */
import { isObject, type JsonObject } from '../../json/value.ts'
import type { ChatContentPart, ChatMessage, ChatRequest } from '../../wire/chat.ts'
import { upstreamId } from '../../model.ts'
import type { MappedRequest, MappingContext } from '../../neutral/mapped.ts'

/**
 * The client's body with the upstream's model id, the operator's prompt in front and the operator's
 * reasoning level. The request is not changed; unknown fields stay; nothing is dropped.
 */
export function chatToCommon(
  request: ChatRequest,
  context: MappingContext,
): MappedRequest<JsonObject> {
  const body: JsonObject = {
    ...request,
    model: upstreamId(context.model),
    messages: withPrompt(request.messages, context.systemPrompt),
    ...streamOf(request, context.stream),
  }
  applyLevel(body, context.model.reasoning)
  return { body, headers: {}, dropped: [] }
}

/** The upstream must do what was decided for the client, who may have said nothing. */
function streamOf(request: ChatRequest, stream: boolean): JsonObject {
  return (request.stream ?? false) === stream ? {} : { stream }
}

/** The operator's level beats every spelling of the client's wish; `auto` leaves them all alone. */
function applyLevel(body: JsonObject, level: MappingContext['model']['reasoning']): void {
  if (level === 'auto') return
  const shown = withoutWish(body.reasoning)
  for (const name of ['reasoning_effort', 'reasoning', 'thinking']) delete body[name]
  if (shown) body.reasoning = shown
  if (level !== 'off') body.reasoning_effort = level
}

/** OpenRouter's object also says whether the reasoning is shown, which is the client's to say. */
function withoutWish(reasoning: unknown): JsonObject | undefined {
  if (!isObject(reasoning)) return undefined
  const { effort: _effort, enabled: _enabled, max_tokens: _budget, ...rest } = reasoning
  return Object.keys(rest).length > 0 ? rest : undefined
}

/** The prompt goes first, once: a client that already sends it gets no second copy. */
function withPrompt(messages: ChatMessage[], prompt: string): ChatMessage[] {
  if (prompt === '') return messages
  const [first, ...rest] = messages
  if (first?.role !== 'system' && first?.role !== 'developer') {
    return [{ role: 'system', content: prompt }, ...messages]
  }
  if (textOf(first.content).startsWith(prompt.trimEnd())) return messages
  const content = Array.isArray(first.content)
    ? [{ type: 'text', text: prompt }, ...first.content]
    : prompt + (first.content ?? '')
  return [{ ...first, content }, ...rest]
}

/** The text a message begins with. */
function textOf(content: ChatMessage['content']): string {
  const part: ChatContentPart | undefined = Array.isArray(content) ? content[0] : (content ?? '')
  if (typeof part === 'string') return part
  return typeof part?.text === 'string' ? part.text : ''
}
