/**
 * A neutral request as one for Gemini's `generateContent`. The model and whether the answer is streamed stand in the address,
 * not in the body, as a rule; see `address.ts`.
 * Source: Gemini API reference "generateContent", read 2026-11.
 */
import { numberFrom } from '../../json/value.ts'
import { limitWithRoom, upstreamId, type Model } from '../../model.ts'
import { repairedSchema } from '../../neutral/object-schema.ts'
import { ToolNames, withLoadedTools } from '../../neutral/tools.ts'
import {
  asksForAny,
  clientNames,
  lostMembers,
  wantsPrompt,
  type WriteContext,
  type Written,
} from '../../neutral/writing.ts'
import type { AnswerFormat, Nameable, NeutralRequest, Tool } from '../../neutral/request.ts'
import type { GenerationConfig, GoogleRequest, TextPart } from '../../wire/google.ts'
import { holdsModel } from './address.ts'
import { writeConversation } from './contents.ts'
import {
  capabilityOf,
  planThinking,
  roomToThink,
  takesSeal,
  type ThinkingPlan,
} from './thinking.ts'
import { nameRule, writeTooling } from './tools.ts'

/** This API's name in the words that only one API has. */
const api = 'google'
const maxStopSequences = 5

/**
 * The body and the names of what was lost. The request is not changed. Throws a ProxyError 400 with the place of what this
 * API does not take.
 */
export function writeGoogle(asked: NeutralRequest, context: WriteContext): Written<GoogleRequest> {
  const request = withPictures(withLoadedTools(asked), context.model)
  const names = new ToolNames(request.tools, nameRule)
  const { model, recall, systemPrompt } = context
  const capability = capabilityOf(model)
  const plan = planThinking(model, request.reasoning, capability)
  const { checksSignatures, seesInResults } = capability
  const history = {
    takes: takesSeal(upstreamId(model)),
    recall,
    checksSignatures,
    seesInResults,
    names,
  }
  const { leading, contents } = writeConversation(request.turns, history)
  const isInAddress = holdsModel(context.path ?? '')
  const tooling = writeTooling(request, {
    names,
    schema: context.toolSchema ?? (isInAddress ? 'json' : 'openapi'),
    searchesBeside: model.web_search === true,
  })
  const tier = tierOf(request, model)
  const system = withPrompt(systemPrompt, leading)
  const functions = tooling.fields.tools?.some((tool) => 'functionDeclarations' in tool) ?? false
  const takes: Takes = {
    cap: capability.cap,
    thinks: capability.thinking !== undefined,
    penalties: capability.penalties,
    format: capability.formatsBesideTools || !functions,
  }
  const config = generationConfig(request, model, plan, takes)
  const body: GoogleRequest = {
    ...(!isInAddress && { model: upstreamId(model) }),
    ...(system.length > 0 && { systemInstruction: { parts: system } }),
    contents,
    ...tooling.fields,
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
    ...(tier.sent !== undefined && { serviceTier: tier.sent }),
    ...request.own[api],
  }
  const dropped = [
    ...droppedFields(request, takes),
    ...tooling.dropped,
    ...plan.dropped,
    ...tier.dropped,
  ]
  return {
    body,
    headers: {},
    dropped: [...new Set(dropped)],
    hideReasoning: request.reasoning.hidden,
    ...(areCut(request.stop) && { stopAt: request.stop }),
    names,
  }
}

/** What such a model does by itself, OpenAI has a tool for. */
const makesPictures = /-image(?:-|$)/i

function withPictures(request: NeutralRequest, model: Model): NeutralRequest {
  if (!makesPictures.test(upstreamId(model)) || !request.tools.some(isPictures)) return request
  const { toolChoice, ...rest } = request
  const isChosen = toolChoice?.type === 'hosted' && isPictures(toolChoice.tool)
  return {
    ...rest,
    tools: request.tools.filter((tool) => !isPictures(tool)),
    ...(toolChoice && !isChosen && { toolChoice }),
    wantsImages: true,
  }
}

function isPictures(tool: Tool): boolean {
  return tool.kind === 'hosted' && tool.written === 'image_generation'
}

/** The operator's prompt goes first, once. */
function withPrompt(prompt: string, leading: TextPart[]): TextPart[] {
  const client = leading.map(({ text }) => text).join('\n\n')
  return wantsPrompt(prompt, client) ? [{ text: prompt }, ...leading] : leading
}

/** Sequences beyond what the API takes: then the text is cut here, for all of them. */
function areCut(stop: readonly string[]): boolean {
  return stop.length > maxStopSequences
}

/** What this model takes of the settings, in this request. */
interface Takes {
  penalties: boolean
  format: boolean
  thinks: boolean
  /** tokens, where the entry does not say */
  cap: number
}

function generationConfig(
  { limits, sampling, stop, format, wantsImages }: NeutralRequest,
  { max_output_tokens: cap }: Model,
  { thinkingConfig }: ThinkingPlan,
  takes: Takes,
): GenerationConfig {
  const { temperature, topP, topK, seed, presencePenalty, frequencyPenalty } = sampling
  // the API counts thinking with the answer: https://github.com/googleapis/python-genai/issues/811
  const limit = limitWithRoom(limits, roomToThink(thinkingConfig, takes.thinks), Infinity)
  return {
    ...(limit !== undefined && { maxOutputTokens: Math.min(limit, cap ?? takes.cap) }),
    ...(temperature !== undefined && { temperature: Math.min(Math.max(temperature, 0), 2) }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(stop.length > 0 && !areCut(stop) && { stopSequences: stop }),
    ...(seed !== undefined && { seed: shortSeed(seed) }),
    ...(presencePenalty !== undefined && takes.penalties && { presencePenalty }),
    ...(frequencyPenalty !== undefined && takes.penalties && { frequencyPenalty }),
    ...(sampling.logprobs && { responseLogprobs: true, logprobs: sampling.topLogprobs ?? 0 }),
    ...(format && takes.format && formatOf(format)),
    ...(thinkingConfig && { thinkingConfig }),
    ...(wantsImages && { responseModalities: ['TEXT' as const, 'IMAGE' as const] }),
  }
}

/** 32 bits; what a larger one becomes is as good a seed, and the same each time. */
function shortSeed(seed: unknown): number {
  const number = Math.trunc(numberFrom(seed) ?? 0)
  return Number.isFinite(number) ? number % 2 ** 31 : 0
}

function formatOf(format: AnswerFormat): GenerationConfig {
  const responseMimeType = 'application/json'
  if (format.type === 'json') return { responseMimeType }
  const { $schema: _dialect, ...responseJsonSchema } = repairedSchema(format.schema)
  return { responseMimeType, responseJsonSchema }
}

const tiers = new Map([
  ['auto', undefined],
  ['default', 'standard'],
  ['flex', 'flex'],
  ['priority', 'priority'],
  ['fast', 'priority'],
])

/** A model entry with `fast` asks for priority unless the client chose a tier. */
function tierOf({ tier, names }: NeutralRequest, { fast }: Model) {
  if (tier === undefined) return { sent: fast ? 'priority' : undefined, dropped: [] }
  return { sent: tiers.get(tier), dropped: tiers.has(tier) ? [] : [names.tier ?? 'tier'] }
}

/** Names of what has no counterpart, unless nothing changes without it. */
function droppedFields(asked: NeutralRequest, takes: Takes): string[] {
  const { lost, user, safetyId, cacheKey, metadata, verbosity, sampling } = asked
  const { temperature = 0, presencePenalty = 0, frequencyPenalty = 0 } = sampling
  const unsupported: [name: Nameable, isLost: boolean | undefined][] = [
    ['user', user !== undefined],
    ['safetyId', safetyId !== undefined],
    ['cacheKey', cacheKey !== undefined],
    ['metadata', metadata !== undefined],
    ['verbosity', verbosity !== undefined],
    ['temperature', temperature < 0 || temperature > 2],
    ['presencePenalty', presencePenalty !== 0 && !takes.penalties],
    ['frequencyPenalty', frequencyPenalty !== 0 && !takes.penalties],
    ['format', asked.format !== undefined && !takes.format],
    ['logitBias', asksForAny(sampling.logitBias)],
    ['prediction', asksForAny(asked.prediction)],
    ['store', asked.store],
    ['padded', asked.padded],
  ]
  const dropped = unsupported.filter(([, isLost]) => isLost)
  const members = dropped.map(([name]) => name)
  return [...clientNames(asked, members), ...lostMembers(asked, api), ...lost]
}
