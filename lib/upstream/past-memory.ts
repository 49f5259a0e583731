/**
 * What upstreams refused of earlier turns, by conversation: clients send it again with each further turn, and it would be refused
 * each time before it is asked without. What came behind is left: it was made by the one who serves now, and lets it go on
 * thinking.
 * @see https://github.com/can1357/oh-my-pi/pull/12006
 * @see https://github.com/code-yeongyu/senpi/pull/249
 */
import { createHash } from 'node:crypto'
import { ownCopy } from '../app.ts'
import type { Asker, Outgo, PastMemory, Place, RefusedBody } from '../memories.ts'
import { conversationHeaders, sentHeader } from './headers.ts'
import { JsonDocument } from '../../pipelines/json/document.ts'
import { isObject } from '../../pipelines/json/value.ts'
import { unlessTooDeep, type RefusablePast } from '../../pipelines/providers/refusable.ts'

const mostConversations = 200
/** A conversation that rests for longer is refused once more. */
const keptMs = 3_600_000
const mostRefusals = 8
/** Enough for what is looked for in a refusal. */
const longestRefusal = 2_000
const all = Number.POSITIVE_INFINITY

interface Lesson {
  /** who asked whom: what is known of a request before its body is read */
  about: string
  /** each with how many turns there were */
  refusals: { text: string; turns: number }[]
  /** ms, monotonic */
  usedMs: number
}

export class RefusedPast implements PastMemory {
  /** by what tells a conversation from others, in the order of their last use */
  readonly #known = new Map<string, Lesson>()
  readonly #now: () => number

  /** `now` in ms, monotonic. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  leaveOut(asker: Asker, place: Place, body: Outgo, past: RefusablePast): void {
    this.#shrink()
    const about = aboutOf(asker, place)
    // so the bodies of all others are not read
    if (![...this.#known.values()].some((lesson) => lesson.about === about)) return
    const turns = turnsIn(body.pieces, past)
    const key = keyOf(about, turns)
    const lesson = this.#known.get(key)
    if (!lesson) return
    if (lesson.refusals.some((one) => one.turns > turns.length && one.turns !== all)) {
      // The client has made its history shorter: other turns stand there now.
      this.#known.delete(key)
      return
    }
    this.#put(key, lesson)
    for (const { text, turns: count } of lesson.refusals) {
      const bytes = Buffer.concat(body.pieces)
      body.pieces = unlessTooDeep(() => past.leaveOut(bytes, text, count)) ?? body.pieces
      const parts = { client: asker.headers, endpoint: place.endpoint, extra: body.headers }
      body.headers = { ...body.headers, ...past.headers?.(text, sentHeader(parts)) }
    }
  }

  learn(asker: Asker, place: Place, { pieces, past, refusals }: RefusedBody): void {
    const about = aboutOf(asker, place)
    const turns = turnsIn(pieces, past)
    const key = keyOf(about, turns)
    const lesson = this.#known.get(key) ?? { about, refusals: [], usedMs: 0 }
    for (const refusal of refusals) {
      const text = ownCopy(refusal.text, longestRefusal)
      if (!past.isRefused(text)) continue
      const isOwn = past.isOwn(text)
      const before = isOwn ? lesson.refusals.find((one) => past.isOwn(one.text)) : undefined
      // what it has made itself meanwhile it refuses, too
      if (before) before.turns = all
      else lesson.refusals.push({ text, turns: turns.length })
    }
    lesson.refusals = lesson.refusals.slice(-mostRefusals)
    if (lesson.refusals.length > 0) this.#put(key, lesson)
    this.#shrink()
  }

  #put(key: string, lesson: Lesson): void {
    this.#known.delete(key)
    this.#known.set(key, { ...lesson, usedMs: this.#now() })
  }

  #shrink(): void {
    const oldestMs = this.#now() - keptMs
    for (const [key, { usedMs }] of this.#known) {
      if (this.#known.size <= mostConversations && usedMs >= oldestMs) return
      this.#known.delete(key)
    }
  }
}

function aboutOf({ caller, headers }: Asker, { url, model }: Place): string {
  const session = conversationHeaders
    .map((name) => headers[name])
    .find((value) => value !== undefined)
  const asker = [caller?.name ?? '', String(session ?? ''), keyHash(headers)]
  return [url.href, model.id, ...asker].join('\n')
}

/** Where clients bring keys of their own, what one account may not have another may. The key itself is not kept. */
function keyHash({ authorization, 'x-api-key': key }: Asker['headers']): string {
  if (authorization === undefined && key === undefined) return ''
  return createHash('sha256')
    .update(JSON.stringify([authorization, key]))
    .digest('base64url')
}

function turnsIn(pieces: readonly Buffer[], { turns }: RefusablePast): readonly unknown[] {
  const list = JsonDocument.parse(Buffer.concat(pieces)).get(turns)
  if (typeof list === 'string') return [{ role: 'user', content: list }]
  return Array.isArray(list) ? list : []
}

/** A session has several conversations: agents below the main one, and titles. A beginning may be that of many. */
function keyOf(about: string, turns: readonly unknown[]): string {
  const hash = createHash('sha256').update(about)
  for (const turn of turns) {
    hash.update(JSON.stringify(saidIn(turn)))
    if (isOfModel(turn)) break
  }
  return hash.digest('base64url')
}

/** Without marks of the cache, which move from turn to turn, and without what may have been left out. */
function saidIn(turn: unknown): unknown[] {
  if (!isObject(turn)) return []
  const { content, call_id: callId } = turn
  const parts = Array.isArray(content) ? content : []
  const said = parts.flatMap((part) => (isObject(part) ? [part.text, part.id] : []))
  return [typeof content === 'string' ? content : '', callId, ...said].filter(Boolean)
}

/** Its text or its calls, not its reasoning. */
function isOfModel(turn: unknown): boolean {
  if (!isObject(turn) || turn.type === 'reasoning') return false
  return turn.role === 'assistant' || typeof turn.call_id === 'string'
}
