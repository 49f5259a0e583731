/** Bytes in pieces, and what the parse stages make of them. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { sseEvents, type SseEvent } from '../../../pipelines/stages/sse-events.ts'

/** The same bytes in pieces of `size`. */
export function sliced(bytes: Buffer, size: number): Buffer[] {
  const pieces = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
  return pieces
}

/** The same bytes cut at the given places, which may repeat or lie outside. */
export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted(
    (a, b) => a - b,
  )
  return ends.map((end, n) => bytes.subarray(n === 0 ? 0 : ends[n - 1], end))
}

/** The same text cut at the given places, which may repeat or lie outside; by UTF-16 units, so that pairs are split, too. */
export function textCutAt(text: string, places: readonly number[]): string[] {
  const ends = [...places.filter((place) => place < text.length), text.length].toSorted(
    (a, b) => a - b,
  )
  return ends.map((end, n) => text.slice(n === 0 ? 0 : ends[n - 1], end))
}

export interface Limits {
  maxLineBytes?: number
  maxEventChars?: number
}

export async function eventsOf(
  pieces: readonly Buffer[],
  { maxLineBytes, maxEventChars }: Limits = {},
): Promise<SseEvent[]> {
  const events: SseEvent[] = []
  const last = sseEvents(maxLineBytes, maxEventChars)
  last.on('data', (list: SseEvent[]) => events.push(...list))
  await pipeline(Readable.from(pieces), last)
  return events
}
