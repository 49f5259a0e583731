/**
 * Text that comes in pieces, read as if it were there: each step waits until what it looks for is decided, so that however the
 * text is cut, the same is found. Nothing is looked at or copied twice, as a call may hold a whole file.
 */
import { JsonEnd } from '../../../neutral/so-far.ts'

/** Yields while more text is needed. */
export type Steps<T> = Generator<undefined, T>

/** Longer than any API takes for the name of a tool. */
const longestName = 256

export class TextReader {
  /** nothing more comes: the model has ended its answer */
  isOver: boolean
  #text = ''
  #at = 0
  #mark: number | undefined
  /** what was read since the mark, in front of the text */
  #kept = ''
  #gone = 0

  constructor(isOver: boolean) {
    this.isOver = isOver
  }

  /** How much of the text has been read. */
  get length(): number {
    return this.#gone + this.#at
  }

  add(text: string): void {
    if (this.#mark !== undefined) {
      this.#kept += this.#text.slice(this.#mark, this.#at)
      this.#mark = 0
    }
    this.#text = this.#text.slice(this.#at) + text
    this.#gone += this.#at
    this.#at = 0
  }

  /** To go back to. */
  mark(): void {
    this.#mark = this.#at
  }

  back(): void {
    this.#at = this.#mark ?? this.#at
    this.#mark = undefined
    this.#text = this.#kept + this.#text
    this.#gone -= this.#kept.length
    this.#kept = ''
  }

  /** Passes what is known to come next. */
  skip(count: number): void {
    this.#at += count
  }

  /** Whether a word comes next, which is then passed. */
  *passes(word: string): Steps<boolean> {
    for (;;) {
      const next = this.#text.slice(this.#at, this.#at + word.length)
      if (next === word) {
        this.#at += word.length
        return true
      }
      if (this.isOver || !word.startsWith(next)) return false
      yield
    }
  }

  *passesOne(words: readonly string[]): Steps<boolean> {
    for (const word of words) if (yield* this.passes(word)) return true
    return false
  }

  /** Passes white space; returns the character behind it, `""` at the end. */
  *space(): Steps<string> {
    for (;;) {
      while (this.#at >= this.#text.length && !this.isOver) yield
      const next = this.#text.charAt(this.#at)
      if (next === '' || next.trim() !== '') return next
      this.#at += 1
    }
  }

  /** What stands in front of a word, which is passed, too; undefined where the word does not come. */
  *until(word: string): Steps<string | undefined> {
    let before = ''
    for (;;) {
      const found = this.#text.indexOf(word, this.#at)
      const end = found === -1 ? Math.max(this.#at, this.#text.length - word.length + 1) : found
      before += this.#text.slice(this.#at, end)
      this.#at = end
      if (found !== -1) {
        this.#at += word.length
        return before
      }
      if (this.isOver) return undefined
      yield
    }
  }

  /** A short word in front of one of the characters, none of which is passed; undefined as soon as it can be no name. */
  *name(ends: string): Steps<string | undefined> {
    for (let length = 0, hasSpace = false; ; length++) {
      while (this.#at + length >= this.#text.length && !this.isOver) yield
      const next = this.#text.charAt(this.#at + length)
      const name = this.#text.slice(this.#at, this.#at + length).trim()
      if (next !== '' && ends.includes(next)) {
        this.#at += length
        return name === '' ? undefined : name
      }
      const isSpace = next.trim() === ''
      if (next === '' || length > longestName || (hasSpace && !isSpace)) return undefined
      hasSpace = isSpace && name !== ''
    }
  }

  /** The text of an object or a list, by its brackets and quotes; undefined where it has no end. */
  *json(): Steps<string | undefined> {
    const json = new JsonEnd()
    let before = ''
    for (;;) {
      const piece = this.#text.slice(this.#at)
      const length = json.addBrackets(piece)
      before += piece.slice(0, length)
      this.#at += length
      if (json.isWhole) return before
      if (this.isOver) return undefined
      yield
    }
  }
}
