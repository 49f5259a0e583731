/** What of an answer's text a citation is about: it says so in code points of the whole content. */
import type { Citation } from '../../neutral/delta.ts'

/** UTF-16 units of a cited text that the client gets at most. */
const maxCited = 150

/** The text of the open block, for citations. It is kept only where the client searches: it may be long. */
export class CitedText {
  readonly #isKept: boolean
  /** code points of content before the block */
  #before = 0
  #text = ''

  constructor(isKept: boolean) {
    this.#isKept = isKept
  }

  add(text: string): void {
    if (this.#isKept) this.#text += text
  }

  endBlock(): void {
    if (!this.#isKept) return
    this.#before += Array.from(this.#text).length
    this.#text = ''
  }

  slice({ start, end }: Citation): string {
    const from = Math.max(start - this.#before, 0)
    const to = Math.max(end - this.#before, 0)
    return Array.from(this.#text).slice(from, to).join('').slice(0, maxCited)
  }
}
