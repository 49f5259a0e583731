/**
 * What both forms of a Responses answer, the stream and the body, have in common: the response object, ids, usage. Source: OpenAI
 * API reference "Responses" and the types of the `openai` package 7.59, read 2026-11.
 */
import type { DeltaOf, Usage } from '../../neutral/delta.ts'
import type { AnswerContext } from '../../stages/serialise.ts'
import type { ResponsesAnswer, ResponsesItem, ResponsesUsage } from '../../wire/responses.ts'
import { idTail } from '../id.ts'
import { tiers, type ResponsesAnswerWish } from './read.ts'

export interface ResponsesAnswerContext
  extends AnswerContext, Omit<ResponsesAnswerWish, 'stream' | 'keeps'> {}

/** The two in one object of always the same shape. */
export function responsesContext(
  context: AnswerContext,
  wish: ResponsesAnswerWish,
): ResponsesAnswerContext {
  return {
    requestedModel: context.requestedModel,
    fallbackId: context.fallbackId,
    createdSeconds: context.createdSeconds,
    nowSeconds: context.nowSeconds,
    endpoint: context.endpoint,
    hideReasoning: context.hideReasoning,
    keep: context.keep,
    showsReasoning: wish.showsReasoning,
    sealsReasoning: wish.sealsReasoning,
    logprobs: wish.logprobs,
    searches: wish.searches,
    showsSources: wish.showsSources,
    compacts: wish.compacts,
    plainCalls: wish.plainCalls,
    echo: wish.echo,
  }
}

/**
 * What is the upstream's own in the id of the answer, or what stands in its place: also where the client may name the answer, as
 * some upstreams give an id twice.
 */
export function tailOf(
  start: DeltaOf<'start'> | undefined,
  { fallbackId, keep }: Pick<AnswerContext, 'fallbackId' | 'keep'>,
): string {
  return keep ? fallbackId : idTail(start?.id) || fallbackId
}

/** The response as it is while the answer goes on. Every member is in it: clients rely on one or the other. */
export function openResponse(
  start: DeltaOf<'start'> | undefined,
  context: ResponsesAnswerContext,
): ResponsesAnswer {
  const { echo } = context
  return {
    id: `resp_${tailOf(start, context)}`,
    object: 'response',
    created_at: Math.floor(start?.createdSeconds ?? context.createdSeconds),
    completed_at: null,
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: echo.max_output_tokens,
    max_tool_calls: null,
    metadata: echo.metadata,
    model: context.requestedModel,
    output: [],
    parallel_tool_calls: echo.parallel_tool_calls,
    previous_response_id: echo.previous_response_id,
    prompt_cache_key: echo.prompt_cache_key,
    reasoning: echo.reasoning,
    safety_identifier: null,
    service_tier: echo.service_tier,
    store: context.keep !== undefined,
    temperature: echo.temperature,
    text: echo.text,
    tool_choice: echo.tool_choice,
    tools: [],
    top_logprobs: 0,
    top_p: echo.top_p,
    truncation: 'disabled',
    usage: null,
    user: null,
  }
}

/** The response of an answer that has come to its end. */
export function endedResponse(
  stop: DeltaOf<'stop'>,
  { start, usage }: { start: DeltaOf<'start'> | undefined; usage: Usage | undefined },
  output: ResponsesItem[],
  context: ResponsesAnswerContext,
): ResponsesAnswer {
  const reason = incompleteReasons.get(stop.reason)
  if (context.compacts && output.length === 0 && reason === undefined) {
    return failedResponse(start, noSummary, output, context)
  }
  const open = openResponse(start, context)
  const response: ResponsesAnswer = {
    ...open,
    completed_at: reason === undefined ? Math.max(open.created_at, context.nowSeconds()) : null,
    status: reason === undefined ? 'completed' : 'incomplete',
    incomplete_details: reason === undefined ? null : { reason },
    output,
    service_tier: tierOf(stop.serviceTier) ?? open.service_tier ?? null,
    usage: usageOf(usage),
  }
  context.keep?.(response)
  return response
}

/** The response of an answer that broke off. */
export function failedResponse(
  start: DeltaOf<'start'> | undefined,
  error: { code: string; message: string },
  output: ResponsesItem[],
  context: ResponsesAnswerContext,
): ResponsesAnswer {
  return { ...openResponse(start, context), status: 'failed', error, output }
}

/** Clients that know all tiers refuse an answer with any other, such as Groq's `on_demand` (async-openai #498). */
function tierOf(reported: string | undefined): string | undefined {
  return reported === undefined || tiers.has(reported) ? reported : 'default'
}

const noSummary = {
  code: 'server_error',
  message: 'The model was asked for a summary of the conversation and wrote none. Try again.',
}

const incompleteReasons = new Map<DeltaOf<'stop'>['reason'], string>([
  ['length', 'max_output_tokens'],
  ['content-filter', 'content_filter'],
])

/** Numbers in any case: the AI SDK does not see the end of an answer without. */
function usageOf(usage: Usage | undefined): ResponsesUsage {
  const { inputTokens = 0, outputTokens = 0 } = usage ?? {}
  return {
    input_tokens: inputTokens,
    input_tokens_details: {
      cached_tokens: usage?.cachedTokens ?? 0,
      cache_write_tokens: usage?.cacheWriteTokens ?? 0,
    },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: usage?.reasoningTokens ?? 0 },
    total_tokens: inputTokens + outputTokens,
  }
}
