/**
 * A reasoning item: readable as it comes, and at its end once more whole, with its encrypted content as the seal.
 * An item has a summary, or the raw text of an open-weight model; of one that has both, the kind that came first is shown.
 */
import type { JsonObject } from '../../json/value.ts'
import type { Delta } from '../../neutral/delta.ts'
import { GrowingText } from '../../neutral/growing-text.ts'
import type { Seal } from '../../neutral/reasoning.ts'
import { ReasoningSoFar, type AnswerSoFar } from '../../neutral/so-far.ts'
import { asName, asText, entriesOf, unreadable } from '../../untrusted.ts'
import { maker } from './reasoning.ts'

type Kind = 'summary' | 'raw'

/** One readable part, fed with pieces or with the whole. */
export interface ReasoningSlot {
  piece(value: unknown): Delta[]
  whole(value: unknown): Delta[]
}

export class ReasoningItem {
  done = false
  readonly #reasoning: ReasoningSoFar
  /** texts by the index of their part */
  readonly #parts = new Map<number, GrowingText>()
  #shown: Kind | undefined
  /** the item as it was announced, which is all there is where nothing follows */
  #announced: JsonObject = {}
  #hasText = false
  #isSealed = false

  /** `model`: the upstream's name of the model that made the item, which alone takes it back. */
  constructor(index: number, model: string, answer: AnswerSoFar) {
    this.#reasoning = new ReasoningSoFar('summary', { index, maker, model }, answer)
  }

  slot(kind: Kind, index = 0): ReasoningSlot {
    return {
      piece: (value) => this.#show(kind, index, asText(value, 'reasoning')),
      whole: (value) => this.#whole(kind, index, asText(value, 'reasoning')),
    }
  }

  added({ summary, content }: JsonObject): void {
    this.#announced = { summary, content }
  }

  /** In: the item as its `done` event shows it; only there and in the last is the encrypted content sure to be whole. */
  finish(item: JsonObject): Delta[] {
    if (this.done) return []
    this.done = true
    return this.complete(item)
  }

  /** In: the item as the last event shows it; it may have been done with less. */
  complete(item: JsonObject): Delta[] {
    const rest = [...this.#rest('summary', item.summary), ...this.#rest('raw', item.content)]
    const text = this.#hasText ? '' : [...this.#parts.values()].join('\n\n')
    this.#hasText ||= text !== ''
    return [...rest, ...this.#reasoning.stop(text, this.#sealIn(item))]
  }

  /** The answer has ended. */
  close(): Delta[] {
    return this.finish(this.#shown ? {} : this.#announced)
  }

  #show(kind: Kind, index: number, text: string): Delta[] {
    if (text === '' || (this.#shown ?? kind) !== kind) return []
    this.#shown = kind
    this.#reasoning.kind = kind
    let part = this.#parts.get(index)
    const isNewPart = part === undefined && this.#parts.size > 0
    if (!part) this.#parts.set(index, (part = new GrowingText()))
    part.add(text)
    return this.#reasoning.piece(text, isNewPart)
  }

  #whole(kind: Kind, index: number, text: string): Delta[] {
    const sent = this.#parts.get(index)?.toString() ?? ''
    return text.startsWith(sent) ? this.#show(kind, index, text.slice(sent.length)) : []
  }

  #rest(kind: Kind, parts: unknown): Delta[] {
    const entries = entriesOf(parts, 'reasoning', (text) => ({ text }))
    return entries.flatMap(({ type, text }, index) => {
      if (typeof type !== 'string' && text === undefined) throw unreadable('reasoning')
      return this.#whole(kind, index, asText(text, 'reasoning'))
    })
  }

  /** The encrypted content, once. */
  #sealIn(item: JsonObject): Seal | undefined {
    const data = asName(item.encrypted_content)
    if (data === undefined || this.#isSealed) return undefined
    this.#isSealed = true
    const id = asName(item.id)
    return { data, ...(id !== undefined && { id }) }
  }
}
