/**
 * A reasoning item: readable as it comes, and at its end once more whole, in the form in which a client can hand it back.
 * An item has a summary, or the raw text of an open-weight model; of one that has both, the kind that came first is shown.
 */
import type { Delta } from '../../delta.ts'
import type { JsonObject, ReasoningDetail } from '../../wire/chat.ts'
import type { AnswerSoFar, ReasoningPart } from '../answer-so-far.ts'
import { asName, asObjects, asText } from '../wire-value.ts'
import { restOf } from './rest.ts'

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

  constructor(origin: Origin, soFar: AnswerSoFar) {
    this.#origin = origin
    this.#soFar = soFar
    this.#at = soFar.place()
  }

  slot(kind: Kind, index = 0): ReasoningSlot {
    return {
      piece: (value) => this.#show(kind, index, asText(value)),
      whole: (value) => this.#whole(kind, index, asText(value)),
    }
  }

  /** In: the item as its `done` event shows it; only there is the encrypted content sure to be whole. */
  finish(item: JsonObject): Delta[] {
    if (this.done) return []
    this.done = true
    const rest = [...this.#rest('summary', item.summary), ...this.#rest('text', item.content)]
    const details = [...this.#readable(), ...this.#encrypted(item)]
    return details.length > 0 ? [...rest, { type: 'reasoning-detail', details }] : rest
  }

  #show(kind: Kind, index: number, text: string): Delta[] {
    if (text === '' || (this.#shown ?? kind) !== kind) return []
    this.#shown = kind
    const part = this.#parts.get(index) ?? { text: '' }
    this.#parts.set(index, part)
    return this.#soFar.reasoning(part, text)
  }

  #whole(kind: Kind, index: number, text: string): Delta[] {
    return this.#show(kind, index, restOf(text, this.#parts.get(index)?.text ?? ''))
  }

  #rest(kind: Kind, parts: unknown): Delta[] {
    return asObjects(parts).flatMap(({ text }, index) => this.#whole(kind, index, asText(text)))
  }

  #readable(): ReasoningDetail[] {
    const text = [...this.#parts.values()].map((part) => part.text).join('\n\n')
    if (text === '') return []
    const rest = { format, ...this.#origin, at: this.#at }
    return this.#shown === 'text'
      ? [{ type: 'reasoning.text', text, ...rest }]
      : [{ type: 'reasoning.summary', summary: text, ...rest }]
  }

  #encrypted(item: JsonObject): ReasoningDetail[] {
    const data = asName(item.encrypted_content)
    if (data === undefined) return []
    const id = asName(item.id)
    const { index, model } = this.#origin
    return [
      { type: 'reasoning.encrypted', data, format, index, ...(id && { id }), model, at: this.#at },
    ]
  }
}
