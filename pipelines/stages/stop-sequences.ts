/**
 * Lists of Delta -> lists of Delta: ends an answer where its text reaches a stop sequence, for upstreams whose API does
 * not take it. The sequence itself is not emitted. Text that may be the beginning of a sequence is held back until that is
 * decided; all else passes as it comes. From the first tool call on nothing is cut: what follows a call is not the answer.
 */
import { Transform, type TransformCallback } from 'node:stream'
import { isObject } from '../json/value.ts'
import type { Delta, DeltaOf } from '../neutral/delta.ts'
import { listsHeld } from './sse-events.ts'

type Text = DeltaOf<'text'>

/**
 * In and out: Delta[]. `sequences` are not empty. The output ends where the answer is cut, so that the upstream can be
 * stopped.
 */
export function stopSequences(sequences: readonly string[]): Transform {
  const cutter = new Cutter(sequences, 'drop')
  return new Transform({
    objectMode: true,
    highWaterMark: listsHeld,
    transform(deltas: Delta[], _encoding, done: TransformCallback) {
      const passed = deltas.flatMap((delta) => cutter.pass(delta))
      if (passed.length > 0) this.push(passed)
      if (cutter.over) this.push(null)
      done()
    },
  })
}

/** The deltas of an answer that is already whole: where it is cut, its usage still counts. */
export function cutAtStops(deltas: Delta[], sequences: readonly string[]): Delta[] {
  if (sequences.length === 0) return deltas
  const cutter = new Cutter(sequences, 'count')
  return deltas.flatMap((delta) => cutter.pass(delta))
}

class Cutter {
  over = false
  readonly #rest: 'drop' | 'count'
  readonly #matchers: SequenceMatcher[]
  /** text that is held back, in the pieces in which it came */
  #held: Text[] = []
  #heldLength = 0
  /** the next text is the first of its block */
  #isBlockNew = false
  #isInReasoning = false
  /** the sequence at which the answer was cut */
  #reached: string | undefined
  #calledTool = false

  constructor(sequences: readonly string[], rest: 'drop' | 'count') {
    this.#matchers = sequences.map((sequence) => new SequenceMatcher(sequence))
    this.#rest = rest
  }

  pass(delta: Delta): Delta[] {
    if (this.over) return []
    if (this.#reached !== undefined) return afterCut(delta, this.#reached)
    switch (delta.type) {
      case 'text':
        return this.#text(delta)
      case 'text-start':
        this.#isBlockNew = true
        return []
      case 'search':
        this.#isBlockNew = true
        return [delta]
      case 'reasoning-start':
        this.#isInReasoning = true
        this.#isBlockNew = true
        return [delta]
      case 'reasoning-stop':
        this.#isInReasoning = false
        return [delta]
      case 'tool-start':
        this.#calledTool = true
        return [...this.#flush(), delta]
      case 'refusal':
      case 'image':
      case 'usage':
      case 'stop':
      case 'failure':
        return [...this.#flush(), delta]
      default:
        return [delta]
    }
  }

  #text(delta: Text): Delta[] {
    if (this.#calledTool) return this.#inBlock([delta])
    this.#held.push(delta)
    const before = this.#heldLength
    this.#heldLength += delta.text.length
    for (let at = 0; at < delta.text.length; at++) {
      const match = this.#feed(delta.text.charCodeAt(at))
      if (match) return this.#end(before + at + 1 - match.length, match.sequence)
    }
    let undecided = 0
    for (const { matched } of this.#matchers) undecided = Math.max(undecided, matched)
    return this.#release(this.#heldLength - undecided)
  }

  /** The longest sequence that this UTF-16 unit completes. */
  #feed(unit: number): SequenceMatcher | undefined {
    let longest: SequenceMatcher | undefined
    for (const matcher of this.#matchers) {
      if (matcher.feed(unit) && matcher.length > (longest?.length ?? 0)) longest = matcher
    }
    return longest
  }

  #end(length: number, sequence: string): Delta[] {
    const text = this.#release(length)
    this.#reached = sequence
    if (this.#rest === 'count') return text
    this.over = true
    return [...text, { type: 'stop', reason: 'stop-sequence', sequence }]
  }

  /** Resets the search for what follows. */
  #flush(): Delta[] {
    for (const matcher of this.#matchers) matcher.matched = 0
    return this.#release(this.#heldLength)
  }

  /** A block begins with the first text that is let go, which may be later than it came. */
  #inBlock(texts: Text[]): Delta[] {
    if (texts.length === 0 || !this.#isBlockNew) return texts
    this.#isBlockNew = false
    const interrupted: Delta[] = this.#isInReasoning ? [{ type: 'reasoning-stop' }] : []
    return [...interrupted, { type: 'text-start' }, ...texts]
  }

  /** Lets the first `length` UTF-16 units of the held text go. */
  #release(length: number): Delta[] {
    const released: Text[] = []
    let left = length
    while (left > 0) {
      const piece = this.#held.shift()
      if (!piece) break
      const { text, logprobs } = piece
      if (text.length > left) {
        const [before, after] = split(logprobs, left)
        this.#held.unshift({ type: 'text', text: text.slice(left), ...after })
        released.push({ type: 'text', text: text.slice(0, left), ...before })
      } else released.push(piece)
      left -= text.length
    }
    this.#heldLength -= length
    return this.#inBlock(released)
  }
}

function afterCut(delta: Delta, sequence: string): Delta[] {
  if (delta.type === 'usage' || delta.type === 'failure') return [delta]
  if (delta.type !== 'stop') return []
  const { serviceTier } = delta
  return [{ type: 'stop', reason: 'stop-sequence', sequence, ...(serviceTier && { serviceTier }) }]
}

type Logprobs = Pick<Text, 'logprobs'>

/** The log probabilities of the tokens that begin before this unit of their text, and the others. */
function split(logprobs: unknown[] | undefined, unit: number): [before: Logprobs, after: Logprobs] {
  if (!logprobs) return [{}, {}]
  let at = 0
  const first = logprobs.findIndex((entry) => {
    const begins = at
    at += tokenLength(entry)
    return begins >= unit
  })
  const count = first === -1 ? logprobs.length : first
  return [listed(logprobs.slice(0, count)), listed(logprobs.slice(count))]
}

function tokenLength(entry: unknown): number {
  return isObject(entry) && typeof entry.token === 'string' ? entry.token.length : 0
}

function listed(logprobs: unknown[]): Logprobs {
  return logprobs.length > 0 ? { logprobs } : {}
}

/**
 * Finds one sequence in a text that comes piece by piece, looking at every UTF-16 unit once.
 * Source: Knuth, Morris, Pratt, "Fast Pattern Matching in Strings", 1977.
 */
export class SequenceMatcher {
  readonly length: number
  /** how many units at the end of the text may be the beginning of the sequence */
  matched = 0
  readonly sequence: string
  /** for each beginning of the sequence, the longest shorter beginning that it ends in */
  readonly #shorter: Uint32Array

  /** `sequence` is not empty. */
  constructor(sequence: string) {
    this.sequence = sequence
    this.length = sequence.length
    this.#shorter = new Uint32Array(sequence.length)
    for (let at = 1, known = 0; at < sequence.length; at++) {
      known = this.#advance(known, sequence.charCodeAt(at))
      this.#shorter[at] = known
    }
  }

  /** Takes the next unit of the text; true when it completes the sequence. */
  feed(unit: number): boolean {
    this.matched = this.#advance(this.matched, unit)
    if (this.matched < this.length) return false
    this.matched = this.#shorter[this.length - 1] ?? 0
    return true
  }

  #advance(known: number, unit: number): number {
    let length = known
    while (length > 0 && this.sequence.charCodeAt(length) !== unit) {
      length = this.#shorter[length - 1] ?? 0
    }
    return this.sequence.charCodeAt(length) === unit ? length + 1 : 0
  }
}
