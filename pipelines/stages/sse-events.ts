/**
 * Bytes -> lists of SseEvent: the event stream format as LLM upstreams send it.
 * Lines end with LF or CRLF and come without their end. A lone CR, which the standard allows and no LLM upstream sends, is
 * not a line end here: taking it for one would turn a CRLF that is cut in two into an extra blank line.
 * Source: WHATWG HTML, "Server-sent events", 9.2.6 "Interpreting an event stream", read 2026-11.
 */
import { Transform, type TransformCallback } from 'node:stream'
import split from 'split2'
import { WholeLines, defaultMaxBytes, oversizedLine } from './whole-lines.ts'

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
   * On its own split2 would hand on an object a line, each at the price of a hop. Its mapper returns nothing, so that a write
   * to it is over when it returns.
   */
  readonly #lines = split('\n', (line: string) => {
    this.#take(this.#parser.line(line.endsWith('\r') ? line.slice(0, -1) : line))
  })
  /**
   * Made anew for each write, and never kept empty until the next one: between rare events it would grow old, and an old
   * list, dead or not, keeps what was put into it from every collection but a full one.
   */
  #events: SseEvent[] | undefined

  constructor(maxLineBytes: number, maxEventChars: number) {
    super({ readableObjectMode: true, readableHighWaterMark: listsHeld })
    this.#held = new WholeLines(maxLineBytes)
    this.#parser = new SseParser(maxEventChars)
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const whole = this.#held.take(piece)
    if (whole) this.#lines.write(whole)
    this.#handOn()
    done()
  }

  override _flush(done: TransformCallback): void {
    const rest = this.#held.rest()
    if (rest) this.#lines.write(rest)
    this.#lines.end(() => {
      this.#take(this.#parser.end())
      this.#handOn()
      done()
    })
  }

  #take(event: SseEvent | undefined): void {
    if (!event) return
    if (this.#events) this.#events.push(event)
    else this.#events = [event]
  }

  #handOn(): void {
    const events = this.#events
    this.#events = undefined
    if (events) this.push(events)
  }
}

class SseParser {
  readonly #maxEventChars: number
  #first = true
  /** the input is no event stream but JSON: all of it is the data of one event */
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
    // cut in the middle: the rules say to throw it away
    return false
  }
}

/**
 * How many lists of events, deltas or chunks a stage may hold, in and out, before it asks for a pause. Node's own limit, 16,
 * counts objects whatever their size: with events of a megabyte five stages would hold a hundred of them for a client that
 * does not read. With one, every write would ask for a pause.
 */
export const listsHeld = 2
