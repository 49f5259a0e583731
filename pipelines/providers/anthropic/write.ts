/** The neutral request as an Anthropic Messages request. Source: Anthropic API reference "Messages", read 2026-11. */
import { createHash } from 'node:crypto'
import { badRequest } from '../../errors.ts'
import { writeJson, type JsonObject } from '../../json/value.ts'
import { overruledNames, upstreamId, wishFor, type Model, type Wish } from '../../model.ts'
import { ToolNames, names128, withLoadedTools } from '../../neutral/tools.ts'
import {
  clientNames,
  lostMembers,
  wantsPrompt,
  type WriteContext,
  type Written,
} from '../../neutral/writing.ts'
import type { AnswerFormat, Nameable, NeutralRequest, Sampling } from '../../neutral/request.ts'
import type { AnthropicTextBlock, MessagesRequest } from '../../wire/anthropic.ts'
import { capabilityOf, isForced } from './capability.ts'
import { limitMarks, textBlock, withTurnMark } from './content.ts'
import { fitsStrict, strictSchema } from './schema.ts'
import {
  anthropicHeaders,
  apiVersion,
  planThinking,
  withLooseBinding,
  type ThinkingPlan,
} from './thinking.ts'
import { ownNames, toolingOf } from './tools.ts'
import { conversationOf } from './turns.ts'

/** The first version that refuses sampling parameters, whatever the model. */
const versionWithoutSampling = '2026-10-21'

/**
 * The Messages body, the headers it needs and the names of what was lost. The request is not changed. Throws a ProxyError 400
 * that names the place of what the API does not take.
 */
export function writeMessages(
  asked: NeutralRequest,
  context: WriteContext,
): Written<MessagesRequest> {
  const { model, headers } = context
  const request = withLoadedTools(asked)
  const names = new ToolNames(request.tools, names128, ownNames(request, context))
  const capability = capabilityOf(model)
  const wish = wishFor(model, request.reasoning)
  const { system, messages } = conversationOf(request.turns, {
    upstreamModel: upstreamId(model),
    names,
    keepThinking: wish.level !== 'off',
    recall: context.recall,
    prefill: capability.prefill,
    systemTurns: capability.systemTurns,
  })
  const answer = planFormat(request.format, capability.structuredOutputs)
  const answerSchema = answer.schema
  const tools = { model, nameOf: context.nameOf, capability, names, messages, answerSchema }
  const tooling = toolingOf(request, tools)
  const planned = planThinking(wish, capability, request.limits, {
    forcedTool: isForced(tooling.fields.tool_choice?.type),
    messages,
    hidden: wish.hidden,
  })
  const plan = withLooseBinding(planned, capability, messages)
  const takesSampling = capability.sampling && apiVersion(headers) < versionWithoutSampling
  const sampling = samplingOf(request, takesSampling && !thinks(plan))
  const stops = shareStops(request.stop)

  const body: MessagesRequest = {
    model: upstreamId(model),
    max_tokens: plan.maxTokens,
    stream: context.stream,
    ...systemOf(context.systemPrompt, system, answer.instruction),
    messages,
    ...tooling.fields,
    ...smallFields(request, stops.sent),
    ...sampling.fields,
    ...(plan.thinking && { thinking: plan.thinking }),
    ...outputConfig(plan, answer),
  }
  if (wantsMarks(request, model)) markEnds(body, system.length > 0)
  limitMarks(body)
  return {
    body,
    headers: anthropicHeaders(headers, model, wish, plan, messages),
    dropped: droppedNames(request, model, [
      ...tooling.dropped,
      ...sampling.dropped,
      ...(answer.isLost ? [nameOf('format', request)] : []),
      ...lostWishes(plan, wish),
    ]),
    hideReasoning: wish.hidden,
    names,
    ...(stops.stopAt.length > 0 && { stopAt: stops.stopAt }),
  }
}

/** `plans`: of what the parts of the request have lost. */
function droppedNames(request: NeutralRequest, model: Model, plans: string[]): string[] {
  const overruled = overruledNames(model, request.reasoning)
  return [...new Set([...lostFields(request, model), ...plans, ...overruled])]
}

function lostWishes({ givenUp, partly }: ThinkingPlan, { parameter }: Wish): string[] {
  return [...(givenUp ? ['reasoning'] : []), ...(partly && parameter ? [parameter] : [])]
}

/** Claude keeps of a prompt what is marked. Of other models behind this API nobody knows whether they take marks. */
function wantsMarks({ wantsCache }: NeutralRequest, model: Model): boolean {
  return wantsCache === true && upstreamId(model).includes('claude')
}

/** Marks what comes again in the next request: the client's instructions, and the conversation up to here. */
function markEnds(body: MessagesRequest, hasInstructions: boolean): void {
  const control = { type: 'ephemeral' }
  const instruction = hasInstructions ? body.system?.at(-1) : undefined
  if (instruction) instruction.cache_control ??= control
  const last = body.messages.at(-1)
  if (last) last.content = withTurnMark(last.content, { control })
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
  const system = [
    ...(wantsPrompt(prompt, client[0]?.text ?? '') ? [textBlock(prompt)] : []),
    ...client,
    ...(instruction ? [instruction] : []),
  ]
  return system.length > 0 ? { system } : {}
}

const onlyJson =
  'Answer with one JSON value and nothing else: no words before or after it, no code fence.'

/** How the answer's format is asked for: structured outputs where the model has them, else an instruction. */
interface FormatPlan {
  /** for `output_config.format`, as strict as it has to be */
  schema?: JsonObject
  /** for the end of `system` */
  instruction?: AnthropicTextBlock
  /** a schema that the API refuses, by its size or because it is endless, is only described */
  isLost?: boolean
}

/** The plan for a format; nothing where the client wants none. */
function planFormat(wished: AnswerFormat | undefined, structuredOutputs: boolean): FormatPlan {
  if (!wished) return {}
  if (wished.type === 'json') return { instruction: textBlock(onlyJson) }
  const strict = strictSchema(wished.schema)
  if (structuredOutputs && fitsStrict([], strict)) {
    return { schema: strict }
  }
  const schema = writeJson(wished.schema)
  const demand = `${onlyJson} The value must satisfy this JSON schema:\n${schema}`
  return { instruction: textBlock(demand), isLost: structuredOutputs }
}

function outputConfig(
  { effort }: ThinkingPlan,
  { schema }: FormatPlan,
): Pick<MessagesRequest, 'output_config'> {
  if (!effort && !schema) return {}
  const format = schema && { type: 'json_schema', schema }
  return { output_config: { ...(effort && { effort }), ...(format && { format }) } }
}

/** The limit of the APIs of chat; servers that build the Messages API on one of them refuse more. */
const mostSentUp = 4

/** Whitespace, and what cannot be seen either: the API refuses sequences of nothing else. */
const blank = /^[\s\p{C}\p{Z}]*$/u

/** The stop sequences that the API takes, and those that are left to us. */
function shareStops(sequences: readonly string[]): { sent: string[]; stopAt: string[] } {
  const sent = sequences.filter((entry) => !blank.test(entry)).slice(0, mostSentUp)
  const taken = new Set(sent)
  return { sent, stopAt: sequences.filter((entry) => !taken.has(entry)) }
}

const serviceTiers = new Map<string | undefined, string>([
  ['auto', 'auto'],
  ['priority', 'auto'],
  ['fast', 'auto'],
  ['scale', 'auto'],
  ['default', 'standard_only'],
])

function smallFields(request: NeutralRequest, stops: string[]): Partial<MessagesRequest> {
  const { safetyId, user, metadata, mark } = request
  const userId = safetyId ?? user ?? userOf(metadata)
  const tier = serviceTiers.get(request.tier)
  return {
    ...(stops.length > 0 && { stop_sequences: stops }),
    ...(userId !== undefined && userId !== '' && { metadata: { user_id: opaque(userId) } }),
    ...(tier !== undefined && { service_tier: tier }),
    ...(mark && { cache_control: mark }),
    ...request.own.anthropic,
  }
}

/** The API's own member of the metadata, which clients put among theirs. */
function userOf(metadata: NeutralRequest['metadata']): string | undefined {
  return typeof metadata?.user_id === 'string' ? metadata.user_id : undefined
}

/** Up to the longest user id that the API takes, without what addresses and names are written with. */
const opaqueId = /^[\w.:-]{1,256}$/
/** Of those, digits in groups, or after the zero that numbers at home begin with. */
const phoneNumber = /^(?=(?:\D*\d){7,15}\D*$)(?:\d+[.-][\d.-]+|0\d+)$/

/** What may name a person (an address, a phone number) as its SHA-256: the API refuses it. */
function opaque(userId: string): string {
  const isOpaque = opaqueId.test(userId) && !phoneNumber.test(userId)
  return isOpaque ? userId : createHash('sha256').update(userId).digest('hex')
}

/** Sampling without a counterpart, and the value at which dropping it changes nothing. */
const lostSampling: [name: keyof Sampling, noLoss?: unknown][] = [
  ['logprobs', false],
  ['topLogprobs', 0],
  ['logitBias'],
  ['seed'],
  ['presencePenalty', 0],
  ['frequencyPenalty', 0],
]

/** The client's names of what has no counterpart, where dropping it changes something. */
function lostFields(request: NeutralRequest, model: Model): string[] {
  const { sampling, tier, metadata } = request
  const lost: Nameable[] = []
  if (request.verbosity !== undefined) lost.push('verbosity')
  for (const [name, noLoss] of lostSampling) {
    const value = sampling[name]
    if (value !== undefined && value !== noLoss) lost.push(name)
  }
  if (request.prediction !== undefined) lost.push('prediction')
  if (request.store) lost.push('store')
  if (request.wantsImages) lost.push('wantsImages')
  if (request.cacheKey !== undefined && !wantsMarks(request, model)) lost.push('cacheKey')
  return [
    ...clientNames(request, lost),
    ...lostMembers(request, 'anthropic'),
    ...(tier !== undefined && !serviceTiers.has(tier) ? [nameOf('tier', request)] : []),
    ...request.lost,
    ...(metadata && losesMetadata(request, metadata) ? [nameOf('metadata', request)] : []),
  ]
}

function losesMetadata({ safetyId, user }: NeutralRequest, metadata: object): boolean {
  const usesUserId = safetyId === undefined && user === undefined
  return Object.entries(metadata).some(
    ([key, value]) => key !== 'user_id' || !usesUserId || typeof value !== 'string',
  )
}

function nameOf(member: Nameable, { names }: NeutralRequest): string {
  return names[member] ?? member
}

interface SamplingPlan {
  fields: Pick<MessagesRequest, 'temperature' | 'top_p' | 'top_k'>
  dropped: string[]
}

/** `allowed`: by the model, the API version and the thinking. A value of 1 is the default, so it is no loss. */
function samplingOf(request: NeutralRequest, allowed: boolean): SamplingPlan {
  const { temperature, topP, topK } = request.sampling
  if (topP !== undefined && (topP < 0 || topP > 1)) {
    const name = nameOf('topP', request)
    throw badRequest('invalid_value', name, `${name} is ${topP}; send a number from 0 to 1.`)
  }
  const fields: SamplingPlan['fields'] = {}
  if (allowed) {
    if (temperature !== undefined) fields.temperature = Math.min(Math.max(temperature, 0), 1)
    else if (topP !== undefined) fields.top_p = topP
    if (topK !== undefined) fields.top_k = topK
  }
  const dropped: Nameable[] = [
    ...(temperature !== fields.temperature && temperature !== 1 ? ['temperature' as const] : []),
    ...(topP !== fields.top_p && topP !== 1 ? ['topP' as const] : []),
    ...(topK === fields.top_k ? [] : ['topK' as const]),
  ]
  return { fields, dropped: clientNames(request, dropped) }
}
