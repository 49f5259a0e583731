/** What a process keeps of answers for a while, as all of the program knows it; `lib/translated/memory.ts` keeps it. */
import type { ReasoningMemoryLimits } from './config/types.ts'
import type { Remembered } from '../pipelines/neutral/reasoning.ts'

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
