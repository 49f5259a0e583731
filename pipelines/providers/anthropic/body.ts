/**
 * A Chat Completions request as an Anthropic Messages request. Source: Anthropic API reference
 * "Messages" and OpenAI API reference "Chat Completions", read 2026-11.
 */
import type { AnthropicTextBlock, MessagesRequest } from '../../wire/anthropic.ts'
import type { JsonObject } from '../../json/value.ts'
import type { ChatRequest } from '../../wire/chat.ts'
import type { MappedRequest, MappingContext } from '../../neutral/mapped.ts'
import { outputLimits, planThinking } from './budget.ts'
import type { ThinkingPlan } from './budget.ts'
import { limitMarks } from './cache-control.ts'
import { capabilityOf } from './capability.ts'
import { chatHistory } from '../../clients/chat/history.ts'
import { upstreamId } from '../../model.ts'
import { droppedFields, simpleFields } from './fields.ts'
import { anthropicHeaders, apiVersion } from './headers.ts'
import { conversationOf } from './messages.ts'
import { textBlock } from './parts.ts'
import { answerFormat } from './response-format.ts'
import { samplingOf } from './sampling.ts'
import { hidesReasoning, levelOf, overruledWishes } from '../../neutral/level.ts'
import { shareStops, stopSequencesOf } from '../../clients/chat/stop.ts'
import { isForced } from './tool-choice.ts'
import { toolingOf } from './tooling.ts'

/** The first version that refuses sampling parameters, whatever the model. */
const versionWithoutSampling = '2026-10-21'

/**
 * The Messages body, the headers it needs and the names of what was lost. The request is not
 * changed.
 * Throws a ProxyError 400 that names the place of what cannot be carried over.
 */
export function chatToAnthropic(
  request: ChatRequest,
  context: MappingContext,
): MappedRequest<MessagesRequest> {
  const { model, headers } = context
  const capability = capabilityOf(model)
  const wish = levelOf(model, request)
  const hideReasoning = hidesReasoning(request)
  const { system, messages } = conversationOf(chatHistory(request.messages), {
    upstreamModel: upstreamId(model),
    keepThinking: wish.level !== 'off',
    recall: context.recall,
    prefill: capability.prefill,
    systemTurns: capability.systemTurns,
  })
  const answer = answerFormat(request, capability.structuredOutputs)
  const tooling = toolingOf(request, capability, messages, answer.format?.schema)
  const plan = planThinking(wish, capability, outputLimits(request), {
    forcedTool: isForced(tooling.fields.tool_choice?.type),
    messages,
    hidden: hideReasoning,
  })
  const takesSampling = capability.sampling && apiVersion(headers) < versionWithoutSampling
  const sampling = samplingOf(request, takesSampling && !thinks(plan))
  const stops = shareStops(stopSequencesOf(request.stop))

  const body: MessagesRequest = {
    model: upstreamId(model),
    max_tokens: plan.maxTokens,
    stream: context.stream,
    ...systemOf(context.systemPrompt, system, answer.instruction),
    messages,
    ...tooling.fields,
    ...simpleFields(request, stops.sent),
    ...sampling.fields,
    ...(plan.thinking && { thinking: plan.thinking }),
    ...outputConfig(plan.effort, answer.format),
  }
  const dropped = [
    ...droppedFields(request),
    ...tooling.dropped,
    ...sampling.dropped,
    ...answer.dropped,
    ...(plan.givenUp ? ['reasoning'] : []),
    ...(plan.partly && wish.said ? [wish.said] : []),
    ...overruledWishes(model, request),
  ]
  limitMarks(body)
  return {
    body,
    headers: anthropicHeaders(headers, model, wish, plan, messages),
    dropped: [...new Set(dropped)],
    hideReasoning,
    ...(stops.stopAt.length > 0 && { stopAt: stops.stopAt }),
  }
}

function thinks({ thinking }: ThinkingPlan): boolean {
  return thinking?.type === 'enabled' || thinking?.type === 'adaptive'
}

/** The operator's prompt goes first, once: a client that already sends it gets no second copy. */
function systemOf(
  prompt: string,
  client: AnthropicTextBlock[],
  instruction: AnthropicTextBlock | undefined,
): Pick<MessagesRequest, 'system'> {
  const wanted = prompt.trim() !== '' && !client[0]?.text.startsWith(prompt.trimEnd())
  const system = [
    ...(wanted ? [textBlock(prompt)] : []),
    ...client,
    ...(instruction ? [instruction] : []),
  ]
  return system.length > 0 ? { system } : {}
}

function outputConfig(
  effort: string | undefined,
  format: JsonObject | undefined,
): Pick<MessagesRequest, 'output_config'> {
  if (!effort && !format) return {}
  return { output_config: { ...(effort && { effort }), ...(format && { format }) } }
}
