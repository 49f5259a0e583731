/**
 * Parses the events of a stream. Most of them are the one before with another piece of text and other counts. Of such an event
 * only these are read, and what stands around them is compared: an event of Claude's takes 0.7 µs instead of 1.2 on its way from
 * bytes to a chat chunk, one of Gemini's 1.2 instead of 2.2 (Node 20; streams of text in `npm run bench -- --roads`).
 */
import { isObject, parseAnswer, stringEnd, type ExactMembers, type JsonObject } from './value.ts'

/**
 * Where text and counts stand that change from event to event. The event that repeats another is the same object with new values
 * in these places: whoever reads it changes nothing in it, and keeps no object that a text is in. One with counts has the latest.
 */
export type ChangingMembers = readonly Steps[]

/** The names and indexes that lead to a member. */
type Steps = readonly string[]

/** Each with a slash between its steps, such as `choices/0/delta/content`. */
export function changingAt(...paths: string[]): ChangingMembers {
  return paths.map((path) => path.split('/'))
}

/** So many events in a row that looked like a beginning and were not repeated: this stream repeats nothing. */
const patience = 8

/** A longer event is a whole item, which comes once; kept for the next, it would hold its memory as long as the stream lasts. */
const longestUnits = 4000

export class EventParser {
  readonly #exact: ExactMembers
  readonly #changing: ChangingMembers
  #last: RepeatedEvent | undefined
  #unrepeated = 0

  constructor(exact: ExactMembers, changing: ChangingMembers = []) {
    this.#exact = exact
    this.#changing = changing
  }

  /** What `parseAnswer` makes of the text; it throws where that throws. */
  parse(text: string): unknown {
    const isLong = text.length > longestUnits
    const last = this.#last
    if (!isLong && last?.isRepeatedBy(text)) {
      this.#unrepeated = 0
      return last.event
    }
    const value = parseAnswer(text, this.#exact)
    if (!isLong && isObject(value)) this.#expectRepetitionOf(text, value)
    return value
  }

  #expectRepetitionOf(text: string, event: JsonObject): void {
    const changing = this.#changing
    if (this.#unrepeated === patience) return
    if (!changing.some((steps) => typeof valueAt(event, steps) === 'string')) return
    this.#unrepeated += 1
    const known = latest.get(changing)
    this.#last = known?.isRepeatedBy(text) ? known : repeatedEvent(text, event, changing)
    if (this.#last?.hasCounts === false) latest.set(changing, this.#last)
  }
}

/**
 * The latest of all streams. Claude's have no ids, so that one event serves them all: 1 KB less for each stream that is open. Not
 * one with counts, which are kept until the answer ends.
 */
const latest = new WeakMap<ChangingMembers, RepeatedEvent>()

/** A changing member of an event; `value`: what the next event has there. */
interface Place {
  holder: JsonObject
  name: string
  value: string | number
  /** what stands between the place before it and this one, with the quote that opens a text */
  before: string
}

class RepeatedEvent {
  readonly event: JsonObject
  readonly #places: readonly Place[]
  readonly #behind: string

  constructor(event: JsonObject, places: readonly Place[], behind: string) {
    this.event = event
    this.#places = places
    this.#behind = behind
  }

  get hasCounts(): boolean {
    return this.#places.some(({ value }) => typeof value === 'number')
  }

  /** Where it is, `event` has the values of the text. */
  isRepeatedBy(text: string): boolean {
    let at = 0
    for (const place of this.#places) {
      const { before, value } = place
      const start = at + before.length
      // V8 compares a slice as a whole, and `startsWith` unit by unit
      if (text.slice(at, start) !== before) return false
      at = typeof value === 'string' ? readText(text, start, place) : readCount(text, start, place)
      if (at === -1) return false
    }
    if (text.slice(at) !== this.#behind) return false
    for (const { holder, name, value } of this.#places) holder[name] = value
    return true
  }
}

const quote = 0x22
const backslash = 0x5c
const space = 0x20
const zero = 0x30

/** A slice of so many units is a view of its text, and keeps all that came in the same write alive. */
const viewUnits = 13

/** Reads the text from `start` into the place. Returns where it ends, or -1 where that is not certain. */
function readText(text: string, start: number, place: Place): number {
  const near = Math.min(start + viewUnits, text.length)
  for (let at = start; at < near; at++) {
    const unit = text.charCodeAt(at)
    if (unit === quote) {
      place.value = text.slice(start, at)
      return at
    }
    if (unit === backslash) break
    if (unit < space) return -1
  }
  return readLongText(text, start, place)
}

function readLongText(text: string, start: number, place: Place): number {
  const opening = start - 1
  const end = stringEnd(text, opening)
  try {
    place.value = JSON.parse(text.slice(opening, end)) as string
    return end - 1
  } catch {
    return -1
  }
}

/** Any number of so many digits is exact. */
const exactDigits = 15

function readCount(text: string, start: number, place: Place): number {
  let count = 0
  let at = start
  for (; at - start < exactDigits; at++) {
    const digit = text.charCodeAt(at) - zero
    if (!(digit >= 0 && digit <= 9)) break
    count = count * 10 + digit
  }
  const digits = at - start
  const isPadded = digits > 1 && text.charCodeAt(start) === zero
  if (digits === 0 || isPadded) return -1
  place.value = count
  return at
}

const plainCount = /^(?:0|[1-9]\d{0,14})$/

/** Undefined where a member stands there twice. */
function repeatedEvent(
  line: string,
  event: JsonObject,
  changing: ChangingMembers,
): RepeatedEvent | undefined {
  // a copy, since the line is a view of all that came with it
  const text = Buffer.from(line).toString()
  const places: Place[] = []
  const seen = new Set<Steps>()
  let end = 0
  for (const { path, at, written } of leavesOf(text)) {
    const steps = changing.find((one) => isAt(one, path))
    if (!steps) continue
    if (seen.has(steps)) return undefined
    seen.add(steps)
    const isText = written.startsWith('"')
    if (!isText && !plainCount.test(written)) continue
    const quotes = isText ? 1 : 0
    const value = JSON.parse(written) as string | number
    if (valueAt(event, steps) !== value) return undefined
    const holder = valueAt(event, steps.slice(0, -1)) as JsonObject
    const before = text.slice(end, at + quotes)
    places.push({ holder, name: steps.at(-1)!, value, before })
    end = at + written.length - quotes
  }
  return new RepeatedEvent(event, places, text.slice(end))
}

function valueAt(event: JsonObject, steps: Steps): unknown {
  let value: unknown = event
  for (const step of steps) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as JsonObject)[step]
  }
  return value
}

type Path = readonly (string | number)[]

function isAt(steps: Steps, path: Path): boolean {
  return path.length === steps.length && steps.every((step, at) => String(path[at]) === step)
}

interface Leaf {
  /** leads to it until the next leaf is read */
  path: Path
  at: number
  written: string
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g

/** Of an object whose first member is still to come. */
const unnamed = ''

/** What a JSON text has besides lists and objects. */
function* leavesOf(text: string): Generator<Leaf> {
  const path: (string | number)[] = []
  let isName = false
  for (const { 0: written, index: at } of text.matchAll(token)) {
    const last = path.length - 1
    if (written === '{') {
      isName = true
      path.push(unnamed)
    } else if (written === '[') path.push(0)
    else if (written === '}' || written === ']') {
      isName = false
      path.pop()
    } else if (written === ',') {
      const place = path[last]
      if (typeof place === 'number') path[last] = place + 1
      else isName = true
    } else if (isName) {
      isName = false
      // a name may be written with escapes
      path[last] = JSON.parse(written) as string
    } else if (written !== ':') yield { path, at, written }
  }
}
