/** What a process keeps of answers for a while, as all of the program knows it; `lib/translated/memory.ts` keeps it. */
import type { IncomingHttpHeaders } from 'node:http'
import type { ReasoningMemoryLimits } from './config/types.ts'
import type { Remembered } from '../pipelines/neutral/reasoning.ts'
import type { RefusablePast } from '../pipelines/providers/refusable.ts'

/** The reasoning of answers, for clients that do not hand it back. */
export interface ReasoningMemory {
  /** Keeps it under the key, in place of what was there. */
  remember(key: string, remembered: Remembered, limits: ReasoningMemoryLimits): void
  recall(key: string, limits: ReasoningMemoryLimits): Remembered | undefined
}

/** Answers that clients may name, and what was asked: as bytes. */
export interface AnswerMemory {
  keep(key: string, bytes: Buffer, limits: ReasoningMemoryLimits): void
  find(key: string, limits: ReasoningMemoryLimits): Buffer | undefined
  forget(key: string): void
}

/** Who asks: as far as it tells conversations apart. */
export interface Asker {
  headers: IncomingHttpHeaders
  caller?: { name: string } | undefined
}

/** Who is asked. */
export interface Place {
  url: URL
  model: { id: string }
  endpoint: { headers: Record<string, string> }
}

/** What goes up, as far as something may be left out of it. */
export interface Outgo {
  pieces: readonly Buffer[]
  headers: Record<string, string | undefined>
}

/** A body that was refused because of earlier turns. */
export interface RefusedBody {
  /** before anything was left out */
  pieces: readonly Buffer[]
  past: RefusablePast
  /** the words of each refusal */
  refusals: readonly { text: string }[]
}

/** What upstreams refused of earlier turns. `lib/upstream/past-memory.ts` keeps it. */
export interface PastMemory {
  /** Leaves out what was refused of this conversation before. */
  leaveOut(asker: Asker, place: Place, body: Outgo, past: RefusablePast): void
  learn(asker: Asker, place: Place, body: RefusedBody): void
}
