/**
 * A neutral request as an OpenAI Responses request, without state upstream: nothing is stored, and what the model needs of
 * its earlier reasoning travels encrypted. Source: OpenAI API reference "Responses", read 2026-11.
 */
import type { JsonObject } from '../../json/value.ts'
import { limitWithRoom, overruledNames, upstreamId, type Model } from '../../model.ts'
import { ToolNames, names64, withLoadedTools } from '../../neutral/tools.ts'
import {
  asksForAny,
  clientNames,
  identifier,
  lostMembers,
  wantsPrompt,
  type WriteContext,
  type Written,
} from '../../neutral/writing.ts'
import { repairedSchema, schemaName } from '../../neutral/object-schema.ts'
import type { AnswerFormat, Nameable, NeutralRequest, Tool } from '../../neutral/request.ts'
import type { ResponsesFormat, ResponsesRequest } from '../../wire/responses.ts'
import { api, capabilityOf, mostTokens } from './capability.ts'
import { instructionItems, writeConversation } from './input.ts'
import { ENCRYPTED_REASONING, LOGPROBS, planReasoning, takesReasoning } from './reasoning.ts'
import { isStrict } from './schema.ts'
import { writeTooling } from './tools.ts'

/** The API refuses a smaller limit. */
const minOutputTokens = 16
/** Of the ids of users and caches: pi #4720, eliza #31720. */
const maxIdentifier = 64
/** What a model without `verbosity` does anyway. */
const usualVerbosity = 'medium'

interface Fields {
  fields: Partial<ResponsesRequest>
  /** names for `x-droid2api-dropped` */
  dropped: string[]
}

/**
 * The Responses body and the names of what was lost. The request is not changed. Throws a ProxyError 400 with the place of
 * what this API does not take.
 */
export function writeResponses(
  asked: NeutralRequest,
  context: WriteContext,
): Written<ResponsesRequest> {
  const request = withLoadedTools(asked)
  const { model, recall } = context
  const capability = capabilityOf(upstreamId(model))
  const { reasoning, reasons, samples, ...plan } = planReasoning(model, request.reasoning)
  const names = new ToolNames(request.tools, names64)
  const { leading, input } = writeConversation(request.turns, {
    names,
    takes: takesReasoning(upstreamId(model)),
    recall,
    phases: capability.phases,
  })
  const sampling = samplingFields(request, samples)
  const logprobs = logprobFields(request, samples)
  const tooling = writeTooling(request, names)
  const text = textFields(request, capability.verbosity)
  const include = [
    ...(reasons ? [ENCRYPTED_REASONING] : []),
    ...(logprobs.fields.top_logprobs === undefined ? [] : [LOGPROBS]),
    ...(request.tools.some(showsSources) ? ['web_search_call.action.sources'] : []),
  ]
  const body: ResponsesRequest = {
    model: upstreamId(model),
    ...instructionsOf(context.systemPrompt, leading.flat(), input.length > 0),
    input: input.length > 0 ? input : instructionItems(leading),
    store: false,
    stream: context.stream,
    ...outputLimit(request, model, plan.room),
    ...sampling.fields,
    ...tooling.fields,
    ...text.fields,
    ...(reasoning && { reasoning }),
    ...(include.length > 0 && { include }),
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
    ...overruledNames(model, request.reasoning),
  ]
  return {
    body,
    headers: {},
    dropped: [...new Set(dropped)],
    hideReasoning: request.reasoning.hidden,
    ...(request.stop.length > 0 && { stopAt: request.stop }),
    names,
  }
}

/** A search of which the client gets what was found. */
function showsSources(tool: Tool): boolean {
  return tool.kind === 'hosted' && tool.search?.showsSources === true
}

/** The operator's prompt, then what leads, unless that is the input. */
function instructionsOf(
  prompt: string,
  leading: string[],
  withTexts: boolean,
): Pick<ResponsesRequest, 'instructions'> {
  const client = leading.join('\n\n')
  const texts = withTexts ? client : ''
  const separator = texts === '' || prompt.endsWith('\n') ? '' : '\n\n'
  const instructions = wantsPrompt(prompt, client) ? `${prompt}${separator}${texts}` : texts
  return instructions === '' ? {} : { instructions }
}

/** A client that does not know the model asks for more than it has, which is refused: Claude Code for 32 000 or 64 000. */
function outputLimit(
  { limits }: NeutralRequest,
  model: Model,
  room: number,
): Pick<ResponsesRequest, 'max_output_tokens'> {
  const most = mostTokens(model) ?? Infinity
  const limit = limitWithRoom(limits, room)
  if (limit === undefined) return {}
  return { max_output_tokens: Math.max(Math.min(limit, most), minOutputTokens) }
}

/** Temperature and `top_p`, which models refuse while they reason; 1 is what they do anyway. */
function samplingFields(request: NeutralRequest, isTaken: boolean): Fields {
  const { sampling } = request
  const { temperature, topP } = sampling
  if (isTaken) {
    const fields = {
      ...(temperature !== undefined && { temperature }),
      ...(topP !== undefined && { top_p: topP }),
    }
    return { fields, dropped: [] }
  }
  const lost = (['temperature', 'topP'] as const).filter((name) => (sampling[name] ?? 1) !== 1)
  return { fields: {}, dropped: clientNames(request, lost) }
}

function logprobFields(request: NeutralRequest, areGiven: boolean): Fields {
  const { sampling } = request
  const { logprobs, topLogprobs } = sampling
  if (!logprobs) return { fields: {}, dropped: [] }
  if (areGiven) return { fields: { top_logprobs: topLogprobs ?? 0 }, dropped: [] }
  const lost = (['logprobs', 'topLogprobs'] as const).filter((name) => sampling[name] !== undefined)
  return { fields: {}, dropped: clientNames(request, lost) }
}

/** What the client wants of the answer's text: its form and its length. */
function textFields({ format, verbosity, names }: NeutralRequest, takesVerbosity: boolean): Fields {
  const written = format && writeFormat(format)
  const losesStrict =
    format?.type === 'schema' &&
    format.strict === true &&
    written?.type === 'json_schema' &&
    !written.strict
  const isLost = verbosity !== undefined && !takesVerbosity && verbosity !== usualVerbosity
  const text = {
    ...(written && { format: written }),
    ...(verbosity !== undefined && takesVerbosity && { verbosity }),
  }
  return {
    fields: Object.keys(text).length > 0 ? { text } : {},
    dropped: [
      ...(losesStrict ? ['strict'] : []),
      ...(isLost ? [names.verbosity ?? 'verbosity'] : []),
    ],
  }
}

/** `strict` is always sent: clients and the API differ in what they assume without it. */
function writeFormat(format: AnswerFormat): ResponsesFormat {
  if (format.type === 'json') return { type: 'json_object' }
  const { schema, description } = format
  return {
    type: 'json_schema',
    name: schemaName(format.name),
    ...(description !== undefined && { description }),
    schema: repairedSchema(schema),
    strict: isStrict(format.strict, schema),
  }
}

/** Fields with a counterpart. A model entry with `fast` asks for priority unless the client chose a tier. */
function keptFields(request: NeutralRequest, { fast }: Model): JsonObject {
  const { user, safetyId, cacheKey, metadata, tier } = request
  return {
    ...(fast && { service_tier: 'priority' }),
    ...(user !== undefined && { user: identifier(user, maxIdentifier) }),
    ...(safetyId !== undefined && { safety_identifier: identifier(safetyId, maxIdentifier) }),
    ...(cacheKey !== undefined && { prompt_cache_key: identifier(cacheKey, maxIdentifier) }),
    ...(metadata && { metadata }),
    ...(tier !== undefined && { service_tier: tier }),
    ...request.own[api],
  }
}

/** Names of what has no counterpart, unless nothing changes without it. */
function droppedFields(request: NeutralRequest): string[] {
  const { lost } = request
  const { seed, logitBias, presencePenalty = 0, frequencyPenalty = 0, topK } = request.sampling
  const unsupported: [name: Nameable, isLost: boolean | undefined][] = [
    ['store', request.store],
    ['seed', seed !== undefined],
    ['logitBias', asksForAny(logitBias)],
    ['presencePenalty', presencePenalty !== 0],
    ['frequencyPenalty', frequencyPenalty !== 0],
    ['prediction', asksForAny(request.prediction)],
    ['topK', topK !== undefined],
    ['padded', request.padded],
    ['wantsImages', request.wantsImages],
  ]
  const dropped = unsupported.flatMap(([name, isLost]) => (isLost ? name : []))
  return [...clientNames(request, dropped), ...lost, ...lostMembers(request, api)]
}
