/** The items of a Responses answer that hold text: messages and reasoning. At most one of them is open. */
import type { JsonObject } from '../../json/value.ts'
import type { Citation } from '../../neutral/delta.ts'
import { GrowingText } from '../../neutral/growing-text.ts'
import type { ResponsesItem } from '../../wire/responses.ts'
import type { EmitPiece, Events } from './events.ts'

/** Where an item stands: its id, and its place in the output. */
export interface ItemPlace {
  item_id: string
  output_index: number
}

type Status = 'in_progress' | 'completed' | 'incomplete'

/** A message: a run of text and the model's words of refusal, each a part of its content. */
export class MessageItem {
  readonly #place: ItemPlace
  readonly #events: Events | undefined
  readonly #parts: JsonObject[] = []
  #open: OpenPart | undefined
  /** code points of text in the answer, up to the end of the last part that is closed */
  points: number

  /** `points`: code points of text in front of it. */
  constructor(place: ItemPlace, points: number, events: Events | undefined) {
    this.#place = place
    this.points = points
    this.#events = events
    const { output_index } = place
    events?.emit('response.output_item.added', { output_index, item: this.#item('in_progress') })
  }

  #item(status: Status): ResponsesItem {
    const content = this.#parts
    return { id: this.#place.item_id, type: 'message', status, role: 'assistant', content }
  }

  addText(text: string, logprobs: unknown[] | undefined): void {
    const part = this.#partOf('output_text')
    part.text.add(text)
    if (!logprobs) part.emit?.(text)
    else {
      part.logprobs.push(...logprobs)
      this.#events?.emit('response.output_text.delta', { ...part.at, delta: text, logprobs })
    }
  }

  addRefusal(text: string): void {
    const part = this.#partOf('refusal')
    part.text.add(text)
    part.emit?.(text)
  }

  /** Of the open part; citations count the code points of the whole content. */
  annotate(citations: readonly Citation[]): void {
    const part = this.#open
    if (part?.type !== 'output_text') return
    for (const { url, title, start, end } of citations) {
      const annotation = {
        type: 'url_citation',
        start_index: Math.max(start - this.points, 0),
        end_index: Math.max(end - this.points, 0),
        title,
        url,
      }
      const annotation_index = part.annotations.push(annotation) - 1
      this.#events?.emit('response.output_text.annotation.added', {
        ...part.at,
        annotation_index,
        annotation,
      })
    }
  }

  /** The whole item. */
  close(status: Status): ResponsesItem {
    this.#closePart()
    const item = this.#item(status)
    const { output_index } = this.#place
    this.#events?.emit('response.output_item.done', { output_index, item })
    return item
  }

  #partOf(type: OpenPart['type']): OpenPart {
    if (this.#open?.type === type) return this.#open
    this.#closePart()
    const { item_id, output_index } = this.#place
    const at = { item_id, output_index, content_index: this.#parts.length }
    const part = emptyPart(type)
    this.#events?.emit('response.content_part.added', { ...at, part })
    const behind = type === 'output_text' ? { logprobs: [] } : {}
    this.#open = {
      type,
      at,
      text: new GrowingText(),
      logprobs: [],
      annotations: [],
      emit: this.#events?.pieces(`response.${type}.delta`, at, behind),
    }
    return this.#open
  }

  #closePart(): void {
    const open = this.#open
    if (!open) return
    this.#open = undefined
    const text = open.text.toString()
    const { type, at, annotations, logprobs } = open
    const isText = type === 'output_text'
    if (isText) this.points += pointsOf(text)
    const part = isText ? { type, text, annotations, logprobs } : { type, refusal: text }
    this.#parts.push(part)
    const whole = isText ? { text, logprobs } : { refusal: text }
    this.#events?.emit(`response.${type}.done`, { ...at, ...whole })
    this.#events?.emit('response.content_part.done', { ...at, part })
  }
}

interface OpenPart {
  type: 'output_text' | 'refusal'
  at: object
  text: GrowingText
  logprobs: unknown[]
  annotations: object[]
  /** where the answer is streamed */
  emit: EmitPiece | undefined
}

function emptyPart(type: OpenPart['type']): JsonObject {
  return type === 'refusal'
    ? { type, refusal: '' }
    : { type, text: '', annotations: [], logprobs: [] }
}

/** An item of reasoning: what the client reads of it, in parts, and the seal under which it hands it back. */
export class ReasoningItem {
  readonly #place: ItemPlace
  readonly #events: Events | undefined
  readonly #summary: JsonObject[] = []
  #open: { at: object; text: GrowingText; emit: EmitPiece | undefined } | undefined

  constructor(place: ItemPlace, events: Events | undefined) {
    this.#place = place
    this.#events = events
    const { output_index } = place
    events?.emit('response.output_item.added', { output_index, item: this.#item(null) })
  }

  addText(text: string): void {
    this.#open ??= this.#begunPart()
    this.#open.text.add(text)
    this.#open.emit?.(text)
  }

  endPart(): void {
    const open = this.#open
    if (!open) return
    this.#open = undefined
    const text = open.text.toString()
    const part = { type: 'summary_text', text }
    this.#summary.push(part)
    this.#events?.emit('response.reasoning_summary_text.done', { ...open.at, text })
    this.#events?.emit('response.reasoning_summary_part.done', { ...open.at, part })
  }

  close(seal: string | null): ResponsesItem {
    this.endPart()
    const item = { ...this.#item(seal), status: 'completed' }
    const { output_index } = this.#place
    this.#events?.emit('response.output_item.done', { output_index, item })
    return item
  }

  #item(encrypted_content: string | null): ResponsesItem {
    return {
      id: this.#place.item_id,
      type: 'reasoning',
      summary: this.#summary,
      encrypted_content,
      status: 'in_progress',
    }
  }

  #begunPart() {
    const at = { ...this.#place, summary_index: this.#summary.length }
    const part = { type: 'summary_text', text: '' }
    this.#events?.emit('response.reasoning_summary_part.added', { ...at, part })
    const emit = this.#events?.pieces('response.reasoning_summary_text.delta', at)
    return { at, text: new GrowingText(), emit }
  }
}

/** Code points. A pair of surrogates is one. */
function pointsOf(text: string): number {
  if (!/[\ud800-\udbff]/.test(text)) return text.length
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0)
}
