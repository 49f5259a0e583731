/**
 * What both forms of a Messages answer, the stream and the body, have in common: identity, stop reasons, usage. Source:
 * Anthropic API reference "Messages" and "Streaming messages" and the types of `@anthropic-ai/sdk` 1.12, read 2026-11.
 */
import type { DeltaOf, StopReason, Usage } from '../../neutral/delta.ts'
import type { AnswerContext } from '../../stages/serialise.ts'
import type { AnthropicAnswer, AnthropicUsage } from '../../wire/anthropic.ts'
import { idTail } from '../id.ts'
import type { MessagesAnswerWish } from './read.ts'

export type MessagesAnswerContext = Pick<
  AnswerContext,
  'requestedModel' | 'fallbackId' | 'endpoint'
> &
  Pick<MessagesAnswerWish, 'reasoning' | 'searches'>

/** What a Messages answer depends on: what every answer does, and what the request wishes. */
export function messagesContext(
  { requestedModel, fallbackId, endpoint, hideReasoning }: AnswerContext,
  { reasoning: wished, searches }: MessagesAnswerWish,
): MessagesAnswerContext {
  const reasoning = hideReasoning && wished === 'text' ? 'seal' : wished
  return { requestedModel, fallbackId, endpoint, reasoning, searches }
}

type Start = DeltaOf<'start'>
type Stop = DeltaOf<'stop'>

/** The answer as it is at its beginning, without content and with nothing counted. */
export function begunAnswer(start: Start | undefined, context: MessagesAnswerContext) {
  return {
    id: `msg_${tailOf(start, context)}`,
    type: 'message',
    role: 'assistant',
    model: context.requestedModel,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    usage: usageOf(undefined, 0),
  } satisfies AnthropicAnswer
}

/** An id as short as this is not made to be the only one: Ollama has 999 of them. */
const shortId = 7

/** Claude Code takes two messages of one id for one, so that a later answer would go under in an earlier. */
function tailOf(start: Start | undefined, { fallbackId }: MessagesAnswerContext): string {
  const tail = idTail(start?.id)
  if (tail === '') return fallbackId
  return tail.length > shortId ? tail : `${tail}_${fallbackId}`
}

/** How the answer ended. */
export function endOf({ reason, sequence, explanation }: Stop) {
  const isRefused = reason === 'content-filter'
  return {
    stop_reason: stopReasonOf(reason),
    stop_sequence: reason === 'stop-sequence' ? (sequence ?? null) : null,
    stop_details: isRefused ? refusalDetails(explanation) : null,
    container: null,
  }
}

function stopReasonOf(reason: StopReason): string {
  switch (reason) {
    case 'stop':
      return 'end_turn'
    case 'tool-calls':
      return 'tool_use'
    case 'length':
      return 'max_tokens'
    case 'stop-sequence':
      return 'stop_sequence'
    case 'content-filter':
      return 'refusal'
    default:
      return reason satisfies never
  }
}

function refusalDetails(explanation: string | undefined) {
  return {
    type: 'refusal',
    category: null,
    explanation: explanation ?? null,
    fallback_credit_token: null,
    fallback_has_prefill_claim: null,
    recommended_model: null,
  }
}

/**
 * Numbers in any case: clients add them up. Here the input does not include what the cache had. `searches`: those of which
 * the client has got the blocks.
 */
export function usageOf(usage: Usage | undefined, searches: number) {
  const { inputTokens = 0, outputTokens = 0, cachedTokens = 0, cacheWriteTokens = 0 } = usage ?? {}
  const count = Math.max(usage?.searches ?? 0, searches)
  const thinking = usage?.reasoningTokens
  return {
    input_tokens: Math.max(inputTokens - cachedTokens - cacheWriteTokens, 0),
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cachedTokens,
    output_tokens: outputTokens,
    ...(thinking !== undefined && { output_tokens_details: { thinking_tokens: thinking } }),
    ...(count > 0 && { server_tool_use: { web_search_requests: count } }),
  } satisfies AnthropicUsage
}
