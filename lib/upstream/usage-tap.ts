/**
 * Reads the token counts out of bytes that pass by, for the log line: no parsing, no copying, one search per piece.
 * A `"usage":` with plain quotes is never part of the model's text, since quotes inside JSON strings are escaped.
 */
import type { Call } from '../app.ts'
import type { AnswerBody } from './answer-body.ts'

/** Keeps the call's log record of a body that passes unread: when it began and how many tokens it reports. */
export function tapUsage(body: AnswerBody, call: Call, contentEncoding: string | undefined): void {
  const { record } = call
  const tap = new UsageTap(contentEncoding)
  body.watch({
    bytes(piece) {
      record.firstByteMs ??= performance.now()
      tap.read(piece)
    },
    end: () => void Object.assign(record, tap.tokens()),
  })
}

interface Tokens {
  inputTokens?: number
  outputTokens?: number
  cachedTokens?: number
}

const key = Buffer.from('"usage"')
/**
 * In every usage object of both APIs, and never in text, whose quotes are escaped. From eight bytes on Node's search skips
 * ahead instead of looking at each byte, which makes it ten times as fast as one for the key.
 */
const mark = Buffer.from('_tokens"')
/** A usage object with all its details fits well into this. */
const usageBytes = 2048

const patterns = {
  input_tokens: patternOf('input_tokens'),
  prompt_tokens: patternOf('prompt_tokens'),
  output_tokens: patternOf('output_tokens'),
  completion_tokens: patternOf('completion_tokens'),
  cache_read_input_tokens: patternOf('cache_read_input_tokens'),
  cache_creation_input_tokens: patternOf('cache_creation_input_tokens'),
  cached_tokens: patternOf('cached_tokens'),
}

function patternOf(name: string): RegExp {
  return new RegExp(`"${name}"\\s*:\\s*(\\d+)[,}\\s]`)
}

interface Counts extends Tokens {
  /** Anthropic counts cache reads and writes beside its input tokens, OpenAI within them. */
  besideInput?: { read: number; written: number }
}

export class UsageTap {
  readonly #encoded: boolean
  readonly #counts: Counts = {}
  /** the end of the last piece: a key or an object may be cut by it */
  #rest: Buffer = Buffer.alloc(0)

  constructor(contentEncoding: string | undefined) {
    this.#encoded = contentEncoding !== undefined && contentEncoding !== 'identity'
  }

  read(piece: Buffer): void {
    if (this.#encoded) return
    const seam = Buffer.concat([this.#rest, piece.subarray(0, usageBytes)])
    this.#search(seam)
    if (piece.length > usageBytes && piece.includes(mark)) this.#search(piece)
    this.#rest = tail(piece.length > usageBytes ? piece : seam)
  }

  tokens(): Tokens {
    const { besideInput, inputTokens, ...others } = this.#counts
    if (inputTokens === undefined) return others
    const beside = besideInput ? besideInput.read + besideInput.written : 0
    return { inputTokens: inputTokens + beside, ...others }
  }

  #search(bytes: Buffer): void {
    let at = bytes.indexOf(key)
    while (at !== -1) {
      this.#take(bytes.toString('latin1', at, at + usageBytes))
      at = bytes.indexOf(key, at + key.length)
    }
  }

  /** Later counts replace earlier ones: they are cumulative in both APIs. */
  #take(text: string): void {
    const counts = this.#counts
    counts.inputTokens =
      count(text, 'input_tokens') ?? count(text, 'prompt_tokens') ?? counts.inputTokens
    counts.outputTokens =
      count(text, 'output_tokens') ?? count(text, 'completion_tokens') ?? counts.outputTokens
    const read = count(text, 'cache_read_input_tokens')
    const written = count(text, 'cache_creation_input_tokens')
    if (read !== undefined || written !== undefined) {
      const before = counts.besideInput ?? { read: 0, written: 0 }
      counts.besideInput = { read: read ?? before.read, written: written ?? before.written }
    }
    counts.cachedTokens = read ?? count(text, 'cached_tokens') ?? counts.cachedTokens
  }
}

/** What the next piece may belong to: a usage object that has begun, or the beginning of its key. */
function tail(bytes: Buffer): Buffer {
  const end = bytes.subarray(Math.max(0, bytes.length - usageBytes))
  const from = end.lastIndexOf(key)
  return Buffer.from(end.subarray(from === -1 ? Math.max(0, end.length - key.length) : from))
}

function count(text: string, name: keyof typeof patterns): number | undefined {
  const found = patterns[name].exec(text)
  return found ? Number(found[1]) : undefined
}
