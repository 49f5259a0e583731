/**
 * What a search found, and which text rests on it. Google counts the text in bytes of UTF-8 within a part; neutral offsets are
 * code points of the whole content. Source: Gemini API "Grounding with Google Search", read 2026-11.
 */
import type { JsonObject } from '../../json/value.ts'
import type { Citation, Source } from '../../neutral/delta.ts'
import type { AnswerSoFar } from '../../neutral/so-far.ts'
import { asLabel, asName, asNumber, asObject, asObjects } from '../../untrusted.ts'

export interface Grounding {
  queries: string[]
  sources: Source[]
  citations: Citation[]
}

/** In: `groundingMetadata` of a candidate, when all of its text has come. */
export function groundingFrom(metadata: JsonObject, offsets: TextOffsets): Grounding {
  const chunks = asObjects(metadata.groundingChunks).map(({ web }) => sourceOf(asObject(web)))
  const { webSearchQueries: queries } = metadata
  return {
    queries: Array.isArray(queries) ? queries.filter((query) => typeof query === 'string') : [],
    sources: chunks.filter((chunk) => chunk !== undefined),
    citations: asObjects(metadata.groundingSupports).flatMap((support) =>
      citationsOf(support, chunks, offsets),
    ),
  }
}

function sourceOf({ uri, title }: JsonObject): Source | undefined {
  const url = asName(uri)
  return url === undefined ? undefined : { url, title: asLabel(title) }
}

function citationsOf(
  { segment, groundingChunkIndices: indices }: JsonObject,
  chunks: readonly (Source | undefined)[],
  offsets: TextOffsets,
): Citation[] {
  const { partIndex, startIndex, endIndex } = asObject(segment)
  const part = asNumber(partIndex) ?? 0
  const start = offsets.codePointAt(part, asNumber(startIndex) ?? 0)
  const end = offsets.codePointAt(part, asNumber(endIndex) ?? 0)
  if (start === undefined || end === undefined || !Array.isArray(indices)) return []
  return indices.flatMap((index: unknown) => {
    const chunk = chunks[asNumber(index) ?? -1]
    return chunk ? [{ ...chunk, start, end }] : []
  })
}

/** So many characters in a row with as many bytes each. */
interface Run {
  bytes: number
  count: number
}

interface TextPart {
  /** code points of content before it */
  start: number
  isThought: boolean
  runs: Run[]
}

const ascii = /^[\0-\x7f]*$/

/** Where the characters of an answer's parts lie. Of the text itself nothing is kept. */
export class TextOffsets {
  readonly #answer: AnswerSoFar
  readonly #parts: TextPart[] = []

  constructor(answer: AnswerSoFar) {
    this.#answer = answer
  }

  /** An event's part; the first of an event goes on with the last of the event before, if both are of one kind. */
  begin(index: number, isThought: boolean): void {
    if (index === 0 && this.#parts.at(-1)?.isThought === isThought) return
    this.#parts.push({ start: this.#answer.content, isThought, runs: [] })
  }

  /** Text of the part that began last. */
  add(text: string): void {
    const runs = this.#parts.at(-1)?.runs
    if (!runs) return
    if (ascii.test(text)) addRun(runs, 1, text.length)
    else for (const character of text) addRun(runs, bytesOf(character.codePointAt(0)!), 1)
  }

  /** The code point of the content at which such a byte of a part lies; undefined where there is no such part. */
  codePointAt(part: number, byte: number): number | undefined {
    const { start, runs } = this.#parts[part] ?? {}
    if (start === undefined || !runs) return undefined
    let left = byte
    let points = start
    for (const { bytes, count } of runs) {
      const inRun = Math.min(count, Math.floor(left / bytes))
      points += inRun
      left -= inRun * bytes
      if (inRun < count) break
    }
    return points
  }
}

function addRun(runs: Run[], bytes: number, count: number): void {
  const last = runs.at(-1)
  if (last?.bytes === bytes) last.count += count
  else if (count > 0) runs.push({ bytes, count })
}

function bytesOf(codePoint: number): number {
  if (codePoint < 0x80) return 1
  if (codePoint < 0x800) return 2
  return codePoint < 0x10000 ? 3 : 4
}
