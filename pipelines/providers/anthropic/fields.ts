/** The small fields of a request: what has a counterpart on one line, and what has none. */
import type { MessagesRequest } from '../../wire/anthropic.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { createHash } from 'node:crypto'
import { isGiven, objectAt, textAt } from '../../untrusted.ts'

/** Without a counterpart, and the value at which dropping them changes nothing. */
const withoutCounterpart: [name: string, noLoss?: unknown][] = [
  ['verbosity'],
  ['logprobs', false],
  ['top_logprobs', 0],
  ['logit_bias'],
  ['seed'],
  ['presence_penalty', 0],
  ['frequency_penalty', 0],
  ['prediction'],
  ['store', false],
  ['prompt_cache_key'],
  ['prompt_cache_options'],
  ['prompt_cache_retention'],
  ['moderation'],
]

const serviceTiers = new Map<unknown, string>([
  ['auto', 'auto'],
  ['priority', 'auto'],
  ['scale', 'auto'],
  ['default', 'standard_only'],
])

/** Up to the longest user id that the API takes, without what addresses and names are written with. */
const opaqueId = /^[\w.:-]{1,256}$/
/** Of those, digits in groups, or after the zero that numbers at home begin with. */
const phoneNumber = /^(?=(?:\D*\d){7,15}\D*$)(?:\d+[.-][\d.-]+|0\d+)$/

const searchUses = new Map<unknown, number>([
  ['low', 1],
  ['medium', 3],
  ['high', 5],
])

/** Names of what was sent and goes no further, for the answer's `x-droid2api-dropped`. */
export function droppedFields(request: JsonObject): string[] {
  const dropped = withoutCounterpart
    .filter(([name, noLoss]) => isGiven(request[name]) && request[name] !== noLoss)
    .map(([name]) => name)
  const tier = request.service_tier
  if (isGiven(tier) && !serviceTiers.has(tier)) dropped.push('service_tier')
  if (isObject(request.output_config)) dropped.push(...lostOfConfig(request.output_config))
  if (isObject(request.metadata) && losesMetadata(request, request.metadata)) {
    dropped.push('metadata')
  }
  return dropped
}

/** `stops`: the stop sequences that go up. */
/** The name of a member that is lost, as far as a header can bear what a client made up. */
export function lostMember(holder: string, name: string): string {
  return /^[\w-]{1,40}$/.test(name) ? `${holder}.${name}` : holder
}

/** `effort` and `format` are carried over; the others only the Messages route takes. */
function lostOfConfig(config: JsonObject): string[] {
  return Object.keys(config)
    .filter((name) => name !== 'effort' && name !== 'format' && isGiven(config[name]))
    .slice(0, 8)
    .map((name) => lostMember('output_config', name))
}

export function simpleFields(request: JsonObject, stops: string[]): Partial<MessagesRequest> {
  const userId = userIdOf(request)
  const tier = serviceTiers.get(request.service_tier)
  return {
    ...(stops.length > 0 && { stop_sequences: stops }),
    ...(userId !== undefined && { metadata: { user_id: userId } }),
    ...(tier && { service_tier: tier }),
    ...(isObject(request.cache_control) && { cache_control: request.cache_control }),
  }
}

/** The server tool that `web_search_options` stands for; `undefined` without them. */
export function webSearchTool(request: JsonObject): JsonObject | undefined {
  const place = 'web_search_options'
  const options = request[place]
  return isGiven(options) ? searchTool(objectAt(options, place), place) : undefined
}

/** The server tool for a search in the words of chat, or of the tool of Responses. */
export function searchTool(options: JsonObject, place: string): JsonObject {
  const uses = searchUses.get(options.search_context_size)
  const location = locationOf(options.user_location, `${place}.user_location`)
  const domains = isObject(options.filters) ? options.filters.allowed_domains : undefined
  return {
    type: 'web_search_20250305',
    name: 'web_search',
    ...(uses && { max_uses: uses }),
    ...(location && { user_location: location }),
    ...(isGiven(domains) && { allowed_domains: domains }),
  }
}

/** Chat nests the place under `approximate`; Anthropic has it flat. */
function locationOf(value: unknown, place: string): JsonObject | undefined {
  if (!isGiven(value)) return undefined
  const outer = objectAt(value, place)
  const inner = isGiven(outer.approximate)
    ? objectAt(outer.approximate, `${place}.approximate`)
    : outer
  const known = ['city', 'region', 'country', 'timezone']
    .filter((name) => isGiven(inner[name]))
    .map((name) => [name, inner[name]])
  return { type: 'approximate', ...Object.fromEntries(known) }
}

function userIdOf(request: JsonObject): string | undefined {
  for (const name of ['safety_identifier', 'user']) {
    if (isGiven(request[name])) return opaque(textAt(request[name], name))
  }
  const userId = isObject(request.metadata) ? request.metadata.user_id : undefined
  return typeof userId === 'string' ? opaque(userId) : undefined
}

/** What may name a person (an address, a phone number) as its SHA-256: the API refuses it. */
function opaque(userId: string): string | undefined {
  if (userId === '') return undefined
  const isOpaque = opaqueId.test(userId) && !phoneNumber.test(userId)
  return isOpaque ? userId : createHash('sha256').update(userId).digest('hex')
}

function losesMetadata(request: JsonObject, metadata: JsonObject): boolean {
  const isFirst = !isGiven(request.safety_identifier) && !isGiven(request.user)
  const usesUserId = isFirst && typeof metadata.user_id === 'string'
  return Object.keys(metadata).some((key) => key !== 'user_id' || !usesUserId)
}
