/** What both forms of a chat answer, the stream and the body, have in common: identity, reasoning, finish, usage. */
import type { Citation, DeltaOf, StopReason, Usage } from '../../neutral/delta.ts'
import type { Reasoning } from '../../neutral/reasoning.ts'
import type { AnswerContext } from '../../stages/serialise.ts'
import type { ChatAnswerWish } from './read.ts'
import type {
  ChatFinishReason,
  ChatUsage,
  ImagePart,
  ReasoningDetail,
  UrlCitation,
  ExtraContent,
} from '../../wire/chat.ts'

export type ChatAnswerContext = Pick<
  AnswerContext,
  'requestedModel' | 'fallbackId' | 'createdSeconds'
> &
  Partial<Pick<AnswerContext, 'hideReasoning'>> &
  Omit<ChatAnswerWish, 'stream'>

/** What a chat answer depends on: what every answer does, and what the request wishes. */
export function chatContext(
  { requestedModel, fallbackId, createdSeconds, hideReasoning }: AnswerContext,
  { includeUsage, logprobs, legacyFunctions }: ChatAnswerWish,
): ChatAnswerContext {
  return {
    requestedModel,
    fallbackId,
    createdSeconds,
    hideReasoning,
    includeUsage,
    logprobs,
    legacyFunctions,
  }
}

/** The members that are the same in every chunk. */
interface Identity {
  id: string
  created: number
  model: string
}

type Start = DeltaOf<'start'>

export function identityOf(start: Start | undefined, context: ChatAnswerContext): Identity {
  return {
    id: `chatcmpl-${start?.id || context.fallbackId}`,
    created: start?.createdSeconds ?? context.createdSeconds,
    model: context.requestedModel,
  }
}

/** Chat has one text of reasoning: a blank line stands between the parts and blocks that it consists of. */
export class ReadableReasoning {
  #hasText = false
  #isNext = false

  start({ resumed }: DeltaOf<'reasoning-start'>): void {
    this.#isNext = !resumed
  }

  part(): void {
    this.#isNext = true
  }

  piece(text: string): string {
    const gap = this.#isNext && this.#hasText ? '\n\n' : ''
    this.#isNext = false
    this.#hasText = true
    return gap + text
  }
}

/**
 * Reasoning in the form in which a client can hand it back: signed thinking is one entry, an item its readable text and its
 * encrypted content. Thinking without a signature has none.
 */
export function reasoningDetails(reasoning: Reasoning): ReasoningDetail[] {
  const { kind, text, seal } = reasoning
  if (seal && 'signature' in seal) {
    return [{ type: 'reasoning.text', text, signature: seal.signature, ...originOf(reasoning) }]
  }
  const details: ReasoningDetail[] = []
  if (text !== '' && kind !== 'thinking') {
    const readable =
      kind === 'summary'
        ? ({ type: 'reasoning.summary', summary: text } as const)
        : ({ type: 'reasoning.text', text } as const)
    details.push({ ...readable, ...originOf(reasoning) })
  }
  if (seal && 'data' in seal) {
    details.push({ type: 'reasoning.encrypted', data: seal.data, ...originOf(reasoning, seal.id) })
  }
  return details
}

function originOf({ maker, index, model, at }: Reasoning, id?: string) {
  return {
    ...(maker !== undefined && { format: maker }),
    ...(index !== undefined && { index }),
    ...(id !== undefined && { id }),
    ...(model !== undefined && { model }),
    ...(at && { at }),
  }
}

/** What a model that signs its calls signed one with: as an entry, and where Google's own clients look for it. */
export function signatureOf({ id, reasoning }: DeltaOf<'tool-start'>): {
  reasoning?: Reasoning
  extra?: { extra_content: ExtraContent }
} {
  const seal = reasoning?.seal
  if (!reasoning || !seal || !('data' in seal)) return {}
  // the call is found by the id under which the client knows it
  const named = { ...reasoning, seal: { ...seal, id } }
  return {
    reasoning: named,
    extra: { extra_content: { google: { thought_signature: seal.data } } },
  }
}

/** Those that the client gets: where it wants to read none, only those that cannot be read. */
export function shownDetails(
  reasoning: Reasoning | undefined,
  { hideReasoning }: ChatAnswerContext,
): ReasoningDetail[] {
  const details = reasoning ? reasoningDetails(reasoning) : []
  return hideReasoning ? details.filter((detail) => !detail.text && !detail.summary) : details
}

/** As OpenRouter and others have it; the API of chat itself has no place for a picture. */
export function imagePart({ mediaType, base64 }: DeltaOf<'image'>): ImagePart {
  return { type: 'image_url', image_url: { url: `data:${mediaType};base64,${base64}` } }
}

export function urlCitation({ url, title, start, end }: Citation): UrlCitation {
  return { type: 'url_citation', url_citation: { start_index: start, end_index: end, title, url } }
}

export function finishReasonOf(reason: StopReason, context: ChatAnswerContext): ChatFinishReason {
  switch (reason) {
    case 'stop':
    case 'length':
      return reason
    case 'stop-sequence':
      return 'stop'
    case 'content-filter':
      return 'content_filter'
    case 'tool-calls':
      return context.legacyFunctions ? 'function_call' : 'tool_calls'
    default:
      return reason satisfies never
  }
}

export function usageOf(usage: Usage): ChatUsage {
  const { inputTokens, outputTokens, cachedTokens, cacheWriteTokens, reasoningTokens } = usage
  const prompt = {
    ...(cachedTokens !== undefined && { cached_tokens: cachedTokens }),
    ...(cacheWriteTokens !== undefined && { cache_write_tokens: cacheWriteTokens }),
  }
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(Object.keys(prompt).length > 0 && { prompt_tokens_details: prompt }),
    ...(reasoningTokens !== undefined && {
      completion_tokens_details: { reasoning_tokens: reasoningTokens },
    }),
  }
}
