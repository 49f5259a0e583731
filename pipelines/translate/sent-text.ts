/**
 * How much of a text a client has, and whether a longer one goes on from there. Of the text itself nothing is kept: an
 * answer that comes in small pieces would be held as a string a piece, a multiple of its size, for every stream that is open.
 */
export class SentText {
  /** UTF-16 units */
  length = 0
  #hash = hashSeed

  add(piece: string): void {
    this.#hash = hashOf(piece, piece.length, this.#hash)
    this.length += piece.length
  }

  /**
   * The rest rule: an event that carries a whole value adds what the deltas left out. A value that does not continue what
   * was sent adds nothing, so each character is sent once whether an upstream sends deltas, whole values, or both.
   */
  restOf(whole: string): string {
    return this.isContinuedBy(whole) ? whole.slice(this.length) : ''
  }

  isContinuedBy(whole: string): boolean {
    return whole.length >= this.length && hashOf(whole, this.length) === this.#hash
  }
}

const hashSeed = 0x811c9dc5

/** FNV-1a over the UTF-16 units. Source: Fowler, Noll, Vo, "FNV Hash", 32 bit. */
function hashOf(text: string, length: number, before = hashSeed): number {
  let hash = before
  for (let at = 0; at < length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}
