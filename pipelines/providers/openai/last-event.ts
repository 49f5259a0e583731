/**
 * What the last event of a response shows of it whole, compared with what its stream told: it completes what was left out
 * and takes nothing back. Of a list that contradicts the stream, what was told stays.
 */
import type { Delta } from '../../neutral/delta.ts'
import type { JsonObject } from '../../json/value.ts'
import type { AnswerSoFar } from '../../neutral/so-far.ts'
import { asText } from '../../wire-value.ts'
import { isText, partsOf, textOf, type MessageItem } from './message-item.ts'

/** Completes the text of one message after the other; all of them are given at the beginning. */
export class TextCompletion {
  readonly #soFar: AnswerSoFar
  /** the text of the whole answer goes on where the stream ended, however both cut it into items and parts */
  readonly #isContinued: boolean
  readonly #told: number
  readonly #whole: number
  /** how much of the whole text lies before the part at hand */
  #before = 0

  constructor(soFar: AnswerSoFar, messages: readonly JsonObject[]) {
    const whole = messages.map(textOf).join('')
    this.#soFar = soFar
    this.#isContinued = soFar.sent.isContinuedBy(whole)
    this.#told = soFar.sent.length
    this.#whole = whole.length
  }

  complete(item: MessageItem, entry: JsonObject): Delta[] {
    item.done = true
    const phase = item.phase(entry)
    const rest = partsOf(entry).flatMap((part, index) => {
      if (part.type === 'refusal') return item.refusal(index).whole(part.refusal)
      if (!isText(part)) return []
      const known = item.text(index)
      const missing = this.#restOf(asText(part.text), known.restOf(part))
      return known.complete(part, missing)
    })
    return [...phase, ...rest]
  }

  /** `rest`: what this part lacks, seen by itself. It is told only while the answer is shorter than the whole of it. */
  #restOf(text: string, rest: string): string {
    const missing = this.#told - this.#before
    this.#before += text.length
    if (this.#isContinued) return text.slice(Math.max(0, missing))
    return this.#soFar.sent.length + rest.length <= this.#whole ? rest : ''
  }
}
