/**
 * A neutral request as one of Chat Completions, for servers of any kind: only what nearly all of them know, since strict ones
 * refuse what they do not.
 * Source: OpenAI API reference "Chat Completions" and those of vLLM, llama.cpp, Ollama, OpenRouter, DeepSeek, Moonshot and Zhipu,
 * read 2026-11.
 */
import type { JsonObject } from '../../json/value.ts'
import {
  asLevel,
  limitWithRoom,
  nearestEffort,
  overruledNames,
  upstreamId,
  type Model,
  type Wish,
} from '../../model.ts'
import { ToolNames, names64, withLoadedTools } from '../../neutral/tools.ts'
import {
  asksForAny,
  clientNames,
  identifier,
  lostMembers,
  wantsPrompt,
  type Sealed,
  type WriteContext,
  type Written,
} from '../../neutral/writing.ts'
import { isClosed, repairedSchema, schemaName } from '../../neutral/object-schema.ts'
import type { AnswerFormat, Nameable, NeutralRequest } from '../../neutral/request.ts'
import { capabilityOf, mostTokens, type Capability } from '../openai/capability.ts'
import { limitName } from './fit.ts'
import { writeMessages } from './messages.ts'
import { writtenTools } from '../../neutral/written-tools.ts'
import { forMistral, isMistral } from './mistral.ts'
import { maker } from './reasoning.ts'
import { roomToThink } from './thinkers.ts'
import { writeTooling } from './tools.ts'

const maxStopSequences = 4
/** Longer ones OpenRouter, Zhipu and others refuse. */
const maxUser = 64
/** What a model does anyway. */
const usualVerbosity = 'medium'
const usualTiers = new Set(['auto', 'default'])

/** Models that refuse calls in the history without the reasoning that led to them, by the names that their makers give them. */
const wantsReasoning =
  /(?:^|\/)(?:deepseek-(?:v[4-9]|chat|reasoner|flash|pro)|kimi-(?:k2\.\d|k[3-9]|k2-thinking|for-coding|latest))/i

interface Fields {
  fields: JsonObject
  /** names for `x-droid2api-dropped` */
  dropped: string[]
}

/**
 * The body and the names of what was lost. The request is not changed. Throws a ProxyError 400 with the place of what chat
 * servers do not take.
 */
export function writeCommon(asked: NeutralRequest, context: WriteContext): Written<JsonObject> {
  const request = withLoadedTools(asked)
  const { model, recall, stream, systemPrompt } = context
  const id = upstreamId(model)
  const capability = capabilityOf(id)
  const names = new ToolNames(request.tools, names64)
  const tooling = writeTooling(request, names, id)
  const ofMistral = isMistral(id)
  const { leading, messages } = writeMessages(request.turns, {
    takes: ofMistral ? () => false : takesFrom(context.endpoint),
    recall,
    names,
    wantsReasoning: wantsReasoning.test(id),
  })
  const isReasoner = capability.reasons === true
  const sampling = samplingFields(request, isReasoner)
  const level = levelFields(model, request.reasoning, capability)
  const cut = isReasoner || request.stop.length > maxStopSequences ? request.stop : []
  const body: JsonObject = {
    model: id,
    messages: [
      ...systemMessage(systemPrompt, leading),
      ...(ofMistral ? forMistral(messages) : messages),
    ],
    ...(stream && { stream, stream_options: { include_usage: true } }),
    ...limitField(request, model, isReasoner),
    ...sampling.fields,
    ...(request.stop.length > cut.length && { stop: request.stop }),
    ...(request.format && { response_format: writeFormat(request.format) }),
    ...tooling.fields,
    ...level.fields,
    ...(!ofMistral && userField(request)),
  }
  const dropped = [
    ...droppedFields(request),
    ...sampling.dropped,
    ...tooling.dropped,
    ...level.dropped,
  ]
  return {
    body,
    headers: {},
    dropped: [...new Set(dropped)],
    hideReasoning: request.reasoning.hidden,
    callIds: callIdsOf(request),
    ...(cut.length > 0 && { stopAt: cut }),
    names,
    ...(model.calls_in_text && { toolsInText: writtenTools(request, names) }),
  }
}

/** Reasoning of a chat upstream goes back to the endpoint that it came from, in its field. */
function takesFrom(endpoint: string | undefined): (reasoning: Sealed) => boolean {
  return ({ maker: made, seal, endpoint: from = endpoint }) =>
    made === maker && from === endpoint && 'field' in seal && seal.field !== 'inline'
}

/** One message, and never of the role `developer`: many templates know neither. */
function systemMessage(prompt: string, leading: readonly string[]): JsonObject[] {
  const client = leading.join('\n\n')
  const texts = wantsPrompt(prompt, client) ? [prompt, ...leading] : leading
  return texts.length > 0 ? [{ role: 'system', content: texts.join('\n\n') }] : []
}

/** Without a limit of the client's the server's own may be small, so that the operator's counts. */
function limitField(
  { limits, reasoning }: NeutralRequest,
  model: Model,
  isReasoner: boolean,
): JsonObject {
  const room = roomToThink(model, reasoning, isReasoner)
  const asked = limitWithRoom(limits, room) ?? model.max_output_tokens
  if (asked === undefined) return {}
  const limit = Math.min(asked, mostTokens(model) ?? asked)
  return { [limitName(isReasoner)]: limit }
}

/** OpenAI's reasoning models refuse temperature and `top_p`; 1 is what they do anyway. */
function samplingFields(request: NeutralRequest, isReasoner: boolean): Fields {
  const { sampling } = request
  const { temperature, topP, seed, presencePenalty, frequencyPenalty, logitBias } = sampling
  const { logprobs, topLogprobs } = sampling
  const lost = isReasoner
    ? (['temperature', 'topP'] as const).filter((name) => (sampling[name] ?? 1) !== 1)
    : []
  const fields = {
    ...(!isReasoner && temperature !== undefined && { temperature }),
    ...(!isReasoner && topP !== undefined && { top_p: topP }),
    ...(seed !== undefined && { seed }),
    ...(presencePenalty !== undefined && { presence_penalty: presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequency_penalty: frequencyPenalty }),
    ...(logitBias !== undefined && { logit_bias: logitBias }),
    ...(logprobs && { logprobs }),
    ...(logprobs && topLogprobs !== undefined && { top_logprobs: topLogprobs }),
  }
  return { fields, dropped: clientNames(request, lost) }
}

/** Many servers refuse the field, so that a client which asks so every time does not count. */
function levelFields(model: Model, client: Wish, { efforts }: Capability): Fields {
  const overruled = overruledNames(model, client)
  if (model.reasoning !== 'auto') {
    const isOff = model.reasoning === 'off'
    return { fields: isOff ? {} : { reasoning_effort: model.reasoning }, dropped: overruled }
  }
  const level = client.isSentAlways ? undefined : asLevel(client)
  if (level === undefined) return { fields: {}, dropped: overruled }
  const effort = level === 'off' ? undefined : nearestEffort(level, efforts)
  const isLost = effort !== level && client.parameter !== undefined
  return {
    fields: effort === undefined ? {} : { reasoning_effort: effort },
    dropped: isLost ? [client.parameter!, ...overruled] : overruled,
  }
}

function writeFormat(format: AnswerFormat): JsonObject {
  if (format.type === 'json') return { type: 'json_object' }
  const { schema, name, description, strict } = format
  const json_schema = {
    name: schemaName(name),
    ...(description !== undefined && { description }),
    schema: repairedSchema(schema),
    strict: strict !== false && isClosed(schema),
  }
  return { type: 'json_schema', json_schema }
}

function userField({ user, safetyId }: NeutralRequest): JsonObject {
  const id = safetyId ?? user
  return id === undefined ? {} : { user: identifier(id, maxUser) }
}

function callIdsOf({ turns }: NeutralRequest): string[] {
  const ids: string[] = []
  for (const { pieces, calls = [] } of turns) {
    for (const piece of [...pieces, ...calls]) if (piece.type === 'call') ids.push(piece.id)
  }
  return ids
}

/** Names of what has no counterpart, unless nothing changes without it. */
function droppedFields(asked: NeutralRequest): string[] {
  const { lost, sampling, verbosity = usualVerbosity, tier = 'auto', prediction } = asked
  const unsupported: [name: Nameable, isLost: boolean | undefined][] = [
    ['topK', sampling.topK !== undefined],
    ['verbosity', verbosity !== usualVerbosity],
    ['tier', !usualTiers.has(tier)],
    ['prediction', asksForAny(prediction)],
    ['store', asked.store],
    ['padded', asked.padded],
    ['wantsImages', asked.wantsImages],
  ]
  const members = unsupported.flatMap(([name, isLost]) => (isLost ? name : []))
  return [...clientNames(asked, members), ...lost, ...lostMembers(asked, 'common')]
}
