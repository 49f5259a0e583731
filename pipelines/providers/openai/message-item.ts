/**
 * A message item: its parts by content index, text with log probabilities and citations or a refusal, and its phase.
 * Commentary and final answer are both content.
 */
import type { JsonObject } from '../../json/value.ts'
import type { Citation, Delta } from '../../neutral/delta.ts'
import { isPhase, type Place } from '../../neutral/reasoning.ts'
import { SentText, TextBlockSoFar, type AnswerSoFar } from '../../neutral/so-far.ts'
import {
  asLabel,
  asNumber,
  asObject,
  asObjects,
  asText,
  entriesOf,
  unreadable,
} from '../../untrusted.ts'

export class MessageItem {
  done = false
  readonly #answer: AnswerSoFar
  readonly #texts = new Map<number, TextPart>()
  readonly #refusals = new Map<number, RefusalPart>()
  readonly #at: Place
  #hasPhase = false
  /** what the announcement held, which is all there is where nothing follows */
  #announced: readonly JsonObject[] = []

  constructor(answer: AnswerSoFar) {
    this.#answer = answer
    this.#at = answer.place()
  }

  text(index = 0): TextPart {
    const part = this.#texts.get(index) ?? new TextPart(this.#answer)
    this.#texts.set(index, part)
    return part
  }

  refusal(index = 0): RefusalPart {
    const part = this.#refusals.get(index) ?? new RefusalPart(this.#answer)
    this.#refusals.set(index, part)
    return part
  }

  added(item: JsonObject): Delta[] {
    this.#announced = partsOf(item)
    return this.phase(item)
  }

  /** In: the item as its `done` event shows it. */
  finish(item: JsonObject): Delta[] {
    this.done = true
    const phase = this.phase(item)
    const rest = partsOf(item).flatMap((part, index) => {
      if (isText(part)) return this.text(index).whole(part)
      if (part.type === 'refusal') return this.refusal(index).whole(part.refusal)
      return []
    })
    return [...phase, ...rest]
  }

  /** The answer has ended. */
  close(): Delta[] {
    const hasPart = this.#texts.size > 0 || this.#refusals.size > 0
    return this.done || hasPart ? [] : this.finish({ content: this.#announced })
  }

  /** Emitted once, by whatever event shows it first. */
  phase({ phase }: JsonObject): Delta[] {
    if (this.#hasPhase || !isPhase(phase)) return []
    this.#hasPhase = true
    return [{ type: 'phase', phase, at: this.#at }]
  }
}

/** The parts of an item. Some servers have its text there in place of a list. */
function partsOf(item: JsonObject): readonly JsonObject[] {
  const parts = entriesOf(item.content, 'content', (text) => ({ type: 'output_text', text }))
  for (const { type } of parts) {
    if (typeof type !== 'string') throw unreadable('the type of a content part')
  }
  return parts
}

/** `text` is what the part is called in other APIs. */
export function isText({ type }: JsonObject): boolean {
  return type === 'output_text' || type === 'text'
}

/** The text of an item's parts, as far as it is content. */
function textOf(item: JsonObject): string {
  return partsOf(item)
    .map((part) => (isText(part) ? asText(part.text) : ''))
    .join('')
}

export class TextPart {
  readonly #answer: AnswerSoFar
  readonly #text: TextBlockSoFar
  /** the code points of content before this part */
  #offset: number | undefined
  #sentLogprobs = 0
  readonly #cited = new Set<number>()

  constructor(answer: AnswerSoFar) {
    this.#answer = answer
    this.#text = new TextBlockSoFar(answer)
  }

  /** In: an `output_text.delta` event. */
  piece({ delta, logprobs }: JsonObject): Delta[] {
    return this.#emit(asText(delta), Array.isArray(logprobs) ? logprobs : [])
  }

  /** In: the whole part, or an `output_text.done` event, which has the same members. */
  whole(part: JsonObject): Delta[] {
    return this.complete(part, this.restOf(part))
  }

  /** What of a whole part was not emitted here. */
  restOf({ text }: JsonObject): string {
    return this.#text.sent.restOf(asText(text))
  }

  /** `rest`: the text of the whole part that is to be emitted. */
  complete({ logprobs, annotations }: JsonObject, rest: string): Delta[] {
    const newLogprobs = Array.isArray(logprobs) ? logprobs.slice(this.#sentLogprobs) : []
    return [...this.#emit(rest, newLogprobs), ...this.#cite(asObjects(annotations).entries())]
  }

  /** In: an `output_text.annotation.added` event. */
  cite({ annotation, annotation_index: index }: JsonObject): Delta[] {
    return this.#cite([[asNumber(index) ?? this.#cited.size, asObject(annotation)]])
  }

  #emit(text: string, logprobs: unknown[]): Delta[] {
    if (text === '') return []
    this.#offset ??= this.#answer.content
    this.#answer.sent.add(text)
    this.#sentLogprobs += logprobs.length
    return this.#text.piece(text, logprobs.length > 0 ? logprobs : undefined)
  }

  #cite(annotations: Iterable<[number, JsonObject]>): Delta[] {
    const offset = this.#offset ?? this.#answer.content
    const added: Citation[] = []
    for (const [index, annotation] of annotations) {
      if (this.#cited.has(index)) continue
      this.#cited.add(index)
      if (annotation.type === 'url_citation') added.push(citationOf(annotation, offset))
    }
    return added.length > 0 ? [{ type: 'annotations', citations: added }] : []
  }
}

function citationOf(annotation: JsonObject, offset: number): Citation {
  const { start_index: start, end_index: end, title, url } = annotation
  return {
    url: asLabel(url),
    title: asLabel(title),
    start: offset + (asNumber(start) ?? 0),
    end: offset + (asNumber(end) ?? 0),
  }
}

export class RefusalPart {
  readonly #answer: AnswerSoFar
  readonly #sent = new SentText()

  constructor(answer: AnswerSoFar) {
    this.#answer = answer
  }

  piece(value: unknown): Delta[] {
    const text = asText(value, 'refusal')
    if (text === '') return []
    this.#sent.add(text)
    return [...this.#answer.closeBlock(), { type: 'refusal', text }]
  }

  whole(value: unknown): Delta[] {
    return this.piece(this.#sent.restOf(asText(value, 'refusal')))
  }
}

/**
 * Completes the text of one message after the other from the last event, which shows all of them whole; they are given at
 * the beginning. It adds what the stream left out and takes nothing back: where the two contradict each other, the stream
 * stays.
 */
export class TextCompletion {
  readonly #answer: AnswerSoFar
  /** the text of the whole answer goes on where the stream ended, however both cut it into items and parts */
  readonly #isContinued: boolean
  readonly #streamed: number
  readonly #whole: number
  /** how much of the whole text lies before the part at hand */
  #before = 0

  constructor(answer: AnswerSoFar, messages: readonly JsonObject[]) {
    const whole = messages.map(textOf).join('')
    this.#answer = answer
    this.#isContinued = answer.sent.isContinuedBy(whole)
    this.#streamed = answer.sent.length
    this.#whole = whole.length
  }

  complete(item: MessageItem, entry: JsonObject): Delta[] {
    item.done = true
    const deltas = [...item.phase(entry)]
    for (const [index, part] of partsOf(entry).entries()) {
      if (part.type === 'refusal') deltas.push(...item.refusal(index).whole(part.refusal))
      else if (isText(part)) {
        const known = item.text(index)
        const missing = this.#restOf(asText(part.text), known.restOf(part))
        deltas.push(...known.complete(part, missing))
      }
    }
    return deltas
  }

  /** `rest`: what this part lacks, seen by itself. It is emitted only while the answer is shorter than the whole of it. */
  #restOf(text: string, rest: string): string {
    const missing = this.#streamed - this.#before
    this.#before += text.length
    if (this.#isContinued) return text.slice(Math.max(0, missing))
    return this.#answer.sent.length + rest.length <= this.#whole ? rest : ''
  }
}
