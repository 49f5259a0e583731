/** The output items of one response, by kind. Of the hosted tools only web searches emit something; unknown items emit nothing. */
import type { Delta, Source } from '../../neutral/delta.ts'
import type { JsonObject } from '../../json/value.ts'
import { AnswerSoFar } from '../../neutral/so-far.ts'
import {
  asIndex,
  asLabel,
  asName,
  asObject,
  asObjects,
  partOf,
  unreadable,
} from '../../untrusted.ts'
import { CallItem } from './call-item.ts'
import { ItemTable } from './item-table.ts'
import {
  isText,
  MessageItem,
  TextCompletion,
  type RefusalPart,
  type TextPart,
} from './message-item.ts'
import { ReasoningItem, type ReasoningSlot } from './reasoning-item.ts'

type Kind = 'message' | 'reasoning' | 'call' | 'search' | 'other'

export class Output {
  readonly answer = new AnswerSoFar()
  /** whether an event of an item came; else the last event's own list is all there is */
  seen = false
  readonly #messages: ItemTable<MessageItem>
  readonly #calls: ItemTable<CallItem>
  readonly #reasonings: ItemTable<ReasoningItem>
  /** ids of the web searches that are over */
  readonly #searches = new Set<string>()

  constructor(upstreamModel: string) {
    const { answer } = this
    this.#messages = new ItemTable(() => new MessageItem(answer))
    this.#calls = new ItemTable(() => new CallItem(answer))
    this.#reasonings = new ItemTable((index) => new ReasoningItem(index, upstreamModel, answer))
  }

  added(event: JsonObject): Delta[] {
    this.seen = true
    const item = partOf(event.item, 'item')
    switch (kindOfItem(item)) {
      case 'message':
        return this.#messages.open(event).added(item)
      case 'reasoning':
        this.#reasonings.open(event).added(item)
        return []
      case 'call':
        return this.#calls.open(event).added(item)
      default:
        return []
    }
  }

  done(event: JsonObject): Delta[] {
    this.seen = true
    const item = partOf(event.item, 'item')
    switch (kindOfItem(item)) {
      case 'message':
        return this.#messages.of(event).finish(item)
      case 'reasoning':
        return this.#reasonings.of(event).finish(item)
      case 'call':
        return this.#calls.of(event).finish(item)
      case 'search':
        return this.#search(item)
      default:
        return []
    }
  }

  /** A `content_part.done`: of a message, or of raw reasoning. */
  partDone(event: JsonObject): Delta[] {
    const part = partOf(event.part, 'part')
    if (isText(part)) return this.text(event).whole(part)
    if (part.type === 'refusal') return this.refusal(event).whole(part.refusal)
    if (part.type === 'reasoning_text') return this.rawReasoning(event).whole(part.text)
    return []
  }

  summaryPartDone(event: JsonObject): Delta[] {
    return this.summary(event).whole(asObject(event.part).text)
  }

  text(event: JsonObject): TextPart {
    this.seen = true
    return this.#messages.of(event).text(asIndex(event.content_index))
  }

  refusal(event: JsonObject): RefusalPart {
    this.seen = true
    return this.#messages.of(event).refusal(asIndex(event.content_index))
  }

  call(event: JsonObject): CallItem {
    this.seen = true
    return this.#calls.of(event)
  }

  summary(event: JsonObject): ReasoningSlot {
    this.seen = true
    return this.#reasonings.of(event).slot('summary', asIndex(event.summary_index))
  }

  rawReasoning(event: JsonObject): ReasoningSlot {
    this.seen = true
    return this.#reasonings.of(event).slot('raw', asIndex(event.content_index))
  }

  /** The last event: `entries` are the items as it shows them. What the stream left open ends here. */
  complete(entries: readonly JsonObject[], cut: boolean): Delta[] {
    const written = entriesOfKind(entries, 'message')
    const messages = this.#messages.match(written, () => true)
    const reasonings = this.#reasonings.match(entriesOfKind(entries, 'reasoning'), () => true)
    const calls = this.#calls.match(entriesOfKind(entries, 'call'), haveOneName)
    const texts = new TextCompletion(this.answer, [...written.values()])
    const completed = (entry: JsonObject, at: number): Delta[] => {
      const id = asName(entry.id)
      switch (kindOfItem(entry)) {
        case 'message':
          return texts.complete(messages.get(entry) ?? this.#messages.add(at, id), entry)
        case 'reasoning':
          return (reasonings.get(entry) ?? this.#reasonings.add(at, id)).complete(entry)
        case 'call':
          return (calls.get(entry) ?? this.#calls.add(at, id)).complete(entry, cut)
        case 'search':
          return this.#search(entry)
        default:
          return []
      }
    }
    const deltas: Delta[] = []
    for (const [at, entry] of entries.entries()) deltas.push(...completed(entry, at))
    deltas.push(...this.#close(cut))
    return deltas
  }

  get searches(): number {
    return this.#searches.size
  }

  /** A page that the model opens, and what it looks for there, are no searches. */
  #search(item: JsonObject): Delta[] {
    const id = asLabel(item.id)
    const action = asObject(item.action)
    if (action.type !== 'search' || this.#searches.has(id)) return []
    this.#searches.add(id)
    const search: Delta = { type: 'search', id, query: queryOf(action), sources: sourcesOf(action) }
    const isFailed = item.status === 'failed'
    return [...this.answer.closeBlock(), isFailed ? { ...search, failed: true } : search]
  }

  #close(cut: boolean): Delta[] {
    return [
      ...this.#messages.all.flatMap((message) => message.close()),
      ...this.#reasonings.all.flatMap((reasoning) => reasoning.close()),
      ...this.#calls.all.flatMap((call) => call.close(cut)),
      // reasoning that went on behind its own end
      ...this.answer.closeBlock(),
    ]
  }
}

/** Throws ProtocolError for an item whose type nobody can read. */
function kindOfItem({ type }: JsonObject): Kind {
  switch (type) {
    case 'message':
    case 'reasoning':
      return type
    case 'function_call':
    case 'custom_tool_call':
      return 'call'
    case 'web_search_call':
      return 'search'
    default:
      if (typeof type !== 'string') throw unreadable('the type of an item')
      return 'other'
  }
}

/** By their places. */
function entriesOfKind(entries: readonly JsonObject[], kind: Kind): Map<number, JsonObject> {
  const found = new Map<number, JsonObject>()
  for (const [at, entry] of entries.entries()) if (kindOfItem(entry) === kind) found.set(at, entry)
  return found
}

function haveOneName(call: CallItem, { name: value }: JsonObject): boolean {
  const name = asName(value)
  return name === undefined || call.name === undefined || call.name === name
}

/** Newer models look for several things at once. */
function queryOf({ query, queries }: JsonObject): string {
  const first: unknown = Array.isArray(queries) ? queries[0] : undefined
  return asName(query) ?? asLabel(first)
}

/** Only where the request asked for them. */
function sourcesOf({ sources }: JsonObject): Source[] {
  return asObjects(sources).flatMap(({ url, title }) => {
    const found = asName(url)
    return found === undefined ? [] : [{ url: found, title: asLabel(title) }]
  })
}
