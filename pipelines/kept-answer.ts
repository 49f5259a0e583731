/** What is known of an answer that is kept for clients which name it. */
import type { JsonObject } from './json/value.ts'

/** The body that was answered, and the answer as the client got it. */
export type KeptPart = 'asked' | 'answer'

/** By the tail of the answer's id. Undefined for a body that was too large to keep, and an answer that goes on or failed. */
export type FindAnswer = (tail: string, part: KeptPart) => JsonObject | undefined
