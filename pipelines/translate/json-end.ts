/** JSON that comes in pieces: the text of each, and whether it has come to its end. Nothing of it is kept. */
import { asJsonText, ProtocolError } from './wire-value.ts'

const quote = 0x22
const backslash = 0x5c

export class JsonEnd {
  #depth = 0
  #inString = false
  #isEscaped = false
  #begun = false
  #isObject = false

  /**
   * The text of a piece. Some servers send the whole at once, as the value that it is. Throws ProtocolError where it is
   * only one of several.
   */
  textOf(piece: unknown): string {
    const text = asJsonText(piece)
    if (text === '') return text
    if (this.#isObject || (this.#begun && typeof piece !== 'string')) {
      throw new ProtocolError('The upstream sent a tool call in pieces that do not fit together.')
    }
    this.#isObject = typeof piece !== 'string'
    return text
  }

  add(piece: string): void {
    for (let at = 0; at < piece.length; at++) this.#unit(piece.charCodeAt(at))
    this.#begun ||= piece.trim() !== ''
  }

  /** By its brackets and quotes: nothing is open. What is no JSON at all may be called whole, too: it is passed on as it came. */
  get isWhole(): boolean {
    return this.#begun && this.#depth <= 0 && !this.#inString
  }

  #unit(unit: number): void {
    if (this.#inString) {
      if (this.#isEscaped) this.#isEscaped = false
      else if (unit === backslash) this.#isEscaped = true
      else if (unit === quote) this.#inString = false
      return
    }
    if (unit === quote) this.#inString = true
    else if (unit === 0x7b || unit === 0x5b) this.#depth += 1
    else if (unit === 0x7d || unit === 0x5d) this.#depth -= 1
  }
}

export function isWholeJson(text: string): boolean {
  const json = new JsonEnd()
  json.add(text)
  return json.isWhole
}
