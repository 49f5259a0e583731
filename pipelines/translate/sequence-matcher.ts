/**
 * Finds one sequence in a text that comes piece by piece, looking at every UTF-16 unit once.
 * Source: Knuth, Morris, Pratt, "Fast Pattern Matching in Strings", 1977.
 */
export class SequenceMatcher {
  readonly length: number
  /** how many units at the end of the text may be the beginning of the sequence */
  matched = 0
  readonly #sequence: string
  /** for each beginning of the sequence, the longest shorter beginning that it ends in */
  readonly #shorter: Uint32Array

  /** `sequence` is not empty. */
  constructor(sequence: string) {
    this.#sequence = sequence
    this.length = sequence.length
    this.#shorter = new Uint32Array(sequence.length)
    for (let at = 1, known = 0; at < sequence.length; at++) {
      known = this.#advance(known, sequence.charCodeAt(at))
      this.#shorter[at] = known
    }
  }

  /** Takes the next unit of the text; true when it completes the sequence. */
  feed(unit: number): boolean {
    this.matched = this.#advance(this.matched, unit)
    if (this.matched < this.length) return false
    this.matched = this.#shorter[this.length - 1] ?? 0
    return true
  }

  #advance(known: number, unit: number): number {
    let length = known
    while (length > 0 && this.#sequence.charCodeAt(length) !== unit) {
      length = this.#shorter[length - 1] ?? 0
    }
    return this.#sequence.charCodeAt(length) === unit ? length + 1 : 0
  }
}
