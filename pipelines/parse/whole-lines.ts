/**
 * Bytes -> bytes, cut only after line ends.
 *
 * split2 splits its whole buffer again on every write: one 4 MB line that comes in 1 KB pieces costs it 4000 searches
 * through up to 4 MB. Here only the new piece is searched, and an unfinished line waits as a list of pieces, so each byte
 * is looked at once and copied at most twice.
 */
import { Transform } from 'node:stream'

/**
 * Takes the place of a line above the limit, and of everything after it. CAN, "disregard what came before": an upstream
 * that sent this line itself would only end its own answer.
 */
export const oversizedLine = '\u0018'

/** The limit of one line, and of one event, unless told otherwise. */
export const defaultMaxBytes = 32 * 1024 * 1024

/** Passes on everything up to the last line end at once, and the rest when the input ends. Holds at most `maxLineBytes`. */
export function wholeLines(maxLineBytes = defaultMaxBytes): Transform {
  const line = new UnfinishedLine()
  let over = false

  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      if (over) {
        done()
        return
      }
      const fault = oversizedFrom(bytes, line.bytes, maxLineBytes)
      over = fault !== -1
      const end = over ? fault : bytes.lastIndexOf(lf) + 1
      if (end > 0) this.push(line.take(bytes.subarray(0, end)))
      if (over) {
        line.clear()
        this.push(`${oversizedLine}\n`)
      } else if (end < bytes.length) line.add(bytes.subarray(end))
      done()
    },
    flush(done) {
      if (line.bytes > 0) this.push(line.take())
      done()
    },
  })
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
