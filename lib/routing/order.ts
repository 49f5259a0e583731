/** In which order the accounts of an endpoint are asked, and which requests may not leave theirs. */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { AccountPool, Member } from '../account/pool.ts'
import type { Call } from '../app.ts'
import type { Endpoint } from '../config/types.ts'
import type { Target } from '../upstream/target.ts'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'

/** Names that clients give their sessions by: Claude Code's, ours, Codex's, opencode's. */
const sessionHeaders = [
  'x-claude-code-session-id',
  'session_id',
  'x-session-id',
  'session-id',
  'x-session-affinity',
]

/** What tells a conversation from others, the same in all its requests. `body`: the whole request. */
export function conversationKey(headers: IncomingHttpHeaders, body: Buffer, model: string): string {
  for (const name of sessionHeaders) {
    const value = headers[name]
    if (typeof value === 'string' && value !== '') return value
  }
  const json = objectFrom(body.toString('utf8')) ?? {}
  const { prompt_cache_key: cacheKey, conversation, metadata } = json
  const user = isObject(metadata) ? metadata.user_id : undefined
  const id = isObject(conversation) ? conversation.id : conversation
  const named = [cacheKey, id, user].find((one) => typeof one === 'string' && one !== '')
  return typeof named === 'string' ? named : `${model} ${firstUserText(json)}`
}

const countedText = 2048

function firstUserText({ messages, input, contents }: JsonObject): string {
  const turns = [messages, input, contents].find(
    (one) => Array.isArray(one) || typeof one === 'string',
  )
  if (typeof turns === 'string') return turns.slice(0, countedText)
  const list = (turns ?? []) as unknown[]
  const first = list.find((turn) => isObject(turn) && turn.role === 'user') ?? list[0] ?? ''
  return JSON.stringify(first).slice(0, countedText)
}

/** `conversation`: asked for only where it counts. */
export function ordered(
  members: readonly Member[],
  { name, choose }: Pick<Endpoint, 'name' | 'choose'>,
  pool: Pick<AccountPool, 'turn'>,
  conversation: () => string,
): readonly Member[] {
  if (members.length < 2 || choose === undefined || choose === 'first') return members
  if (choose === 'sticky') return byWeight(members, conversation())
  const from = pool.turn(name) % members.length
  return [...members.slice(from), ...members.slice(0, from)]
}

/**
 * Highest random weight: no table, the same on every replica, and of the conversations only those of an account that drops out
 * move. Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998.
 */
function byWeight(members: readonly Member[], conversation: string): Member[] {
  const weight = ({ name }: Member) =>
    createHash('sha256').update(`${conversation}\n${name}`).digest('hex')
  return members
    .map((member) => ({ member, weight: weight(member) }))
    .toSorted((one, other) => (one.weight < other.weight ? 1 : -1))
    .map(({ member }) => member)
}

/**
 * What a request holds that lives in one account: `id` names something there, so neither another account nor another model can
 * serve it; encrypted `reasoning` only this account can read, and a model that stands in does without it.
 */
export type Bound = 'id' | 'reasoning' | undefined

const ids =
  /"(?:previous_response_id|conversation|container|file_id|vector_store_ids)"\s*:\s*(?:"[^"]|\{\s*"id"|\[\s*")/
const encrypted = /"encrypted_content"\s*:\s*"[^"]/

/** A look at the text: what a user merely quotes has its quotes escaped. */
export function boundBy(body: Buffer): Bound {
  const text = body.toString('latin1')
  if (ids.test(text)) return 'id'
  return encrypted.test(text) ? 'reasoning' : undefined
}

/** What stays the same of a request wherever it goes. */
export interface Travel {
  bound: Bound
  /** the client's body */
  bytes: Buffer
  ownerAt: (endpoint: Endpoint) => 'proxy' | 'client'
}

/** Who may serve at a place, the preferred one first. A bound request has one only. */
export function membersFor(
  { app, headers }: Call,
  { endpoint, model }: Pick<Target, 'endpoint' | 'model'>,
  { bound, bytes }: Travel,
): readonly Member[] {
  const { pool } = app
  if (endpoint.auth !== 'accounts') return [pool.unnamed(unnamedOf(endpoint))]
  const conversation = () => conversationKey(headers, bytes, model.id)
  const members = ordered(pool.at(endpoint), endpoint, pool, conversation)
  return bound ? members.slice(0, 1) : members
}

/** What the credential of an endpoint without a list is called. */
function unnamedOf({ auth, name }: Endpoint): string {
  if (auth === 'account') return 'default'
  return typeof auth === 'object' ? auth.env.toLowerCase() : name
}
