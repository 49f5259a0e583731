/**
 * Text that grows by small pieces. They are joined as they come: held one by one, or as the tree that `+=` makes of them, they
 * are several times as large.
 */
export class GrowingText {
  #joined = ''
  readonly #pieces: string[] = []

  add(piece: string): void {
    this.#pieces.push(piece)
    if (this.#pieces.length === piecesHeld) this.toString()
  }

  toString(): string {
    if (this.#pieces.length > 0) {
      this.#joined = [this.#joined, ...this.#pieces].join('')
      this.#pieces.length = 0
    }
    return this.#joined
  }
}

const piecesHeld = 256
