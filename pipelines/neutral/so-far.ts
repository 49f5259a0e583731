/** The answer so far, as a translator needs it for its next delta: positions, indexes, the block that is open. */
import { ProtocolError, asJsonText } from '../untrusted.ts'
import type { Delta } from './delta.ts'
import type { Place, Reasoning, Seal } from './reasoning.ts'

const surrogate = /[\ud800-\udfff]/

/** A block of text or reasoning: the deltas that begin it, and those that end it where another comes in between. */
export interface OpenBlock {
  readonly opening: Delta
  readonly interruption: readonly Delta[]
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
  #open: OpenBlock | undefined
  #endsInHighSurrogate = false

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
  place(): Place {
    return { content: this.content, tools: this.tools }
  }

  isOpen(block: OpenBlock): boolean {
    return this.#open === block
  }

  /** A piece of a block; the block is open afterwards, and no other. */
  inBlock(block: OpenBlock, piece: Delta): Delta[] {
    if (this.#open === block) return [piece]
    const deltas = [...this.closeBlock(), block.opening, piece]
    this.#open = block
    return deltas
  }

  /** Something else comes: the deltas that interrupt the block that is open. None is open afterwards. */
  closeBlock(): readonly Delta[] {
    const open = this.#open
    this.#open = undefined
    return open ? open.interruption : nothing
  }

  /** The block has ended by itself. */
  endBlock(block: OpenBlock): void {
    if (this.#open === block) this.#open = undefined
  }
}

const nothing: readonly Delta[] = []

const textStart: Delta = { type: 'text-start' }
const interruptedReasoning: readonly Delta[] = [{ type: 'reasoning-stop' }]

/** One block of text. */
export class TextBlockSoFar implements OpenBlock {
  readonly opening = textStart
  readonly interruption = nothing
  readonly sent = new SentText()
  readonly #answer: AnswerSoFar

  constructor(answer: AnswerSoFar) {
    this.#answer = answer
  }

  piece(text: string, logprobs?: unknown[]): Delta[] {
    this.#answer.addContent(text)
    this.sent.add(text)
    const delta: Delta = logprobs ? { type: 'text', text, logprobs } : { type: 'text', text }
    return this.#answer.inBlock(this, delta)
  }
}

/** Where reasoning comes from: its block or item, the format of its seal, and the model that alone takes it back. */
export interface ReasoningOrigin {
  index: number
  maker: string
  model: string
}

/** One block or item of reasoning. Its text is kept by its owner, who knows its parts. */
export class ReasoningSoFar implements OpenBlock {
  kind: Reasoning['kind']
  readonly interruption = interruptedReasoning
  readonly #answer: AnswerSoFar
  readonly #origin: ReasoningOrigin
  readonly #at: Place
  #hasText = false

  constructor(kind: Reasoning['kind'], origin: ReasoningOrigin, answer: AnswerSoFar) {
    this.kind = kind
    this.#origin = origin
    this.#answer = answer
    this.#at = answer.place()
  }

  get opening(): Delta {
    const { index } = this.#origin
    const start = { type: 'reasoning-start', kind: this.kind, index, at: this.#at } as const
    return this.#hasText ? { ...start, resumed: true } : start
  }

  /** `isNewPart`: the first piece of a part behind others. */
  piece(text: string, isNewPart: boolean): Delta[] {
    const part = isNewPart ? this.#answer.inBlock(this, { type: 'reasoning-part' }) : undefined
    const deltas = this.#answer.inBlock(this, { type: 'reasoning', text })
    this.#hasText = true
    return part ? [...part, ...deltas] : deltas
  }

  /** The end, or what came after it: `text` and `seal` as far as no stop had them before. */
  stop(text: string, seal?: Seal): Delta[] {
    const isNew = text !== '' || seal !== undefined
    if (!isNew) return this.#answer.isOpen(this) ? [...this.#answer.closeBlock()] : []
    const { index, maker, model } = this.#origin
    const reasoning = { kind: this.kind, text, maker, model, index, at: this.#at }
    const whole = seal ? { ...reasoning, seal } : reasoning
    const deltas = this.#answer.inBlock(this, { type: 'reasoning-stop', reasoning: whole })
    this.#answer.endBlock(this)
    return deltas
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
  /** text that is not in the hash yet; in an answer that comes as one body, all of it */
  #latest = ''

  add(piece: string): void {
    this.#settle()
    this.#latest = piece
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
    if (whole.length < this.length) return false
    this.#settle()
    return hashOf(whole, this.length) === this.#hash
  }

  #settle(): void {
    this.#hash = hashOf(this.#latest, this.#latest.length, this.#hash)
    this.#latest = ''
  }
}

const hashSeed = 0x811c9dc5

/** FNV-1a over the UTF-16 units. Source: Fowler, Noll, Vo, "FNV Hash", 32 bit. */
function hashOf(text: string, length: number, before = hashSeed): number {
  let hash = before
  for (let at = 0; at < length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}

const quote = 0x22
const backslash = 0x5c

/** JSON that comes in pieces: the text of each, and whether it has come to its end. Nothing of it is kept. */
export class JsonEnd {
  #depth = 0
  #inString = false
  #isEscaped = false
  #begun = false
  #opensValue = false
  #opensObject = false
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
    if (!this.#begun) this.#begin(piece.trimStart())
    for (let at = 0; at < piece.length; at++) this.#unit(piece.charCodeAt(at))
  }

  /** Adds a piece up to the end of the object that it belongs to. Returns how much of it that is; all, where none ends in it. */
  addObject(piece: string): number {
    if (!this.#begun) this.#begin(piece.trimStart())
    if (this.#opensObject) return this.addBrackets(piece)
    this.add(piece)
    return piece.length
  }

  /** The same of an object or a list. */
  addBrackets(piece: string): number {
    if (!this.#begun) this.#begin(piece.trimStart())
    for (let at = 0; at < piece.length; at++) {
      const before = this.#depth
      this.#unit(piece.charCodeAt(at))
      if (before === 1 && this.#depth === 0) return at + 1
    }
    return piece.length
  }

  #begin(text: string): void {
    this.#begun = text !== ''
    this.#opensObject = text.startsWith('{')
    this.#opensValue = this.#opensObject || text.startsWith('"')
  }

  /** By its brackets and quotes: nothing is open. Text that is not JSON may count as whole, too: it is passed on as it came. */
  get isWhole(): boolean {
    return this.#begun && this.#depth <= 0 && !this.#inString
  }

  /** It began as an object or a string and has not come to its end: whoever ran it would run something else than was meant. */
  get isCut(): boolean {
    return this.#opensValue && !this.isWhole
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
