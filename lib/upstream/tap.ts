/** What is read of bytes that pass: token counts for the log line, and whether a stream came to its end. Nothing is parsed. */
import type { Call } from '../app.ts'
import type { Watcher } from './answer-body.ts'

/**
 * Keeps the log record of a body that passes: when it began, and the tokens that it reports. `streamEnd`: what an event stream
 * holds that came to its end; without it the body counts as cut. Undefined where no end is known.
 */
export function tap(
  call: Call,
  contentEncoding: string | undefined,
  streamEnd: RegExp | undefined,
): Watcher {
  const { record } = call
  const usage = new UsageTap(contentEncoding)
  const end = streamEnd && !isEncoded(contentEncoding) ? new StreamEnd(streamEnd) : undefined
  return {
    bytes(piece) {
      call.firstByteMs ??= performance.now()
      usage.read(piece)
      end?.read(piece)
    },
    end() {
      const tokens = usage.tokens()
      record.inputTokens = tokens.inputTokens
      record.outputTokens = tokens.outputTokens
      record.cachedTokens = tokens.cachedTokens
      record.cacheWriteTokens = tokens.cacheWriteTokens
      record.cacheWrite1hTokens = tokens.cacheWrite1hTokens
      record.reasoningTokens = tokens.reasoningTokens
      return end?.isWhole() ?? true
    },
  }
}

/** Whether the bytes have to be decoded before anything can be found in them. */
export function isEncoded(contentEncoding: string | undefined): boolean {
  return contentEncoding !== undefined && contentEncoding !== 'identity'
}

interface Tokens {
  inputTokens: number | undefined
  outputTokens: number | undefined
  cachedTokens: number | undefined
  cacheWriteTokens: number | undefined
  /** those of them that are kept for an hour, which cost more */
  cacheWrite1hTokens: number | undefined
  reasoningTokens: number | undefined
}

const nothing = Buffer.alloc(0)
const quote = 0x22
const key = Buffer.from('"usage"')
/**
 * In every usage object of every API, and never in text, whose quotes are escaped. Longer than the key on purpose: from eight
 * bytes on Node's search skips ahead (ten times as fast; `npm run bench`, "stream passed through in bursts").
 */
const mark = Buffer.from('_tokens"')
/** A usage object with all its details fits well into this. */
const usageBytes = 2048

const counted =
  /"(input_tokens|prompt_tokens|output_tokens|completion_tokens|total_tokens|cache_read_input_tokens|cache_creation_input_tokens|cached_tokens|prompt_cache_hit_tokens|cache_write_tokens|ephemeral_1h_input_tokens|reasoning_tokens|thinking_tokens)"\s*:\s*"?(\d+)[",}\s.]/g

/** One of the steps that Anthropic bills for, where there are several: a message or the compaction before it. */
const step = /\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g

interface Counts extends Tokens {
  /** Anthropic counts cache reads and writes beside its input tokens, OpenAI within them. */
  besideInput: { read: number; written: number } | undefined
  /** of all steps together; the other counts are then those of the last step alone */
  billed: { input: number; output: number } | undefined
}

/**
 * Token counts, by one search per piece. A `"usage":` with plain quotes is never part of the model's text, where quotes are
 * escaped.
 */
export class UsageTap {
  readonly #encoded: boolean
  readonly #counts: Counts = {
    inputTokens: undefined,
    outputTokens: undefined,
    cachedTokens: undefined,
    cacheWriteTokens: undefined,
    cacheWrite1hTokens: undefined,
    reasoningTokens: undefined,
    besideInput: undefined,
    billed: undefined,
  }
  /** the end of the last piece where it may belong to the next: a key or an object that was cut */
  #rest: Buffer = nothing

  constructor(contentEncoding: string | undefined) {
    this.#encoded = isEncoded(contentEncoding)
  }

  read(piece: Buffer): void {
    if (this.#encoded) return
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece
    if (bytes.includes(mark)) this.#search(bytes)
    this.#rest = tail(bytes)
  }

  tokens(): Tokens {
    const counts = this.#counts
    const { besideInput, billed, cachedTokens, cacheWriteTokens, reasoningTokens } = counts
    const { cacheWrite1hTokens } = counts
    const beside = besideInput ? besideInput.read + besideInput.written : 0
    const input = billed?.input ?? counts.inputTokens
    const inputTokens = input === undefined ? undefined : input + beside
    const outputTokens = billed?.output ?? counts.outputTokens
    const cache = { cachedTokens, cacheWriteTokens, cacheWrite1hTokens }
    return { inputTokens, outputTokens, ...cache, reasoningTokens }
  }

  #search(bytes: Buffer): void {
    let at = bytes.indexOf(key)
    while (at !== -1) {
      this.#take(bytes.toString('latin1', at, at + usageBytes))
      at = bytes.indexOf(key, at + key.length)
    }
  }

  /** Counts are cumulative in all APIs, so the larger one holds. Within one usage object the first occurrence wins; details repeat names. */
  #take(text: string): void {
    const counts = this.#counts
    const found: Record<string, number> = {}
    counted.lastIndex = 0
    for (let one = counted.exec(text); one; one = counted.exec(text))
      found[one[1]!] ??= Number(one[2])
    const { cache_read_input_tokens: read, cache_creation_input_tokens: written } = found
    counts.inputTokens = larger(counts.inputTokens, found.input_tokens ?? found.prompt_tokens)
    counts.outputTokens = larger(counts.outputTokens, outputOf(found))
    const cached = read ?? found.cached_tokens ?? found.prompt_cache_hit_tokens
    counts.cachedTokens = larger(counts.cachedTokens, cached)
    counts.cacheWriteTokens = larger(counts.cacheWriteTokens, written ?? found.cache_write_tokens)
    const forAnHour = found.ephemeral_1h_input_tokens || undefined
    counts.cacheWrite1hTokens = larger(counts.cacheWrite1hTokens, forAnHour)
    const reasoning = found.reasoning_tokens ?? found.thinking_tokens
    counts.reasoningTokens = larger(counts.reasoningTokens, reasoning)
    if (text.includes('"iterations"')) counts.billed = billedIn(text) ?? counts.billed
    if (read === undefined && written === undefined) return
    const { besideInput: before } = counts
    counts.besideInput = {
      read: larger(before?.read, read) ?? 0,
      written: larger(before?.written, written) ?? 0,
    }
  }
}

/** The sum of the steps; undefined where another model stepped in, after which the other counts are those of the whole. */
function billedIn(text: string): Counts['billed'] {
  const [, list = ''] = /"iterations"\s*:\s*\[(.*?)\]/s.exec(text) ?? []
  if (list.includes('"fallback_message"')) return undefined
  const steps = Array.from(list.matchAll(step), ([one]) => one)
  const billed = steps.filter((one) => /"type"\s*:\s*"(?:message|compaction)"/.test(one))
  if (billed.length === 0) return undefined
  const sum = (name: RegExp) =>
    billed.reduce((total, one) => total + Number(name.exec(one)?.[1] ?? 0), 0)
  return {
    input: sum(/"input_tokens"\s*:\s*(\d+)/),
    output: sum(/"output_tokens"\s*:\s*(\d+)/),
  }
}

/** Some chat servers count reasoning beside the completion; the total gives it away. */
function outputOf(found: Record<string, number>): number | undefined {
  const { prompt_tokens: input, completion_tokens: written, reasoning_tokens: reasoning } = found
  if (written === undefined) return found.output_tokens
  const isBeside = found.total_tokens === (input ?? 0) + written + (reasoning ?? 0)
  return isBeside ? written + (reasoning ?? 0) : written
}

function larger(known: number | undefined, count: number | undefined): number | undefined {
  if (known === undefined || count === undefined) return known ?? count
  return Math.max(known, count)
}

/** What the next piece may belong to: a usage object that has begun, or the beginning of its key. As a rule nothing. */
function tail(bytes: Buffer): Buffer {
  const end = bytes.length > usageBytes ? bytes.subarray(-usageBytes) : bytes
  const from = end.lastIndexOf(key)
  const at = from === -1 ? cutKey(end) : from
  // a copy, since the piece is part of a larger one
  return at === end.length ? nothing : Buffer.from(end.subarray(at))
}

/** Where a key begins that is cut by the end; the end itself where none is. */
function cutKey(bytes: Buffer): number {
  const at = bytes.lastIndexOf(quote)
  if (at === -1 || bytes.length - at >= key.length) return bytes.length
  for (let index = at; index < bytes.length; index++) {
    if (bytes[index] !== key[index - at]) return bytes.length
  }
  return at
}

const lf = 0x0a
const cr = 0x0d
/** The longest end of any API fits into it. */
const carriedBytes = 64

/**
 * Whether an event stream that passes unread came to its end. Each API ends one with an event of its own; a stream that closes
 * without it is cut, however cleanly it closed. Of whole events nothing is searched until the stream is over: only the last
 * pieces. An event that two pieces share is searched as it comes. A search of all that came took 7 % of a stream (`npm run bench`,
 * "stream passed through in bursts").
 */
export class StreamEnd {
  readonly #end: RegExp
  #seen = false
  /** the end stands in a line that has not ended: cut there, no client would read it */
  #begun = false
  /** the last piece ended within an event */
  #open = false
  /** the end of what was searched of it; a line begins with the end of another */
  #carried = '\n'
  #last: Buffer | undefined
  #lastButOne: Buffer | undefined

  /** `end`: what such a stream holds that came to its end. */
  constructor(end: RegExp) {
    this.#end = end
  }

  read(piece: Buffer): void {
    const from = this.#open ? behindFirstEvent(piece) : 0
    if (this.#open) this.#search(this.#carried + piece.toString('latin1', 0, from))
    const to = behindLastEvent(piece, from)
    if (to > from) {
      // what counts tokens may come behind the end
      this.#lastButOne = this.#last
      this.#last = piece.subarray(from, to)
    }
    if (to < piece.length) this.#search(`\n${piece.toString('latin1', to)}`)
  }

  /** Whether the stream, which is over, has ended as its API ends one. */
  isWhole(): boolean {
    const isLineWhole = this.#begun && /[}\]]\s*$/.test(this.#carried)
    return this.#seen || isLineWhole || this.#isIn(this.#last) || this.#isIn(this.#lastButOne)
  }

  #search(text: string): void {
    if (!this.#seen && (this.#begun || this.#end.test(text))) {
      // where it was found before, and is not now, no line had ended behind it
      this.#seen = text.includes('\n', text.search(this.#end) + 1)
      this.#begun = !this.#seen
    }
    this.#open = !/\n\r?\n$/.test(text)
    this.#carried = this.#open ? text.slice(-carriedBytes) : '\n'
  }

  #isIn(piece: Buffer | undefined): boolean {
    return piece !== undefined && this.#end.test(`\n${piece.toString('latin1')}`)
  }
}

/** Whether it ends with a blank line. */
export function endsEvent(piece: Buffer): boolean {
  return isBehindEvent(piece, piece.length)
}

/** Whether a blank line is in front of `at`. */
function isBehindEvent(piece: Buffer, at: number): boolean {
  if (piece[at - 1] !== lf) return false
  const before = piece[at - 2]
  return before === lf || (before === cr && piece[at - 3] === lf)
}

/** Behind the first blank line; the piece's length where it has none. */
function behindFirstEvent(piece: Buffer): number {
  let at = 0
  do at = piece.indexOf(lf, at) + 1
  while (at > 0 && !isBehindEvent(piece, at))
  return at === 0 ? piece.length : at
}

/** Behind the last blank line; `from` where none is behind it. */
function behindLastEvent(piece: Buffer, from: number): number {
  let at = piece.length
  while (at > from && !isBehindEvent(piece, at)) {
    // the one at its own end has been looked at
    at = at < 2 ? 0 : piece.lastIndexOf(lf, at - 2) + 1
  }
  return Math.max(at, from)
}
