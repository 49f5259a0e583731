/**
 * Bytes -> bytes, cut only after line ends.
 *
 * split2 splits its whole buffer again on every write: one 4 MB line that comes in 1 KB pieces costs it 4000 searches
 * through up to 4 MB. Here only the new piece is searched, and an unfinished line waits as a list of pieces, so each byte
 * is looked at once and copied at most twice.
 */

/**
 * Takes the place of a line above the limit, and of everything after it. CAN, "disregard what came before": an upstream
 * that sent this line itself would only end its own answer.
 */
export const oversizedLine = '\u0018'

/** The limit of one line, and of one event, unless told otherwise. */
export const defaultMaxBytes = 32 * 1024 * 1024

/** Passes on everything up to the last line end at once, and the rest when the input ends. Holds at most `maxLineBytes`. */
export class WholeLines {
  readonly #maxLineBytes: number
  readonly #line = new UnfinishedLine()
  #over = false

  constructor(maxLineBytes = defaultMaxBytes) {
    this.#maxLineBytes = maxLineBytes
  }

  /** What is whole with this piece; undefined where nothing is. */
  take(bytes: Buffer): Buffer | undefined {
    if (this.#over) return undefined
    const line = this.#line
    const fault = oversizedFrom(bytes, line.bytes, this.#maxLineBytes)
    this.#over = fault !== -1
    if (this.#over) return this.#cutAt(bytes, fault)
    const end = bytes.lastIndexOf(lf) + 1
    const whole = end > 0 ? line.take(bytes.subarray(0, end)) : undefined
    if (end < bytes.length) line.add(bytes.subarray(end))
    return whole
  }

  /** The unfinished line at the end of the input. */
  rest(): Buffer | undefined {
    return this.#line.bytes > 0 ? this.#line.take() : undefined
  }

  #cutAt(bytes: Buffer, fault: number): Buffer {
    const mark = Buffer.from(`${oversizedLine}\n`)
    if (fault === 0) {
      this.#line.clear()
      return mark
    }
    return Buffer.concat([this.#line.take(bytes.subarray(0, fault)), mark])
  }
}

const lf = 10

/** Where in `bytes` the first line above the limit begins (0 also when it began before them), or -1. */
function oversizedFrom(bytes: Buffer, heldBytes: number, maxLineBytes: number): number {
  if (heldBytes + bytes.length <= maxLineBytes) return -1
  let start = 0
  let held = heldBytes
  for (;;) {
    const lineEnd = bytes.indexOf(lf, start)
    const length = held + (lineEnd === -1 ? bytes.length : lineEnd) - start
    if (length > maxLineBytes) return start
    if (lineEnd === -1) return -1
    start = lineEnd + 1
    held = 0
  }
}

/** So many pieces become one: a line that comes byte by byte must not cost an object for each byte. */
const piecesPerBlock = 1024

class UnfinishedLine {
  bytes = 0
  #blocks: Buffer[] = []
  #pieces: Buffer[] = []

  add(piece: Buffer): void {
    this.#pieces.push(piece)
    this.bytes += piece.length
    if (this.#pieces.length < piecesPerBlock) return
    this.#blocks.push(Buffer.concat(this.#pieces))
    this.#pieces = []
  }

  /** The line so far with its last piece behind it; nothing is held afterwards. */
  take(last?: Buffer): Buffer {
    if (last && this.bytes === 0) return last
    const whole = Buffer.concat([...this.#blocks, ...this.#pieces, ...(last ? [last] : [])])
    this.clear()
    return whole
  }

  clear(): void {
    this.bytes = 0
    this.#blocks = []
    this.#pieces = []
  }
}
