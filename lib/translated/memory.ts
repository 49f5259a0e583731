/**
 * What is kept for a while, bounded in entries, bytes and age; the least recently used go first. One holds the reasoning of
 * answers that called tools, for clients that hand back only text and tool calls: without it Claude cannot go on thinking in
 * the middle of a tool loop. Another holds answers that clients may name.
 */
import type { ReasoningMemoryLimits } from '../config/types.ts'
import type { AnswerMemory, ReasoningMemory } from '../memories.ts'
import type { Remembered } from '../../pipelines/neutral/reasoning.ts'

interface Entry {
  /** JSON in UTF-8: its size is known, and it weighs nothing on the heap */
  bytes: Buffer
  /** ms, monotonic */
  usedMs: number
}

export class BoundedMemory implements ReasoningMemory, AnswerMemory {
  /** in the order of their last use */
  readonly #entries = new Map<string, Entry>()
  readonly #now: () => number
  #bytes = 0

  /** `now` in ms, monotonic. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Bytes that it holds; keys and bookkeeping come on top. */
  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#entries.size
  }

  /** Keeps the details under the key, in place of older ones; what is beyond the limits goes. */
  remember(key: string, remembered: Remembered, limits: ReasoningMemoryLimits): void {
    this.keep(key, Buffer.from(JSON.stringify(remembered)), limits)
  }

  /** What was kept under the key, unless it is too old by now. */
  recall(key: string, limits: ReasoningMemoryLimits): Remembered | undefined {
    const bytes = this.find(key, limits)
    return bytes && (JSON.parse(bytes.toString()) as Remembered)
  }

  /** The same for bytes. What is beyond the limits by itself is not kept, and pushes nothing out. */
  keep(key: string, bytes: Buffer, limits: ReasoningMemoryLimits): void {
    if (limits.enabled && bytes.length <= mostBytes(limits)) this.#put(key, bytes)
    else this.forget(key)
    this.#shrink(limits)
  }

  find(key: string, limits: ReasoningMemoryLimits): Buffer | undefined {
    this.#shrink(limits)
    const bytes = this.#entries.get(key)?.bytes
    if (bytes) this.#put(key, bytes)
    return bytes
  }

  #put(key: string, bytes: Buffer): void {
    this.forget(key)
    this.#entries.set(key, { bytes, usedMs: this.#now() })
    this.#bytes += bytes.length
  }

  forget(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes.length
  }

  /** With the memory switched off by a reload, nothing of it stays. */
  #shrink(limits: ReasoningMemoryLimits): void {
    const { enabled, max_entries, max_age_minutes } = limits
    const oldestMs = this.#now() - max_age_minutes * 60_000
    for (const [key, { usedMs }] of this.#entries) {
      const fits = enabled && this.#entries.size <= max_entries && this.#bytes <= mostBytes(limits)
      if (fits && usedMs >= oldestMs) return
      this.forget(key)
    }
  }
}

function mostBytes({ max_mb: mb }: ReasoningMemoryLimits): number {
  return mb * 1024 * 1024
}
