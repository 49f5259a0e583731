/** What is known of an answer that is kept for clients which name it. */
import type { JsonObject } from './json/value.ts'

/** An answer that the client may name, by the tail of its id. */
export interface KeptAnswer {
  /** the body that was answered; undefined where it was too large to keep */
  asked: JsonObject | undefined
  /** as the client got it; undefined while it goes on, or where it failed */
  answer: JsonObject | undefined
}

/** By the tail of an answer's id. */
export type FindAnswer = (tail: string) => KeptAnswer | undefined
