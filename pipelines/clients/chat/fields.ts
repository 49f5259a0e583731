/**
 * The members of a chat request beside messages and tools: limits, sampling, format, ids, how hard to think.
 * Source: OpenAI API reference "Chat Completions", OpenRouter "Reasoning tokens", Anthropic "Effort" and "Extended thinking",
 * read 2026-11.
 */
import { badRequest, type ProxyError } from '../../errors.ts'
import { isObject, numberFrom, type JsonObject } from '../../json/value.ts'
import { levelOfWord, type Effort, type Wish } from '../../model.ts'
import { isEmptyList } from '../../neutral/object-schema.ts'
import type { AnswerFormat, Limits, NeutralRequest, Sampling } from '../../neutral/request.ts'
import {
  isGiven,
  listAt,
  memberName,
  objectAt,
  optionalFlagAt,
  optionalNumberAt,
  shown,
  textAt,
  tokenLimitAt,
  nearestNumberAt,
} from '../../untrusted.ts'
import { googleConfig, googleName, googleWish, type OneWish } from './google-wish.ts'

/** Members that are numbers. They are read as they were written, for the message of a fault. */
export const numbers = [
  'temperature',
  'top_p',
  'top_k',
  'n',
  'max_tokens',
  'max_completion_tokens',
  'presence_penalty',
  'frequency_penalty',
  'seed',
  'top_logprobs',
]

/** Members that only OpenAI's own API knows. */
const openAiMembers = ['prompt_cache_options', 'prompt_cache_retention', 'moderation']

/** `max_completion_tokens` includes the reasoning; who sends `max_tokens` knows of none. */
export function limitsOf(body: JsonObject): Limits {
  const total = limitOf(body, 'max_completion_tokens')
  const answer = limitOf(body, 'max_tokens')
  return { ...(total !== undefined && { total }), ...(answer !== undefined && { answer }) }
}

function limitOf(body: JsonObject, name: string): number | undefined {
  const limit = tokenLimitAt(nearestNumberAt(body[name], name), name)
  if (limit === undefined || (Number.isInteger(limit) && limit > 0)) return limit
  const advice = limit > 0 ? 'a whole number above 0.' : 'at least 1, or leave it out.'
  throw badRequest('invalid_value', name, `${name} is ${shown(body[name])}; send ${advice}`)
}

export function samplingOf(body: JsonObject): Sampling {
  const logprobs = optionalBoolean(body.logprobs, 'logprobs')
  const temperature = finiteNumber(body, 'temperature')
  const topP = finiteNumber(body, 'top_p')
  const topK = finiteNumber(body, 'top_k')
  const presencePenalty = nearestNumberAt(body.presence_penalty, 'presence_penalty')
  const frequencyPenalty = nearestNumberAt(body.frequency_penalty, 'frequency_penalty')
  const seed = nearestNumberAt(body.seed, 'seed')
  const topLogprobs = finiteNumber(body, 'top_logprobs')
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(presencePenalty !== undefined && { presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
    ...(seed !== undefined && { seed }),
    ...(topLogprobs !== undefined && { topLogprobs }),
    ...(isGiven(body.logit_bias) && { logitBias: body.logit_bias }),
    ...(logprobs !== undefined && { logprobs }),
  }
}

function finiteNumber(body: JsonObject, name: string): number | undefined {
  return optionalNumberAt(nearestNumberAt(body[name], name), name)
}

export function optionalBoolean(value: unknown, place: string): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (!isGiven(value)) return undefined
  throw badRequest(
    'invalid_type',
    place,
    `${place} is ${shown(value)}; send a boolean, or leave it out.`,
  )
}

/** `response_format`, else Anthropic's own `output_config.format`. */
export function formatOf(wished: unknown, own: unknown): AnswerFormat | undefined {
  if (!isGiven(wished)) return isGiven(own) ? ownFormat(own) : undefined
  const place = 'response_format'
  const format = objectAt(wished, place)
  switch (format.type) {
    case 'text':
      return undefined
    case 'json_object':
      return { type: 'json' }
    case 'json_schema':
      return schemaFormat(format, place)
    default:
      throw unknownFormat(`${place}.type`, 'text, json_object or json_schema')
  }
}

/** Chat nests what Responses has flat. */
function schemaFormat(format: JsonObject, outer: string): AnswerFormat {
  const isNested = isGiven(format.json_schema) || !isGiven(format.schema)
  const place = isNested ? `${outer}.json_schema` : outer
  const { schema, name, description, strict } = isNested
    ? objectAt(format.json_schema, place)
    : format
  if (!isGiven(schema)) return { type: 'json' }
  const isStrict = optionalFlagAt(strict, `${place}.strict`)
  return {
    type: 'schema',
    schema: objectAt(schema, `${place}.schema`),
    ...(isGiven(name) && { name: textAt(name, `${place}.name`) }),
    ...(isGiven(description) && { description: textAt(description, `${place}.description`) }),
    ...(isStrict !== undefined && { strict: isStrict }),
    place,
  }
}

function ownFormat(value: unknown): AnswerFormat {
  const place = 'output_config.format'
  const { type, schema } = objectAt(value, place)
  if (type !== 'json_schema') throw unknownFormat(`${place}.type`, 'json_schema')
  return { type: 'schema', schema: objectAt(schema, `${place}.schema`), name: 'answer', place }
}

function unknownFormat(place: string, known: string): ProxyError {
  return badRequest('invalid_value', place, `${place} is not known; use ${known}.`)
}

type SmallFields = Pick<
  NeutralRequest,
  | 'verbosity'
  | 'user'
  | 'safetyId'
  | 'cacheKey'
  | 'tier'
  | 'metadata'
  | 'prediction'
  | 'store'
  | 'padded'
  | 'mark'
  | 'own'
>

export function smallFields(body: JsonObject): SmallFields {
  const { metadata, cache_control: mark, stream_options: options } = body
  const own = openAiMembers.filter((name) => isGiven(body[name])).map((name) => [name, body[name]])
  const verbosity = optionalText(body, 'verbosity')
  const user = optionalText(body, 'user')
  const safetyId = optionalText(body, 'safety_identifier')
  const cacheKey = optionalText(body, 'prompt_cache_key')
  const tier = optionalText(body, 'service_tier')
  const store = optionalBoolean(body.store, 'store')
  const hasMetadata = isGiven(metadata) && !isEmptyList(metadata)
  return {
    ...(verbosity !== undefined && { verbosity }),
    ...(user !== undefined && { user }),
    ...(safetyId !== undefined && { safetyId }),
    ...(cacheKey !== undefined && { cacheKey }),
    ...(tier !== undefined && { tier }),
    ...(hasMetadata && { metadata: objectAt(metadata, 'metadata') }),
    ...(isGiven(body.prediction) && { prediction: body.prediction }),
    ...(store !== undefined && { store }),
    ...(isObject(options) && options.include_obfuscation === true && { padded: true }),
    ...(isObject(mark) && { mark }),
    own: own.length > 0 ? { openai: Object.fromEntries(own) } : {},
  }
}

function optionalText(body: JsonObject, name: string): string | undefined {
  return isGiven(body[name]) ? textAt(body[name], name) : undefined
}

/** So many names of lost members are reported; a client may have made up any number. */
const maxLost = 8

/** `effort` and `format` of Anthropic's `output_config` are read; the others only its own route takes. */
export function lostOf(config: JsonObject, hasFormat: boolean): string[] {
  const lost = Object.keys(config).filter(
    (name) => name !== 'effort' && (name !== 'format' || hasFormat) && isGiven(config[name]),
  )
  return lost.slice(0, maxLost).map((name) => memberName('output_config', name))
}

/** Sampling of OpenRouter and of local servers, with the values at which it does nothing. */
const serverSampling: [name: string, noLoss: number][] = [
  ['min_p', 0],
  ['top_a', 0],
  ['repetition_penalty', 1],
]

/** No API has its like. */
export function lostSampling(body: JsonObject): string[] {
  const lost = serverSampling.filter(
    ([name, noLoss]) => isGiven(body[name]) && numberFrom(body[name]) !== noLoss,
  )
  return lost.map(([name]) => name)
}

/** Each is looked for in every piece of the answer; the API of chat takes 4. */
const mostSequences = 256

/** Each sequence once, without empty ones. Throws a 400 that names an entry of another type, or says that there are too many. */
export function stopSequencesOf(stop: unknown): string[] {
  if (!isGiven(stop)) return []
  const list =
    typeof stop === 'string'
      ? [stop]
      : listAt(stop, 'stop').map((entry, at) => textAt(entry, `stop[${at}]`))
  const sequences = [...new Set(list)].filter((entry) => entry !== '')
  if (sequences.length <= mostSequences) return sequences
  const message = `stop has ${sequences.length} sequences; send at most ${mostSequences}.`
  throw badRequest('invalid_value', 'stop', message)
}

/**
 * The client's wish: `reasoning_effort`, else the `reasoning` object, else `thinking` with `output_config.effort`, else what
 * Google's own chat endpoint reads. Efforts that nobody knows count as not sent.
 */
export function reasoningWish(body: JsonObject): Wish {
  const { reasoning, output_config: config } = body
  const google = isGiven(body.extra_body) ? googleConfig(body.extra_body) : undefined
  const names = ['reasoning_effort', 'reasoning', 'thinking'].filter((name) => isGiven(body[name]))
  if (isObject(config) && isGiven(config.effort)) names.push('output_config.effort')
  if (google) names.push(googleName)
  const given = [body.reasoning_effort, isObject(reasoning) ? reasoning.effort : undefined]
  return {
    ...wishOf(body, google),
    names,
    ...(given.some(isUnknown) && { isUnknownWord: true }),
    hidden:
      body.include_reasoning === false ||
      (isObject(reasoning) && reasoning.exclude === true) ||
      google?.include_thoughts === false,
  }
}

function isUnknown(effort: unknown): boolean {
  return isGiven(effort) && effort !== '' && levelOfWord(effort) === undefined
}

function wishOf(body: JsonObject, google: JsonObject | undefined): OneWish {
  const level = levelOfWord(body.reasoning_effort)
  if (level) return { level, parameter: 'reasoning_effort' }
  const wish = isObject(body.reasoning) ? openRouterWish(body.reasoning) : undefined
  return wish ?? (google && !isGiven(body.thinking) ? googleWish(google) : anthropicWish(body))
}

/** `enabled` alone means medium, a budget of nothing means off. */
function openRouterWish({ enabled, effort, max_tokens: tokens }: JsonObject): OneWish | undefined {
  const level = levelOfWord(effort)
  const budget = numberFrom(tokens)
  const budgetTokens = Number.isInteger(budget) ? budget : undefined
  const off: OneWish = { level: 'off', parameter: 'reasoning' }
  if (enabled === false || level === 'off') return off
  if (budgetTokens !== undefined) {
    return budgetTokens > 0
      ? { ...(level && { level }), budgetTokens, parameter: 'reasoning' }
      : off
  }
  if (level) return { level, parameter: 'reasoning_effort' }
  return enabled === true ? { level: 'medium', parameter: 'reasoning' } : undefined
}

/** Anthropic's own two members, of which each holds its half. */
function anthropicWish({ thinking, output_config: config }: JsonObject): OneWish {
  const level = isObject(config) ? levelOfWord(config.effort) : undefined
  const effort = level === 'off' ? undefined : level
  const ownEffort: { effort?: Effort } = effort ? { effort } : {}
  if (!isObject(thinking)) return level ? { ...ownEffort, parameter: 'output_config.effort' } : {}
  if (thinking.type === 'disabled') return { level: 'off', ...ownEffort, parameter: 'thinking' }
  const budget = thinking.budget_tokens
  return {
    own: { api: 'anthropic', value: thinking },
    ...(typeof budget === 'number' && { budgetTokens: budget }),
    ...ownEffort,
    parameter: 'thinking',
  }
}
