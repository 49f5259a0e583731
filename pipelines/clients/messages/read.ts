/**
 * A Messages request as a neutral one, for models of other APIs. Source: Anthropic API reference "Messages" and the types of
 * `@anthropic-ai/sdk` 1.12, read 2026-11.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { badRequest, ProxyError } from '../../errors.ts'
import { isObject, numberFrom, objectFrom, type JsonObject } from '../../json/value.ts'
import type { Effort, Wish } from '../../model.ts'
import type {
  AnswerFormat,
  Names,
  NeutralRequest,
  Piece,
  Sampling,
  Turn,
} from '../../neutral/request.ts'
import {
  isGiven,
  listAt,
  objectAt,
  optionalFlagAt,
  shown,
  textAt,
  markOf,
  requestedModel,
  nearestNumberAt,
} from '../../untrusted.ts'
import { declaresSearch } from '../tools.ts'
import { readTools } from './tools.ts'
import { readTurns, type History } from './turns.ts'

/** How much of the model's reasoning the client gets: its text, only the seal under which it is handed back, or nothing. */
export type ShownReasoning = 'text' | 'seal' | 'none'

/** What only the answer to a Messages client depends on. */
export interface MessagesAnswerWish {
  stream: boolean
  reasoning: ShownReasoning
  /** the client has declared a search of the web, and knows its blocks */
  searches: boolean
  /** the client wants no answer: it only fills a cache, which other APIs do by themselves */
  isEmpty: boolean
}

export interface MessagesRead {
  request: NeutralRequest
  answer: MessagesAnswerWish
}

/** What the parameters are called that a writer may have to drop. */
const names = {
  total: 'max_tokens',
  answer: 'max_tokens',
  image: 'messages.image',
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  toolChoice: 'tool_choice',
  parallelCalls: 'tool_choice.disable_parallel_tool_use',
  format: 'output_config.format',
  cacheKey: 'metadata.user_id',
  safetyId: 'metadata.user_id',
  tier: 'service_tier',
} satisfies Names

/** Members that mean something to Anthropic alone, and change nothing of what others answer when they are left out. */
const ownMembers = [
  'container',
  'fallbacks',
  'fallback_credit_token',
  'diagnostics',
  'inference_geo',
  'billing_policy',
  'safeguards',
]

/**
 * The request and what its answer depends on. The body is not changed; strings and data are shared with it. Throws a
 * ProxyError 400 for the first fault, with `param` at its place. `null` and absent mean the same, unknown members nothing.
 */
export function readMessages(body: unknown, headers: IncomingHttpHeaders): MessagesRead {
  if (!isObject(body)) {
    const message =
      'The request body must be a JSON object with "model", "max_tokens" and "messages".'
    throw new ProxyError(400, 'invalid_json', message)
  }
  const model = requestedModel(body.model)
  const total = maxTokensOf(body.max_tokens)
  const history = readTurns(body.messages)
  refuseUnserved(body)
  const tooling = readTools(body, history.toolChanges)
  const config = isGiven(body.output_config) ? objectAt(body.output_config, 'output_config') : {}
  const format = formatOf(config, body.output_format)
  const display = displayOf(body.thinking)
  const request: NeutralRequest = {
    model,
    turns: [...systemTurns(body.system), ...history.turns],
    ...tooling,
    limits: display === 'none' ? { answer: total } : { total },
    sampling: samplingOf(body),
    stop: stopSequencesOf(body.stop_sequences),
    ...(format && { format }),
    reasoning: wishOf(body.thinking, history.effort ?? config.effort, display),
    ...identityOf(body.metadata, headers),
    ...tierOf(body),
    ...(isObject(body.cache_control) && { mark: body.cache_control }),
    own: ownOf(body),
    lost: lostOf(body, config, history),
    names: isGiven(config.format) ? names : { ...names, format: 'output_format' },
  }
  const stream = optionalFlagAt(body.stream, 'stream') === true
  const searches = declaresSearch(tooling.tools)
  return { request, answer: { stream, reasoning: display, searches, isEmpty: total === 0 } }
}

function maxTokensOf(value: unknown): number {
  if (!isGiven(value)) {
    const message = 'max_tokens is missing; send the most tokens that the answer may have.'
    throw badRequest('missing_required_parameter', 'max_tokens', message)
  }
  const tokens = nearestNumberAt(value, 'max_tokens')
  if (tokens !== undefined && Number.isInteger(tokens) && tokens >= 0) return tokens
  const message = `max_tokens is ${shown(value)}; send a whole number that is not negative.`
  throw badRequest('invalid_value', 'max_tokens', message)
}

/** What would need something that is kept here, or that only Anthropic runs, without which the answer would be another. */
function refuseUnserved(body: JsonObject): void {
  if (isGiven(body.thread)) {
    const message =
      'thread is not available on this model: threads are not kept here. Send the whole conversation; with toolRunner, `thread: false`.'
    throw badRequest('unsupported_parameter', 'thread', message)
  }
  const servers = isGiven(body.mcp_servers) ? listAt(body.mcp_servers, 'mcp_servers') : []
  for (const name of ['mcp_servers', 'compaction']) {
    if (name === 'mcp_servers' ? servers.length === 0 : !isGiven(body[name])) continue
    const message = `${name} is not available on this model, whose API has nothing like it; models of type anthropic have.`
    throw badRequest('unsupported_parameter', name, message)
  }
}

/** Claude Code's billing line changes with each request, so that no prompt with it is ever found in a cache. */
const ownLines = /^(?:x-anthropic-[^\n]*(?:\n+|$))+/

function systemTurns(system: unknown): Turn[] {
  if (!isGiven(system)) return []
  const place = 'system'
  const entries: unknown[] =
    typeof system === 'string' ? [{ type: 'text', text: system }] : listAt(system, place)
  const turns: Turn[] = []
  for (const [index, entry] of entries.entries()) {
    const at = typeof system === 'string' ? place : `${place}[${index}]`
    const block = objectAt(entry, at)
    if (block.type !== 'text') {
      const message = `${at} has the type ${shown(block.type)}; the system prompt holds text only.`
      throw badRequest('invalid_value', at, message)
    }
    const text = textAt(block.text, `${at}.text`).replace(ownLines, '')
    if (text === '') continue
    const piece: Piece = { type: 'text', text, place: at, ...markOf(block) }
    turns.push({ role: 'instruction', pieces: [piece], place: at })
  }
  return turns
}

function samplingOf(body: JsonObject): Sampling {
  const temperature = nearestNumberAt(body.temperature, 'temperature')
  const topP = nearestNumberAt(body.top_p, 'top_p')
  const topK = nearestNumberAt(body.top_k, 'top_k')
  return {
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
  }
}

function stopSequencesOf(value: unknown): string[] {
  if (!isGiven(value)) return []
  const sequences = listAt(value, 'stop_sequences').map((one, index) =>
    textAt(one, `stop_sequences[${index}]`),
  )
  return [...new Set(sequences)].filter((one) => one !== '')
}

/** `output_config.format`, else the older member. */
function formatOf(config: JsonObject, older: unknown): AnswerFormat | undefined {
  const place = isGiven(config.format) ? 'output_config.format' : 'output_format'
  const value = config.format ?? older
  if (!isGiven(value)) return undefined
  const { type, schema } = objectAt(value, place)
  if (type !== 'json_schema') {
    const message = `${place}.type is ${shown(type)}; use json_schema.`
    throw badRequest('invalid_value', `${place}.type`, message)
  }
  return {
    type: 'schema',
    schema: objectAt(schema, `${place}.schema`),
    name: 'answer',
    strict: 'if-possible',
    place,
  }
}

function displayOf(thinking: unknown): ShownReasoning {
  if (!isGiven(thinking)) return 'none'
  const { type, display } = objectAt(thinking, 'thinking')
  if (type === 'disabled') return 'none'
  return display === 'omitted' ? 'seal' : 'text'
}

const efforts = new Set<unknown>(['low', 'medium', 'high', 'xhigh', 'max'])

function isEffort(word: unknown): word is Effort {
  return efforts.has(word)
}

/**
 * A budget, or the effort; neither counts beside thinking that is disabled, which others refuse. No wish is firm: Claude Code
 * sends an effort with every request, whatever its user chose.
 */
function wishOf(thinking: unknown, word: unknown, display: ShownReasoning): Wish {
  const given = isObject(thinking) ? thinking : undefined
  const effort = isEffort(word) ? word : undefined
  const sent = [given && 'thinking', isGiven(word) && 'output_config.effort']
  const wish: Wish = {
    names: sent.filter((name) => typeof name === 'string'),
    hidden: display !== 'text',
    isSentAlways: true,
  }
  if (given) {
    wish.parameter = 'thinking'
    if (given.type === 'disabled') {
      wish.level = 'off'
      return wish
    }
    wish.own = { api: 'anthropic', value: given }
    const budgetTokens = given.type === 'enabled' ? numberFrom(given.budget_tokens) : undefined
    if (budgetTokens !== undefined) wish.budgetTokens = budgetTokens
  }
  if (effort) {
    wish.effort = effort
    wish.parameter = 'output_config.effort'
  }
  return wish
}

/** Claude Code's id of a user is JSON, and has the session in it, which groups the requests for a cache. */
function identityOf(
  value: unknown,
  headers: IncomingHttpHeaders,
): Pick<NeutralRequest, 'safetyId' | 'cacheKey'> {
  const metadata = isGiven(value) ? objectAt(value, 'metadata') : {}
  const id = metadata.user_id
  const user = isGiven(id) ? textAt(id, 'metadata.user_id') : undefined
  const session = user?.startsWith('{') ? objectFrom(user)?.session_id : undefined
  const key = typeof session === 'string' ? session : headers['x-claude-code-session-id']
  return {
    ...(user !== undefined && user !== '' && { safetyId: user }),
    ...(typeof key === 'string' && key !== '' && { cacheKey: key }),
  }
}

const tiers = new Map<unknown, string>([
  ['auto', 'auto'],
  ['standard_only', 'default'],
])

function tierOf({ speed, service_tier: tier }: JsonObject): Pick<NeutralRequest, 'tier'> {
  const wanted = speed === 'fast' ? 'priority' : tiers.get(tier)
  return wanted === undefined ? {} : { tier: wanted }
}

function ownOf(body: JsonObject): NeutralRequest['own'] {
  const given = ownMembers.filter((name) => isGiven(body[name]))
  return given.length > 0
    ? { anthropic: Object.fromEntries(given.map((name) => [name, body[name]])) }
    : {}
}

/** What changes the answer and is carried over by no writer. */
function lostOf(body: JsonObject, config: JsonObject, { hasCitations }: History): string[] {
  const isLost: [name: string, isLost: boolean][] = [
    ['output_config.task_budget', isGiven(config.task_budget)],
    ['context_management', editsContext(body.context_management)],
    ['citations', hasCitations],
  ]
  return isLost.filter(([, lost]) => lost).map(([name]) => name)
}

/** Thinking that is all kept is what every other API does. */
function editsContext(value: unknown): boolean {
  if (!isObject(value)) return false
  const edits = Array.isArray(value.edits) ? value.edits : []
  return edits.some((edit) => !isObject(edit) || !keepsAll(edit))
}

function keepsAll({ type, keep }: JsonObject): boolean {
  return typeof type === 'string' && type.startsWith('clear_thinking_') && keep === 'all'
}
