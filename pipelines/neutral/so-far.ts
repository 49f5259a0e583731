/** What an answer holds up to now, as far as later deltas are told by it: positions, indexes, separators. */
import type { Delta } from './delta.ts'
import { ProtocolError, asJsonText } from '../wire-value.ts'

const surrogate = /[\ud800-\udfff]/

/** Readable reasoning that belongs together: one thinking block, one summary part. */
export interface ReasoningPart {
  text: string
}

export class AnswerSoFar {
  /** code points of content */
  content = 0
  /** the content itself, where a last event shows it once more */
  readonly sent = new SentText()
  /** tool calls that have begun */
  tools = 0
  /** the upstream's id of the answer, or another that no other answer has */
  id: string | undefined
  #endsInHighSurrogate = false
  #hasReasoning = false

  /** Counts a piece of content. A pair of surrogates that is cut by two pieces is one code point all the same. */
  addContent(text: string): void {
    if (!this.#endsInHighSurrogate && !surrogate.test(text)) {
      this.content += text.length
      return
    }
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      const completesPair = this.#endsInHighSurrogate && unit >= 0xdc00 && unit <= 0xdfff
      if (!completesPair) this.content += 1
      this.#endsInHighSurrogate = unit >= 0xd800 && unit <= 0xdbff
    }
  }

  /** The index of a tool call that begins now. */
  nextTool(): number {
    const index = this.tools
    this.tools += 1
    return index
  }

  /** The id of a call that the upstream gave none: unlike those of other answers, which the client sends back beside it. */
  callId(index: number): string {
    const answer = this.id?.replace(/[^\w-]/g, '')
    return answer ? `call_${answer}_${index}` : `call_${index}`
  }

  /** Where in the message something stands that comes now. */
  place(): { content: number; tools: number } {
    return { content: this.content, tools: this.tools }
  }

  /** A piece of readable reasoning, with a blank line in front where another part came before. */
  reasoning(part: ReasoningPart, piece: string): Delta[] {
    if (piece === '') return []
    const gap = part.text === '' && this.#hasReasoning ? '\n\n' : ''
    part.text += piece
    this.#hasReasoning = true
    return [{ type: 'reasoning', text: gap + piece }]
  }
}

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

/** JSON that comes in pieces: the text of each, and whether it has come to its end. Nothing of it is kept. */
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
