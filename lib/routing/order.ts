/** In which order the accounts of an endpoint are asked, and which requests may not leave theirs. */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Member } from '../account/pool.ts'
import type { Call } from '../app.ts'
import type { Endpoint, Model } from '../config/types.ts'
import { conversationHeaders } from '../upstream/headers.ts'
import type { Target } from '../upstream/target.ts'
import { JsonDocument } from '../../pipelines/json/document.ts'
import { isObject, objectFrom, type JsonObject } from '../../pipelines/json/value.ts'

/** What tells a conversation from others, the same in all its requests. */
export interface Conversation {
  /** the name that the client gives it */
  name?: string
  /** how it begins, where it has no name: others of the same client and model may begin so, too */
  beginning?: string
}

/** `body`: the whole request. */
export function conversationIn(headers: IncomingHttpHeaders, body: Buffer): Conversation {
  for (const header of conversationHeaders) {
    const value = headers[header]
    if (typeof value === 'string' && value !== '') return { name: value }
  }
  const json = objectFrom(body.toString('utf8')) ?? {}
  const { prompt_cache_key: cacheKey, conversation, metadata } = json
  const user = isObject(metadata) ? metadata.user_id : undefined
  const id = isObject(conversation) ? conversation.id : conversation
  const name = [cacheKey, id, user].find((one) => typeof one === 'string' && one !== '')
  return typeof name === 'string' ? { name } : { beginning: firstUserText(json) }
}

/** `about`: the caller and the model. */
export function conversationKey({ name, beginning }: Conversation, about: string): string {
  return name ?? `${about} ${beginning}`
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

/** `conversation` and `turn`: asked for only where they count. */
export function ordered(
  members: readonly Member[],
  { choose }: Pick<Endpoint, 'choose'>,
  turn: () => number,
  conversation: () => string,
): readonly Member[] {
  if (members.length < 2 || choose === undefined || choose === 'first') return members
  if (choose === 'sticky') return byWeight(members, conversation())
  const from = turn() % members.length
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

const memberIds = ['conversation', 'container']
const storedId = 'previous_response_id'
/** Anywhere in it, in the form that the API gives them: arguments of tools have such names, too. */
const innerIds = [
  { name: 'file_id', form: /"file_id"\s*:\s*"file[-_]/ },
  { name: 'vector_store_ids', form: /"vector_store_ids"\s*:\s*\[\s*"vs_/ },
]
const encrypted = Buffer.from('"encrypted_content":"')

/**
 * `body`: the client's; `sent`: as it goes to the model that it names, with what the memory has added. Searched first, parsed
 * only where something is found. Throws ProxyError 400 for a member that is broken.
 */
export function boundBy(
  body: Buffer,
  sent: readonly Buffer[],
  { type }: Pick<Model, 'type'>,
): Bound {
  const named = memberIds.filter((name) => body.includes(`"${name}"`))
  const document = named.length > 0 ? JsonDocument.parse(body) : undefined
  if (named.some((name) => isId(document!.get(name)))) return 'id'
  if (body.includes(`"${storedId}"`) && namesStored(sent)) return 'id'
  const hasInner = innerIds.some(
    ({ name, form }) => body.includes(`"${name}"`) && form.test(body.toString('latin1')),
  )
  if (hasInner) return 'id'
  const isBound = type === 'openai' && sent.some((piece) => hasEncrypted(piece))
  return isBound ? 'reasoning' : undefined
}

/** An answer that is kept here goes up in full, and its id does not. */
function namesStored(sent: readonly Buffer[]): boolean {
  return isId(JsonDocument.parse(Buffer.concat(sent)).get(storedId))
}

function isId(value: unknown): boolean {
  const id = isObject(value) ? value.id : value
  return typeof id === 'string' && id !== ''
}

/** Clients write JSON with and without blanks. */
function hasEncrypted(piece: Buffer): boolean {
  if (piece.includes(encrypted)) return true
  return (
    piece.includes('"encrypted_content"') &&
    /"encrypted_content"\s*:\s*"/.test(piece.toString('latin1'))
  )
}

/** What stays the same of a request wherever it goes. */
export interface Travel {
  /** looked for when it is asked for: that takes a while in a long body, and as a rule the first account serves */
  readonly bound: Bound
  /** the client's body */
  bytes: Buffer
  ownerAt: (endpoint: Endpoint) => 'proxy' | 'client'
  /** it is not sent, so it takes no turn */
  isDry?: boolean
  /** once somebody has looked for it: a long body takes a while to read */
  conversation?: Conversation | undefined
}

/** Who may serve at a place, the preferred one first. A bound request has one only. */
export function membersFor(
  call: Call,
  { endpoint, model }: Pick<Target, 'endpoint' | 'model'>,
  travel: Travel,
): readonly Member[] {
  const members = accountsAt(call, { endpoint, model }, travel)
  if (endpoint.auth !== 'accounts' || !travel.bound) return members
  const home = call.app.pool.homes.of(homeKey(endpoint, conversationOf(call, travel, model)))
  return [members.find(({ name }) => name === home) ?? members[0]].flatMap((one) => one ?? [])
}

/** The same of a request that may be bound: as long as no conversation is at home elsewhere, the first one is asked first. */
export function candidatesFor(
  call: Call,
  place: Pick<Target, 'endpoint' | 'model'>,
  travel: Travel,
): readonly Member[] {
  const { homes } = call.app.pool
  return homes.size === 0 ? accountsAt(call, place, travel) : membersFor(call, place, travel)
}

function accountsAt(
  call: Call,
  { endpoint, model }: Pick<Target, 'endpoint' | 'model'>,
  travel: Travel,
): readonly Member[] {
  const { pool } = call.app
  if (endpoint.auth !== 'accounts') return [pool.unnamed(unnamedOf(endpoint))]
  const conversation = () => conversationOf(call, travel, model)
  const turn = () => pool.turn(endpoint.name, travel.isDry)
  return ordered(pool.at(endpoint), endpoint, turn, conversation)
}

/**
 * Keeps where a conversation is at home whose account is not the one that it would get: what it holds by then may be bound to
 * that account.
 */
export function settle(
  call: Call,
  { endpoint, model }: Pick<Target, 'endpoint' | 'model'>,
  travel: Travel,
  { name, isFirst }: { name: string; isFirst: boolean },
): void {
  const { homes } = call.app.pool
  const mayMove = endpoint.choose === 'round-robin'
  if ((isFirst && !mayMove && homes.size === 0) || travel.bound) return
  const key = homeKey(endpoint, conversationOf(call, travel, model))
  if (isFirst && !mayMove) homes.forget(key)
  else homes.keep(key, name)
}

function conversationOf(
  { headers, caller }: Call,
  travel: Travel,
  { id }: Pick<Model, 'id'>,
): string {
  travel.conversation ??= conversationIn(headers, travel.bytes)
  return conversationKey(travel.conversation, caller ? `${caller.name} ${id}` : id)
}

function homeKey({ name }: Pick<Endpoint, 'name'>, conversation: string): string {
  return createHash('sha256').update(`${name}\n${conversation}`).digest('base64url')
}

/** When the login was renewed last; null for a credential that cannot be. */
export function lastRefresh(
  { app }: Pick<Call, 'app'>,
  { own }: Pick<Member, 'own'>,
  { auth }: Pick<Endpoint, 'auth'>,
): string | null {
  const account = own?.account ?? (auth === 'account' ? app.account : undefined)
  return account?.status().last_refresh ?? null
}

/** What the credential of an endpoint without a list is called. */
function unnamedOf({ auth, name }: Endpoint): string {
  if (auth === 'account') return 'default'
  return typeof auth === 'object' ? auth.env.toLowerCase() : name
}
