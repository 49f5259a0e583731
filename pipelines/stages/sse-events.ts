/**
 * Bytes -> lists of SseEvent: the event stream format as LLM upstreams send it.
 * Lines end with LF or CRLF and come without their end. A lone CR, which the standard allows and no LLM upstream sends, is
 * not a line end here: taking it for one would turn a CRLF that is cut in two into an extra blank line.
 * Source: WHATWG HTML, "Server-sent events", 9.2.6 "Interpreting an event stream", read 2026-11.
 */
import { Transform, type TransformCallback } from 'node:stream'
import split from 'split2'

/**
 * Takes the place of a line above the limit, and of everything after it. CAN, "disregard what came before": an upstream
 * that sent this line itself would only end its own answer.
 */
export const oversizedLine = '\u0018'

/** The default limit of one line, and of one event. */
export const defaultMaxBytes = 32 * 1024 * 1024

export interface SseEvent {
  event?: string
  /** the data lines, joined with LF */
  data: string
  /** the event was above the size limit: there is no data, and no event follows */
  oversized?: true
}

/**
 * In: bytes, however they are cut. Out: the events of each write as one list; an event is done at the blank line behind its
 * data. Lines above `maxLineBytes` and events above `maxEventChars` end the stream with an `oversized` one.
 */
export function sseEvents(
  maxLineBytes = defaultMaxBytes,
  maxEventChars = defaultMaxBytes,
): Transform {
  return new SseEvents(maxLineBytes, maxEventChars)
}

/** Whole lines, then split2, then the events. */
class SseEvents extends Transform {
  readonly #held: WholeLines
  readonly #parser: SseParser
  /**
   * Its mapper returns nothing: split2 would emit an object a line, and so it is done with a write when the write returns.
   */
  readonly #lines = split('\n', (line: string) => {
    this.#take(this.#parser.line(line.endsWith('\r') ? line.slice(0, -1) : line))
  })
  /** Made for each write: a list that is kept is promoted, and holds its events until a full GC. */
  #events: SseEvent[] | undefined

  constructor(maxLineBytes: number, maxEventChars: number) {
    super({ readableObjectMode: true, readableHighWaterMark: listsHeld })
    this.#held = new WholeLines(maxLineBytes)
    this.#parser = new SseParser(maxEventChars)
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const whole = this.#held.take(piece)
    if (whole) this.#lines.write(whole)
    this.#emit()
    done()
  }

  override _flush(done: TransformCallback): void {
    const rest = this.#held.rest()
    if (rest) this.#lines.write(rest)
    this.#lines.end(() => {
      this.#take(this.#parser.end())
      this.#emit()
      done()
    })
  }

  #take(event: SseEvent | undefined): void {
    if (!event) return
    if (this.#events) this.#events.push(event)
    else this.#events = [event]
  }

  #emit(): void {
    const events = this.#events
    this.#events = undefined
    if (events) this.push(events)
  }
}

class SseParser {
  readonly #maxEventChars: number
  #first = true
  /** the input is JSON instead of an event stream: all of it is the data of one event */
  #isJson = false
  #over = false
  #name: string | undefined
  #data: string | undefined

  constructor(maxEventChars: number) {
    this.#maxEventChars = maxEventChars
  }

  line(line: string): SseEvent | undefined {
    if (this.#over) return undefined
    if (this.#first) return this.#firstLine(line)
    if (line === oversizedLine) return this.#fail()
    if (this.#isJson) return this.#append(line)
    return line === '' ? this.#dispatch() : this.#field(line)
  }

  /** Some gateways answer with JSON, an error as a rule, and call it an event stream. No field begins with a bracket. */
  #firstLine(line: string): SseEvent | undefined {
    const text = line.startsWith('\ufeff') ? line.slice(1) : line
    if (text === '') return undefined
    this.#first = false
    this.#isJson = /^\s*[{[]/.test(text)
    return this.line(text)
  }

  /** An event without its blank line counts only if it is whole; half a line is thrown away. */
  end(): SseEvent | undefined {
    return this.#data !== undefined && isWhole(this.#data) ? this.#dispatch() : undefined
  }

  #field(line: string): SseEvent | undefined {
    const colon = line.indexOf(':')
    if (colon === 0) return undefined
    const name = colon === -1 ? line : line.slice(0, colon)
    if (name === 'data') return this.#append(valueOf(line, colon))
    if (name === 'event') this.#name = valueOf(line, colon)
    // a field of llama.cpp's own, until 2025
    else if (name === 'error') return this.#append(`{"error":${valueOf(line, colon)}}`)
    return undefined
  }

  #append(value: string): SseEvent | undefined {
    this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`
    return this.#data.length > this.#maxEventChars ? this.#fail() : undefined
  }

  #dispatch(): SseEvent | undefined {
    const [event, data] = [this.#name, this.#data]
    this.#name = undefined
    this.#data = undefined
    if (data === undefined) return undefined
    return event ? { event, data } : { data }
  }

  #fail(): SseEvent {
    this.#over = true
    this.#name = undefined
    this.#data = undefined
    return { data: '', oversized: true }
  }
}

function valueOf(line: string, colon: number): string {
  if (colon === -1) return ''
  return line.slice(line.startsWith(' ', colon + 1) ? colon + 2 : colon + 1)
}

function isWhole(data: string): boolean {
  if (data === '[DONE]') return true
  try {
    JSON.parse(data)
    return true
  } catch {
    // cut in the middle: the standard discards it
    return false
  }
}

/**
 * How many lists of events, deltas or chunks a stage may hold, in and out, before it asks for a pause. Node's own limit, 16,
 * counts objects whatever their size: with events of a megabyte five stages would hold a hundred of them for a client that
 * does not read. With one, every write would ask for a pause.
 */
export const listsHeld = 2

/**
 * Bytes -> bytes, cut only after line ends: everything up to the last line end at once, and the rest when the input ends.
 * Holds at most `maxLineBytes`.
 *
 * split2 splits its whole buffer again on every write: one 4 MB line that comes in 1 KB pieces costs it 4000 searches
 * through up to 4 MB. Here only the new piece is searched, and an unfinished line waits as a list of pieces, so each byte
 * is looked at once and copied at most twice.
 */
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

/** Fragments merged into one buffer at a time: a line arriving byte by byte must not cost an object per byte. */
const fragmentsPerBlock = 1024

class UnfinishedLine {
  bytes = 0
  #blocks: Buffer[] = []
  #fragments: Buffer[] = []

  add(fragment: Buffer): void {
    this.#fragments.push(fragment)
    this.bytes += fragment.length
    if (this.#fragments.length < fragmentsPerBlock) return
    this.#blocks.push(Buffer.concat(this.#fragments))
    this.#fragments = []
  }

  /** Returns the held bytes followed by `last`, and empties the store. */
  take(last?: Buffer): Buffer {
    if (last && this.bytes === 0) return last
    const whole = Buffer.concat([...this.#blocks, ...this.#fragments, ...(last ? [last] : [])])
    this.clear()
    return whole
  }

  clear(): void {
    this.bytes = 0
    this.#blocks = []
    this.#fragments = []
  }
}
