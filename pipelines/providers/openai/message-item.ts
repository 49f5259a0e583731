/** A message item: its parts by content index, and its phase. Commentary and final answer are both content. */
import { isPhase, type Delta, type Place } from '../../neutral/delta.ts'
import type { JsonObject } from '../../json/value.ts'
import type { AnswerSoFar } from '../../neutral/so-far.ts'
import { asText, entriesOf, unreadable } from '../../wire-value.ts'
import { RefusalPart, TextPart } from './text-part.ts'

export class MessageItem {
  done = false
  readonly #soFar: AnswerSoFar
  readonly #texts = new Map<number, TextPart>()
  readonly #refusals = new Map<number, RefusalPart>()
  readonly #at: Place
  #toldPhase = false
  /** what the announcement held, which is all there is where nothing follows */
  #announced: JsonObject[] = []

  constructor(soFar: AnswerSoFar) {
    this.#soFar = soFar
    this.#at = soFar.place()
  }

  text(index = 0): TextPart {
    const part = this.#texts.get(index) ?? new TextPart(this.#soFar)
    this.#texts.set(index, part)
    return part
  }

  refusal(index = 0): RefusalPart {
    const part = this.#refusals.get(index) ?? new RefusalPart()
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
    const hasSaid = this.#texts.size > 0 || this.#refusals.size > 0
    return this.done || hasSaid ? [] : this.finish({ content: this.#announced })
  }

  /** Told once, by whatever event shows it first. */
  phase({ phase }: JsonObject): Delta[] {
    if (this.#toldPhase || !isPhase(phase)) return []
    this.#toldPhase = true
    return [{ type: 'phase', phase, at: this.#at }]
  }
}

/** The parts of an item. Some servers have its text there in place of a list. */
export function partsOf(item: JsonObject): JsonObject[] {
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
export function textOf(item: JsonObject): string {
  return partsOf(item)
    .map((part) => (isText(part) ? asText(part.text) : ''))
    .join('')
}
