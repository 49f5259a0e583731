/**
 * A Chat Completions request as a neutral one: one check and one parse, for whichever API it goes to.
 * Source: OpenAI API reference "Chat Completions", read 2026-11.
 */
import { badRequest, ProxyError } from '../../errors.ts'
import type { JsonDocument } from '../../json/document.ts'
import { calculable, isObject, type JsonObject } from '../../json/value.ts'
import type { Names, NeutralRequest } from '../../neutral/request.ts'
import {
  isGiven,
  listAt,
  objectAt,
  shown,
  requestedModel,
  nearestNumberAt,
} from '../../untrusted.ts'
import {
  formatOf,
  limitsOf,
  lostOf,
  lostSampling,
  numbers,
  optionalBoolean,
  reasoningWish,
  samplingOf,
  smallFields,
  stopSequencesOf,
} from './fields.ts'
import { isSerial, readTools } from './tools.ts'
import { chatFormOf } from './input-form.ts'
import { noAudio } from './parts.ts'
import { readTurns } from './turns.ts'

export { reasoningOfDetails } from './reasoning.ts'

/** What only the answer to a chat client depends on. */
export interface ChatAnswerWish {
  /** whether a stream was asked for; undefined where the client leaves it open */
  stream: boolean | undefined
  /** whether a stream is to end with a usage chunk */
  includeUsage: boolean
  logprobs: boolean
  /** the client knows `functions`, not `tools` */
  legacyFunctions: boolean
}

export interface ChatRead {
  request: NeutralRequest
  answer: ChatAnswerWish
}

/** Members whose numbers nobody calculates with, so that they go up as they were written, or that are read one by one. */
const passedOn: ReadonlySet<string> = new Set([
  'tools',
  'functions',
  'response_format',
  'output_config',
  'output_format',
  'content',
  'arguments',
  'input',
  'metadata',
  ...numbers,
  'stream',
])

/** What the parameters are called that a writer may have to drop. */
const names = {
  total: 'max_completion_tokens',
  answer: 'max_tokens',
  image: 'messages.image_url',
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  logitBias: 'logit_bias',
  logprobs: 'logprobs',
  topLogprobs: 'top_logprobs',
  toolChoice: 'tool_choice',
  format: 'response_format',
  verbosity: 'verbosity',
  cacheKey: 'prompt_cache_key',
  safetyId: 'safety_identifier',
  tier: 'service_tier',
  metadata: 'metadata',
  prediction: 'prediction',
  store: 'store',
  padded: 'stream_options.include_obfuscation',
  wantsImages: 'modalities',
} satisfies Names

/**
 * The request and what its answer depends on. Of the body only ExactNumbers are changed, into plain numbers where somebody
 * calculates with them; strings and data are shared with it. Throws a ProxyError 400 for the first fault, with `param` at its
 * place. `null` and absent mean the same.
 */
export function readChat(sent: unknown): ChatRead {
  if (!isObject(sent)) {
    const message = 'The request body must be a JSON object with "model" and "messages".'
    throw new ProxyError(400, 'invalid_json', message)
  }
  calculable(sent, passedOn)
  const model = requestedModel(sent.model)
  const { body, turns } = isInputForm(sent)
    ? chatFormOf(sent)
    : { body: sent, turns: readTurns(sent.messages, 'messages') }
  const answer = answerWish(body)
  refuseMoreAnswers(body)
  refuseAudio(body)
  const config = isObject(body.output_config) ? body.output_config : {}
  const format = formatOf(body.response_format, config.format)
  const isOwnFormat = format !== undefined && !isGiven(body.response_format)
  const request: NeutralRequest = {
    model,
    turns,
    ...readTools(body),
    limits: limitsOf(body),
    sampling: samplingOf(body),
    stop: stopSequencesOf(body.stop),
    ...(format && { format }),
    reasoning: reasoningWish(body),
    ...smallFields(body),
    ...(wants(body, 'image') && { wantsImages: true }),
    lost: [...lostOf(config, isGiven(body.response_format)), ...lostSampling(body)],
    names: namesIn(body, isOwnFormat),
  }
  return { request, answer }
}

/** Whether a request has `input` in place of `messages`. */
function isInputForm({ messages, input }: JsonObject): boolean {
  return !isGiven(messages) && isGiven(input)
}

/** The same of a body that is not parsed. */
export function isInputBody(body: JsonDocument): boolean {
  return !isSent(body, 'messages') && isSent(body, 'input')
}

const jsonNull = Buffer.from('null')

function isSent(body: JsonDocument, name: string): boolean {
  const raw = body.raw(name)
  return raw !== undefined && !raw.equals(jsonNull)
}

function namesIn(body: JsonObject, isOwnFormat: boolean): Names {
  const parallelCalls = serialName(body)
  if (parallelCalls === undefined && !isOwnFormat) return names
  return {
    ...names,
    ...(parallelCalls !== undefined && { parallelCalls }),
    ...(isOwnFormat && { format: 'output_config.format' }),
  }
}

/** Which of the two words for calls one by one the client has used. */
function serialName(body: JsonObject): string | undefined {
  if (isSerial(body.tool_choice)) return 'tool_choice.disable_parallel_tool_use'
  return isGiven(body.parallel_tool_calls) ? 'parallel_tool_calls' : undefined
}

function answerWish(body: JsonObject): ChatAnswerWish {
  const stream = optionalBoolean(body.stream, 'stream')
  const options = body.stream_options
  if (stream && isGiven(options)) {
    const { include_usage: usage } = objectAt(options, 'stream_options')
    optionalBoolean(usage, 'stream_options.include_usage')
  }
  return {
    stream,
    includeUsage: isObject(options) && options.include_usage === true,
    logprobs: optionalBoolean(body.logprobs, 'logprobs') === true,
    legacyFunctions: Array.isArray(body.functions) && !body.tools,
  }
}

function wants({ modalities }: JsonObject, kind: 'audio' | 'image'): boolean {
  return isGiven(modalities) && listAt(modalities, 'modalities').includes(kind)
}

function refuseMoreAnswers({ n }: JsonObject): void {
  if ((nearestNumberAt(n, 'n') ?? 1) <= 1) return
  const message = `n is ${shown(n)}; one request gives one answer; leave it out and ask again.`
  throw badRequest('unsupported_parameter', 'n', message)
}

function refuseAudio(body: JsonObject): void {
  if (wants(body, 'audio')) throw noAudio('modalities')
  if (isGiven(body.audio)) throw noAudio('audio')
}
