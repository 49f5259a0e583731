/** The order that every answer keeps, whatever its provider did: one `start` first, nothing after `stop` or `failure`. */
import type { Delta } from '../delta.ts'

export class AnswerOrder {
  over = false
  #started = false

  /** Adds each delta that keeps the order to `told`. An upstream that never said it starts gets a `start` without an id. */
  pass(deltas: readonly Delta[], told: Delta[]): void {
    for (const delta of deltas) {
      if (this.over) return
      if (delta.type === 'start') {
        if (!this.#started) told.push(delta)
        this.#started = true
        continue
      }
      if (delta.type === 'failure') this.over = true
      else this.#begin(told)
      if (delta.type === 'stop') this.over = true
      told.push(delta)
    }
  }

  #begin(told: Delta[]): void {
    if (this.#started) return
    this.#started = true
    told.push({ type: 'start', id: undefined })
  }
}
