/** A message item: its parts by content index. Commentary and final answer are both content. */
import type { Delta } from '../../delta.ts'
import type { JsonObject } from '../../wire/chat.ts'
import type { AnswerSoFar } from '../answer-so-far.ts'
import { asObjects } from '../wire-value.ts'
import { RefusalPart, TextPart } from './text-part.ts'

export class MessageItem {
  done = false
  readonly #soFar: AnswerSoFar
  readonly #texts = new Map<number, TextPart>()
  readonly #refusals = new Map<number, RefusalPart>()

  constructor(soFar: AnswerSoFar) {
    this.#soFar = soFar
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

  /** In: the item as its `done` event shows it. */
  finish(item: JsonObject): Delta[] {
    this.done = true
    return asObjects(item.content).flatMap((part, index) => {
      if (part.type === 'output_text') return this.text(index).whole(part)
      if (part.type === 'refusal') return this.refusal(index).whole(part.refusal)
      return []
    })
  }
}
