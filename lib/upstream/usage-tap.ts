/**
 * Reads the token counts out of bytes that pass by, for the log line: no parsing, no copying, one search per piece.
 * A `"usage":` with plain quotes is never part of the model's text, since quotes inside JSON strings are escaped.
 */
import type { Call } from '../app.ts'
import type { ModelType } from '../config/types.ts'
import type { AnswerBody } from './answer-body.ts'
import { StreamEnd } from './stream-end.ts'

/**
 * Keeps the call's log record of a body that passes unread: when it began and how many tokens it reports. `streamOf`: the API
 * whose event stream it is, which is then cut where it closes before its end; undefined where nothing is known of its end.
 */
export function tapUsage(
  body: AnswerBody,
  call: Call,
  contentEncoding: string | undefined,
  streamOf: ModelType | undefined,
): void {
  const { record } = call
  const tap = new UsageTap(contentEncoding)
  const end = streamOf && !isEncoded(contentEncoding) ? new StreamEnd(streamOf) : undefined
  body.watch({
    bytes(piece) {
      call.firstByteMs ??= performance.now()
      tap.read(piece)
      end?.read(piece)
    },
    end() {
      const { inputTokens, outputTokens, cachedTokens } = tap.tokens()
      record.inputTokens = inputTokens
      record.outputTokens = outputTokens
      record.cachedTokens = cachedTokens
      return end?.isWhole() ?? true
    },
  })
}

function isEncoded(contentEncoding: string | undefined): boolean {
  return contentEncoding !== undefined && contentEncoding !== 'identity'
}

interface Tokens {
  inputTokens: number | undefined
  outputTokens: number | undefined
  cachedTokens: number | undefined
}

const nothing = Buffer.alloc(0)
const quote = 0x22
const key = Buffer.from('"usage"')
/**
 * In every usage object of both APIs, and never in text, whose quotes are escaped. From eight bytes on Node's search skips
 * ahead instead of looking at each byte, which makes it ten times as fast as one for the key.
 */
const mark = Buffer.from('_tokens"')
/** A usage object with all its details fits well into this. */
const usageBytes = 2048

const counted =
  /"(input_tokens|prompt_tokens|output_tokens|completion_tokens|cache_read_input_tokens|cache_creation_input_tokens|cached_tokens)"\s*:\s*"?(\d+)[",}\s.]/g

interface Counts extends Tokens {
  /** Anthropic counts cache reads and writes beside its input tokens, OpenAI within them. */
  besideInput: { read: number; written: number } | undefined
}

export class UsageTap {
  readonly #encoded: boolean
  readonly #counts: Counts = {
    inputTokens: undefined,
    outputTokens: undefined,
    cachedTokens: undefined,
    besideInput: undefined,
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
    const { besideInput, inputTokens, outputTokens, cachedTokens } = this.#counts
    const beside = besideInput ? besideInput.read + besideInput.written : 0
    const input = inputTokens === undefined ? undefined : inputTokens + beside
    return { inputTokens: input, outputTokens, cachedTokens }
  }

  #search(bytes: Buffer): void {
    let at = bytes.indexOf(key)
    while (at !== -1) {
      this.#take(bytes.toString('latin1', at, at + usageBytes))
      at = bytes.indexOf(key, at + key.length)
    }
  }

  /** Counts are cumulative in all APIs and never fall: the larger one holds. Of one object the first of a name counts. */
  #take(text: string): void {
    const counts = this.#counts
    const found: Record<string, number> = {}
    counted.lastIndex = 0
    for (let one = counted.exec(text); one; one = counted.exec(text))
      found[one[1]!] ??= Number(one[2])
    const { cache_read_input_tokens: read, cache_creation_input_tokens: written } = found
    counts.inputTokens = larger(counts.inputTokens, found.input_tokens ?? found.prompt_tokens)
    counts.outputTokens = larger(
      counts.outputTokens,
      found.output_tokens ?? found.completion_tokens,
    )
    counts.cachedTokens = larger(counts.cachedTokens, read ?? found.cached_tokens)
    if (read === undefined && written === undefined) return
    const { besideInput: before } = counts
    counts.besideInput = {
      read: larger(before?.read, read) ?? 0,
      written: larger(before?.written, written) ?? 0,
    }
  }
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
