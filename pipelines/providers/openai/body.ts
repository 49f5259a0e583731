/**
 * A Chat Completions request as an OpenAI Responses request, without state upstream: nothing is
 * stored, and what the model needs of its earlier reasoning travels encrypted. Source: OpenAI API
 * reference "Responses" and "Chat Completions", read 2026-11.
 */
import type { ChatRequest } from '../../wire/chat.ts'
import type { ResponsesRequest } from '../../wire/responses.ts'
import { chatHistory } from '../../clients/chat/history.ts'
import { upstreamId } from '../../model.ts'
import { hidesReasoning, overruledWishes } from '../../neutral/level.ts'
import type { MappedRequest, MappingContext } from '../../neutral/mapped.ts'
import { capabilityOf } from './capability.ts'
import { droppedFields, keptFields, logprobsOf, outputLimit, samplingOf } from './fields.ts'
import { conversationOf, instructionItems } from './input.ts'
import { planReasoning } from './reasoning.ts'
import { stopSequencesOf } from '../../clients/chat/stop.ts'
import { textOf } from './text-format.ts'
import { toolingOf } from './tool-choice.ts'

/**
 * The Responses body and the names of what was lost. The request is not changed.
 * Throws a ProxyError 400 that names the place of what cannot be carried over.
 */
export function chatToResponses(
  request: ChatRequest,
  context: MappingContext,
): MappedRequest<ResponsesRequest> {
  const { model, recall } = context
  const { reasoning, reasons, samples, ...plan } = planReasoning(model, request)
  const { phases, verbosity } = capabilityOf(upstreamId(model))
  const { leading, input } = conversationOf(chatHistory(request.messages), {
    upstreamModel: upstreamId(model),
    recall,
    phases,
  })
  const sampling = samplingOf(request, samples)
  const logprobs = logprobsOf(request, samples)
  const tooling = toolingOf(request)
  const text = textOf(request, verbosity)
  const stopAt = stopSequencesOf(request.stop)

  const body: ResponsesRequest = {
    model: upstreamId(model),
    ...instructionsOf(context.systemPrompt, leading.flat(), input.length > 0),
    input: input.length > 0 ? input : instructionItems(leading),
    store: false,
    stream: context.stream,
    ...outputLimit(request),
    ...sampling.fields,
    ...tooling.fields,
    ...text.fields,
    ...(reasoning && { reasoning }),
    ...includeOf(reasons, logprobs.include),
    ...logprobs.fields,
    ...keptFields(request, model),
  }
  const dropped = [
    ...droppedFields(request),
    ...sampling.dropped,
    ...logprobs.dropped,
    ...tooling.dropped,
    ...text.dropped,
    ...plan.dropped,
    ...overruledWishes(model, request),
  ]
  return {
    body,
    headers: {},
    dropped: [...new Set(dropped)],
    hideReasoning: hidesReasoning(request),
    ...(stopAt.length > 0 && { stopAt }),
    ...(tooling.ownNames.size > 0 && { ownNames: tooling.ownNames }),
  }
}

/** What the answer has to hold besides what it always does. */
function includeOf(reasons: boolean, more: string[] = []): Pick<ResponsesRequest, 'include'> {
  const include = [...(reasons ? ['reasoning.encrypted_content'] : []), ...more]
  return include.length > 0 ? { include } : {}
}

/**
 * The operator's prompt goes first, once: a client that already sends it gets no second copy.
 * `withTexts`: what leads goes here, too, and not to the input.
 */
function instructionsOf(
  prompt: string,
  leading: string[],
  withTexts: boolean,
): Pick<ResponsesRequest, 'instructions'> {
  const wanted = prompt !== '' && !leading.join('\n\n').startsWith(prompt.trimEnd())
  const texts = withTexts ? leading.join('\n\n') : ''
  const separator = texts === '' || prompt.endsWith('\n') ? '' : '\n\n'
  const instructions = wanted ? `${prompt}${separator}${texts}` : texts
  return instructions === '' ? {} : { instructions }
}
