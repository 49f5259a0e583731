/**
 * Whether an event stream that passes unread came to its end: each API ends one with an event of its own, and a stream that
 * closes without it is cut, however cleanly it closed. Providers send whole events, so as a rule nothing is read until the
 * stream is over: the last pieces are kept, and looked at then. Where pieces end within an event they are searched as they come.
 * Sources: Anthropic "Streaming messages", OpenAI "Streaming API responses" and Chat "Streaming", read 2026-11.
 */
import type { ModelType } from '../config/types.ts'

const lf = 0x0a
const cr = 0x0d
/** The longest of the ends below fits into it. */
const carriedBytes = 64

/** Plain quotes are never part of the model's text, where they are escaped, nor are line ends. */
const ends: Record<ModelType, RegExp> = {
  anthropic: /"type"\s*:\s*"(?:message_stop|error)"|[\r\n]event: *error[\r\n]/,
  openai:
    /"type"\s*:\s*"(?:response\.(?:completed|incomplete|failed|cancelled)|error)"|[\r\n](?:event: *error[\r\n]|data: *\[DONE\])/,
  common: /"finish_reason"\s*:\s*"|"error"\s*:\s*[{"]|[\r\n]data: *\[DONE\]/,
}

export class StreamEnd {
  readonly #end: RegExp
  #seen = false
  /** the last piece ended within an event */
  #open = false
  /** what of it belongs to the next piece; a line begins with the end of another */
  #carried = '\n'
  #last: Buffer | undefined
  #lastButOne: Buffer | undefined

  /** `type`: the API whose stream it is. */
  constructor(type: ModelType) {
    this.#end = ends[type]
  }

  read(piece: Buffer): void {
    if (this.#open || !endsEvent(piece)) {
      this.#search(this.#carried + piece.toString('latin1'))
    } else {
      // what counts tokens may come behind the end
      this.#lastButOne = this.#last
      this.#last = piece
    }
  }

  /** Whether the stream, which is over, has ended as its API ends one. */
  isWhole(): boolean {
    return this.#seen || this.#isIn(this.#last) || this.#isIn(this.#lastButOne)
  }

  #search(text: string): void {
    this.#seen ||= this.#end.test(text)
    this.#open = !/\n\r?\n$/.test(text)
    this.#carried = this.#open ? text.slice(-carriedBytes) : '\n'
  }

  #isIn(piece: Buffer | undefined): boolean {
    return piece !== undefined && this.#end.test(`\n${piece.toString('latin1')}`)
  }
}

/** Whether it ends with a blank line. */
function endsEvent(piece: Buffer): boolean {
  const { length } = piece
  if (piece[length - 1] !== lf) return false
  const before = piece[length - 2]
  return before === lf || (before === cr && piece[length - 3] === lf)
}
