/**
 * A reasoning item: readable as it comes, and at its end once more whole, in the form in which a client can hand it back.
 * An item has a summary, or the raw text of an open-weight model; of one that has both, the kind that came first is shown.
 */
import type { Delta } from '../../neutral/delta.ts'
import type { JsonObject } from '../../json/value.ts'
import type { ReasoningDetail } from '../../wire/chat.ts'
import type { AnswerSoFar, ReasoningPart } from '../../neutral/so-far.ts'
import { asName, asText, entriesOf, unreadable } from '../../wire-value.ts'

const format = 'openai-responses-v1'

type Kind = 'summary' | 'text'

/** One readable part, fed with pieces or with the whole. */
export interface ReasoningSlot {
  piece(value: unknown): Delta[]
  whole(value: unknown): Delta[]
}

/** Where reasoning comes from: its item's index, and the model that alone takes it back. */
interface Origin {
  index: number
  model: string
}

export class ReasoningItem {
  done = false
  readonly #origin: Origin
  readonly #soFar: AnswerSoFar
  readonly #at: { content: number; tools: number }
  readonly #parts = new Map<number, ReasoningPart>()
  #shown: Kind | undefined
  /** the item as it was announced, which is all there is where nothing follows */
  #announced: JsonObject = {}
  #hasDetails = false
  #isEncrypted = false

  constructor(origin: Origin, soFar: AnswerSoFar) {
    this.#origin = origin
    this.#soFar = soFar
    this.#at = soFar.place()
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
    const rest = [...this.#rest('summary', item.summary), ...this.#rest('text', item.content)]
    const details = [...this.#readable(), ...this.#encrypted(item)]
    return details.length > 0 ? [...rest, { type: 'reasoning-detail', details }] : rest
  }

  /** The answer has ended. */
  close(): Delta[] {
    return this.finish(this.#shown ? {} : this.#announced)
  }

  #show(kind: Kind, index: number, text: string): Delta[] {
    if (text === '' || (this.#shown ?? kind) !== kind) return []
    this.#shown = kind
    const part = this.#parts.get(index) ?? { text: '' }
    this.#parts.set(index, part)
    return this.#soFar.reasoning(part, text)
  }

  #whole(kind: Kind, index: number, text: string): Delta[] {
    const { text: sent } = this.#parts.get(index) ?? { text: '' }
    return text.startsWith(sent) ? this.#show(kind, index, text.slice(sent.length)) : []
  }

  #rest(kind: Kind, parts: unknown): Delta[] {
    const entries = entriesOf(parts, 'reasoning', (text) => ({ text }))
    return entries.flatMap(({ type, text }, index) => {
      if (typeof type !== 'string' && text === undefined) throw unreadable('reasoning')
      return this.#whole(kind, index, asText(text, 'reasoning'))
    })
  }

  #readable(): ReasoningDetail[] {
    const text = [...this.#parts.values()].map((part) => part.text).join('\n\n')
    if (text === '' || this.#hasDetails) return []
    this.#hasDetails = true
    const rest = { format, ...this.#origin, at: this.#at }
    return this.#shown === 'text'
      ? [{ type: 'reasoning.text', text, ...rest }]
      : [{ type: 'reasoning.summary', summary: text, ...rest }]
  }

  #encrypted(item: JsonObject): ReasoningDetail[] {
    const data = asName(item.encrypted_content)
    if (data === undefined || this.#isEncrypted) return []
    this.#isEncrypted = true
    const id = asName(item.id)
    const { index, model } = this.#origin
    return [
      { type: 'reasoning.encrypted', data, format, index, ...(id && { id }), model, at: this.#at },
    ]
  }
}
