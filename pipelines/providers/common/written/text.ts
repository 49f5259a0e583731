/**
 * The text of an answer with the calls taken out that a server left in it (`calls_in_text`). Held back is only what may still
 * become a call; all else is text, byte for byte. What stands in a fence or in quotes, or names no tool of the request, is never
 * a call: a model may be writing about calls, or repeating what it has read.
 */
import { partLength, TaggedText, type TextPiece } from '../tagged-text.ts'
import { bareCalls } from './json-calls.ts'
import { closings, notations, type Notation } from './notations.ts'
import { TextReader } from './reader.ts'
import type { WrittenCall, WrittenTools } from '../../../neutral/written-tools.ts'

type Reading = ReturnType<Notation>

/**
 * Characters; what is longer is no call, and nothing behind it is. Nor is anything behind as many that were read as calls and
 * were none: of calls within calls each is read to its end again.
 */
const longest = 4 * 1024 * 1024

const openings = [...notations.keys()]
const opening = new RegExp(
  openings.map((word) => word.replaceAll(/[[\]|]/g, String.raw`\$&`)).join('|'),
)

export class WrittenText {
  readonly #tools: WrittenTools
  readonly #tagged: TaggedText
  readonly #said = new SaidText()
  /** text of which it is not known yet what it is */
  #held = ''
  #reader = new TextReader(false)
  /** what the held text is being read as */
  #steps: Reading | undefined
  /** where in the held text that begins */
  #begun = 0
  /** an answer of nothing but JSON may be calls; undefined once that is decided */
  #bare: 'possible' | 'reading' | undefined = 'possible'
  #isBehindCall = false
  /** the model has ended its answer */
  #isOver = false
  /** characters that were read as calls and were none */
  #readInVain = 0
  /** the held text is white space, about which nothing is decided before something else comes */
  #isBlank = false
  /** whatever comes is text */
  #isPlain = false

  /** `isOpened` as of TaggedText. */
  constructor(tools: WrittenTools, isOpened = false) {
    this.#tools = tools
    this.#tagged = new TaggedText(isOpened)
  }

  get isUnmarked(): boolean {
    return this.#tagged.isUnmarked
  }

  push(text: string): TextPiece[] {
    const pieces: TextPiece[] = []
    this.#take(this.#tagged.push(text), pieces)
    return pieces
  }

  /**
   * Nothing comes that goes on with this text. `isEnd`: the model has ended its answer, so that a call without its last word is
   * whole; else the answer was cut, or something else comes.
   */
  flush(isEnd = false): TextPiece[] {
    const pieces: TextPiece[] = []
    this.#take(this.#tagged.flush(), pieces)
    this.#isOver = isEnd
    this.#reader.isOver = isEnd
    if (isEnd) this.#read(pieces)
    if (this.#held !== '') this.#bare = undefined
    this.#steps = undefined
    if (!this.#isBehindCall || this.#held.trim() !== '') this.#say(this.#held, pieces)
    this.#held = ''
    this.#isBlank = false
    return pieces
  }

  /** As of TaggedText; what is being read goes on. */
  flushBehind(): TextPiece[] {
    if (this.#held === '') return this.#tagged.flushBehind()
    return this.flush()
  }

  #take(tagged: readonly TextPiece[], pieces: TextPiece[]): void {
    for (const piece of tagged) {
      if (piece.kind === 'text') {
        this.#held += piece.text
        // not looked at again: some models end in white space without end
        if (this.#isBlank && piece.text.trim() === '') continue
        if (this.#steps) this.#reader.add(piece.text)
        this.#read(pieces)
        this.#isBlank = !this.#steps && this.#held.trim() === '' && !this.#isPlain
      } else pieces.push(piece)
    }
  }

  /** Takes out of the held text all that is decided. */
  #read(pieces: TextPiece[]): void {
    while (this.#seek(pieces)) {
      const { done, value: calls } = this.#steps!.next()
      if (!done && this.#held.length <= longest) return
      this.#steps = undefined
      const wasBare = this.#bare === 'reading'
      this.#bare = undefined
      if (!calls) this.#readInVain += this.#reader.length
      const isTooMuch = Math.max(this.#reader.length, this.#readInVain) > longest
      if (!done || isTooMuch || (!calls && this.#isOver)) this.#isPlain = true
      else if (calls) this.#call(calls, pieces)
      else if (!wasBare) this.#sayUntil(this.#held.search(/\S/) + 1, pieces)
    }
  }

  #call(calls: readonly WrittenCall[], pieces: TextPiece[]): void {
    for (const { name, arguments: text } of calls) pieces.push({ kind: 'call', name, text })
    this.#held = this.#held.slice(this.#begun + this.#reader.length)
    this.#isBehindCall = true
  }

  /** Whether the held text, behind white space, may be a call. All in front of it is said. */
  #seek(pieces: TextPiece[]): boolean {
    if (this.#isPlain) {
      this.#say(this.#held, pieces)
      this.#held = ''
      return false
    }
    if (this.#steps) return true
    if (this.#isBehindCall && !this.#passClosings()) return false
    if (this.#bare && this.#beginBare()) return true
    for (;;) {
      const [word = '', index] = this.#nextOpening()
      this.#sayUntil(index, pieces)
      if (word === '') return false
      const space = this.#held.search(/\S/)
      if (!this.#said.isQuoting(space > 0)) {
        this.#begin(space + word.length, notations.get(word)!)
        return true
      }
      this.#sayUntil(space + 1, pieces)
    }
  }

  /** `at`: where in the held text. */
  #begin(at: number, notation: Notation): void {
    this.#reader = new TextReader(this.#isOver)
    this.#reader.add(this.#held.slice(at))
    this.#begun = at
    this.#steps = notation(this.#reader, this.#tools)
  }

  #beginBare(): boolean {
    const space = this.#held.search(/\S/)
    if (space === -1) return false
    const mayBe = this.#bare === 'possible' && '{[`'.includes(this.#held.charAt(space))
    this.#bare = mayBe ? 'reading' : undefined
    if (mayBe) this.#begin(space, bareCalls)
    return mayBe
  }

  /** The first word that begins a call, and where; without one, how much of the held text is surely in front of any. */
  #nextOpening(): [word: string | undefined, index: number] {
    const held = this.#held
    const found = opening.exec(held)
    if (found) return [found[0], found.index]
    return [undefined, this.#isOver ? held.length : held.length - partLength(held, openings)]
  }

  /** Whether something else than white space and last words stands behind a call by now. */
  #passClosings(): boolean {
    for (;;) {
      this.#held = this.#held.trimStart()
      const held = this.#held
      const closing = closings.find((word) => held.startsWith(word))
      if (closing === undefined) break
      this.#held = held.slice(closing.length)
    }
    const isOpen = !this.#isOver && closings.some((word) => word.startsWith(this.#held))
    if (this.#held === '' || isOpen) return false
    this.#isBehindCall = false
    return true
  }

  /** White space at the end waits: in front of a call it is none of the text. */
  #sayUntil(end: number, pieces: TextPiece[]): void {
    const text = this.#held.slice(0, end).trimEnd()
    this.#say(text, pieces)
    this.#held = this.#held.slice(text.length)
  }

  #say(text: string, pieces: TextPiece[]): void {
    if (text === '') return
    this.#said.add(text)
    const last = pieces.at(-1)
    if (last?.kind === 'text') last.text += text
    else pieces.push({ kind: 'text', text })
  }
}

/** The calls with which a text ends. */
export function callsAtEnd(text: string, tools: WrittenTools): TextPiece[] {
  if (!opening.test(text)) return []
  const written = new WrittenText(tools)
  const pieces = [...written.push(text), ...written.flush(true)]
  const last = pieces.findLastIndex(({ kind }) => kind !== 'call')
  return pieces.slice(last + 1)
}

const fence = 3
const quotes = '"\'`“”‘’«»「'

/** Whether what comes next stands in a fence, in code within a line, or right behind a quote. */
class SaidText {
  #isInFence = false
  #isInCode = false
  #ticks = 0
  #last = ''

  add(text: string): void {
    for (const character of text) {
      if (character === '`') this.#ticks += 1
      else if (this.#ticks > 0) this.#endTicks()
      if (character === '\n') this.#isInCode = false
      this.#last = character
    }
  }

  /** `isApart`: by white space. */
  isQuoting(isApart: boolean): boolean {
    this.#endTicks()
    return (
      this.#isInFence ||
      this.#isInCode ||
      (!isApart && this.#last !== '' && quotes.includes(this.#last))
    )
  }

  #endTicks(): void {
    if (this.#ticks >= fence) this.#isInFence = !this.#isInFence
    else if (this.#ticks > 0 && !this.#isInFence) this.#isInCode = !this.#isInCode
    this.#ticks = 0
  }
}
