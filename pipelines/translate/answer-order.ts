/** The order that every answer keeps, whatever its provider did: one `start` first, nothing after `stop` or `failure`. */
import type { Delta } from '../delta.ts'

export class AnswerOrder {
  over = false
  #started = false

  /** Hands each delta that keeps the order to `take`. An upstream that never said it starts gets a `start` without an id. */
  pass(deltas: readonly Delta[], take: (delta: Delta) => void): void {
    for (const delta of deltas) {
      if (this.over) return
      if (delta.type === 'start') {
        if (!this.#started) take(delta)
        this.#started = true
        continue
      }
      if (delta.type === 'failure') this.over = true
      else this.#begin(take)
      if (delta.type === 'stop') this.over = true
      take(delta)
    }
  }

  #begin(take: (delta: Delta) => void): void {
    if (this.#started) return
    this.#started = true
    take({ type: 'start', id: undefined })
  }
}
