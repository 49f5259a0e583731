/**
 * A Responses request as a neutral one, for models of other APIs. Source: OpenAI API reference "Responses" and the types of the
 * `openai` package 7.59, read 2026-11.
 */
import { badRequest, ProxyError } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { levelOfWord, type Wish } from '../../model.ts'
import type { AnswerFormat, Names, NeutralRequest, Sampling, Turn } from '../../neutral/request.ts'
import { askingForSummary } from '../../neutral/summary.ts'
import {
  isGiven,
  listAt,
  objectAt,
  optionalFlagAt,
  shown,
  textAt,
  requestedModel,
  nearestNumberAt,
} from '../../untrusted.ts'
import type { FindAnswer } from '../../kept-answer.ts'
import { declaresSearch } from '../tools.ts'
import { echoOf, type Echo } from './echo.ts'
import { chatMembers, unnested } from './chat-words.ts'
import { withoutMarks } from './encrypted.ts'
import { conversationBefore } from '../../neutral/kept-answers.ts'
import { readTools } from './tools.ts'
import { readTurns, type History } from './turns.ts'

/** What only the answer to a Responses client depends on. */
export interface ResponsesAnswerWish {
  stream: boolean
  /** the client wants to read the model's reasoning */
  showsReasoning: boolean
  /** the client hands reasoning back, and gets it sealed */
  sealsReasoning: boolean
  logprobs: boolean
  /** the client has declared a search of the web, and knows its items */
  searches: boolean
  /** an item of a search has what was found */
  showsSources: boolean
  /** the client gets a summary of the conversation, sealed, and nothing else */
  compacts: boolean
  /** it may name the answer later, in place of sending it again */
  keeps: boolean
  /** flat names of tools of which the client has to be told that the arguments are not encrypted */
  plainCalls: ReadonlySet<string> | undefined
  echo: Echo
}

export interface ResponsesRead {
  request: NeutralRequest
  answer: ResponsesAnswerWish
}

/** What the parameters are called that a writer may have to drop. */
const names = {
  total: 'max_output_tokens',
  image: 'input.input_image',
  temperature: 'temperature',
  topP: 'top_p',
  logprobs: 'top_logprobs',
  topLogprobs: 'top_logprobs',
  toolChoice: 'tool_choice',
  parallelCalls: 'parallel_tool_calls',
  format: 'text.format',
  verbosity: 'text.verbosity',
  cacheKey: 'prompt_cache_key',
  safetyId: 'safety_identifier',
  user: 'user',
  tier: 'service_tier',
  metadata: 'metadata',
} satisfies Names

/** Without them the answer is another one, and no other API has their like. */
const lostMembers = [
  'max_tool_calls',
  'context_management',
  'moderation',
  'access_programs',
  'multi_agent',
  'image',
  'prompt_cache_options',
  'prompt_cache_retention',
  ...chatMembers,
]

/**
 * The request and what its answer depends on. The body is not changed; strings and data are shared with it. Throws a
 * ProxyError 400 for the first fault, with `param` at its place. `null` and absent mean the same, unknown members nothing. `find`: the
 * answers that it names.
 */
export function readResponses(body: unknown, find: FindAnswer = nothingKept): ResponsesRead {
  if (!isObject(body)) {
    const message = 'The request body must be a JSON object with "model" and "input".'
    throw new ProxyError(400, 'invalid_json', message)
  }
  const model = requestedModel(body.model)
  refuseStored(body)
  const history = readTurns(body.input, conversationBefore(body, find), find)
  const include = isGiven(body.include) ? listAt(body.include, 'include') : []
  const showsSources = include.includes('web_search_call.action.sources')
  const tooling = readTools(body, history.tools, showsSources)
  const { tools, plainCalls } = withoutMarks(tooling.tools)
  const text = textOf(body, history)
  const format = formatOf(text.format)
  const reasoning = isGiven(body.reasoning) ? objectAt(body.reasoning, 'reasoning') : {}
  const summary = reasoning.summary ?? reasoning.generate_summary
  const showsReasoning = isGiven(summary) && summary !== 'none'
  const wish = wishOf(history.changed.effort ?? reasoning.effort, !showsReasoning)
  const sampling = samplingOf(body, include)
  const total = limitOf(body.max_output_tokens)
  const request: NeutralRequest = {
    model,
    turns: [...instructionTurns(body.instructions), ...history.turns],
    ...tooling,
    tools,
    limits: total === undefined ? { isOpen: true } : { total },
    sampling,
    stop: [],
    ...(format && { format }),
    reasoning: wish,
    ...smallFields(body, text),
    own: {},
    lost: lostOf(body, history, wish, reasoning.mode),
    names,
  }
  const answer: ResponsesAnswerWish = {
    stream: optionalFlagAt(body.stream, 'stream') === true,
    showsReasoning,
    sealsReasoning: include.includes('reasoning.encrypted_content') || body.store === false,
    logprobs: sampling.logprobs === true,
    searches: declaresSearch(tooling.tools),
    showsSources,
    compacts: history.compacts,
    keeps: body.store !== false,
    plainCalls,
    echo: echoOf(body, { total, sampling, format, summary }),
  }
  return { request: history.compacts ? askingForSummary(request) : request, answer }
}

const nothingKept: FindAnswer = () => undefined

/** What would need something that is kept elsewhere. */
function refuseStored(body: JsonObject): void {
  for (const name of ['conversation', 'prompt']) {
    if (!isGiven(body[name])) continue
    const message = `${name} is not available on this model, whose API has nothing like it; models of type openai have.`
    throw badRequest('unsupported_parameter', name, message)
  }
}

function instructionTurns(instructions: unknown): Turn[] {
  if (!isGiven(instructions)) return []
  const place = 'instructions'
  const text = textAt(instructions, place)
  if (text === '') return []
  return [{ role: 'instruction', pieces: [{ type: 'text', text, place }], place }]
}

/** As its own member has it, unless a later item overrules that. */
function textOf({ text }: JsonObject, { changed }: History): JsonObject {
  const own = isGiven(text) ? objectAt(text, 'text') : {}
  return { ...own, ...changed.text }
}

function formatOf(value: unknown): AnswerFormat | undefined {
  if (!isGiven(value)) return undefined
  const place = 'text.format'
  const format = unnested(objectAt(value, place))
  switch (format.type) {
    case 'text':
      return undefined
    case 'json_object':
      return { type: 'json' }
    case 'json_schema': {
      const { name, description } = format
      const strict = optionalFlagAt(format.strict, `${place}.strict`)
      return {
        type: 'schema',
        schema: objectAt(format.schema, `${place}.schema`),
        ...(isGiven(name) && { name: textAt(name, `${place}.name`) }),
        ...(isGiven(description) && { description: textAt(description, `${place}.description`) }),
        ...(strict !== undefined && { strict }),
        place,
      }
    }
    default: {
      const message = `${place}.type is ${shown(format.type)}; use text, json_object or json_schema.`
      throw badRequest('invalid_value', `${place}.type`, message)
    }
  }
}

/** A word that nobody knows counts as not sent. */
function wishOf(effort: unknown, hidden: boolean): Wish {
  const level = levelOfWord(effort)
  const name = 'reasoning.effort'
  if (!isGiven(effort)) return { names: [], hidden }
  return { names: [name], hidden, ...(level && { level, parameter: name }) }
}

function limitOf(value: unknown): number | undefined {
  const place = 'max_output_tokens'
  const limit = nearestNumberAt(value, place)
  if (limit === undefined || (Number.isInteger(limit) && limit > 0)) return limit
  const message = `${place} is ${shown(value)}; send a whole number above 0, or leave it out.`
  throw badRequest('invalid_value', place, message)
}

function samplingOf(body: JsonObject, include: unknown[]): Sampling {
  const temperature = nearestNumberAt(body.temperature, 'temperature')
  const topP = nearestNumberAt(body.top_p, 'top_p')
  const topLogprobs = nearestNumberAt(body.top_logprobs, 'top_logprobs')
  const logprobs = include.includes('message.output_text.logprobs')
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(logprobs && { logprobs }),
    ...(logprobs && topLogprobs !== undefined && { topLogprobs }),
  }
}

/** What the API calls tiers, and what they are here. */
export const tiers: ReadonlyMap<unknown, string> = new Map([
  ['auto', 'auto'],
  ['default', 'default'],
  ['flex', 'flex'],
  ...['priority', 'fast', 'ultrafast', 'scale'].map((tier) => [tier, 'priority'] as const),
])

type SmallFields = Pick<
  NeutralRequest,
  'verbosity' | 'user' | 'safetyId' | 'cacheKey' | 'wantsCache' | 'tier' | 'metadata'
>

function smallFields(body: JsonObject, { verbosity }: JsonObject): SmallFields {
  const { user, safety_identifier: safetyId, prompt_cache_key: cacheKey, metadata } = body
  const tier = tiers.get(body.service_tier)
  return {
    ...(isGiven(verbosity) && { verbosity: textAt(verbosity, 'text.verbosity') }),
    ...(isGiven(safetyId)
      ? { safetyId: textAt(safetyId, 'safety_identifier') }
      : isGiven(user) && { user: textAt(user, 'user') }),
    ...(isGiven(cacheKey) && { cacheKey: textAt(cacheKey, 'prompt_cache_key'), wantsCache: true }),
    ...(tier !== undefined && { tier }),
    ...(isGiven(metadata) && { metadata: objectAt(metadata, 'metadata') }),
  }
}

/** So many names are reported; a client may have made up any number. */
const maxLost = 8

function lostOf(
  body: JsonObject,
  { lost }: History,
  { names: said, level }: Partial<Wish>,
  mode: unknown,
) {
  return [
    ...(body.truncation === 'auto' ? ['truncation'] : []),
    // the client waits for the answer, and then gets it at once when it asks for it
    ...(body.background === true ? ['background'] : []),
    ...lostMembers.filter((name) => isGiven(body[name])),
    ...(isGiven(mode) && mode !== 'standard' ? ['reasoning.mode'] : []),
    ...(level === undefined && said ? said : []),
    ...[...lost].slice(0, maxLost),
  ]
}
