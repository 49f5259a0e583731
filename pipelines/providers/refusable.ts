/** What upstreams may refuse of a request that is otherwise right, and what is done about it. */
import type { JsonDocument } from '../json/document.ts'

/** A part of requests that some upstreams refuse, and without which such a request is sent once more. */
export interface Refusable {
  /** the statuses with which they refuse it */
  refusals: readonly number[]
  /** whether a refusal is of the part, by its body */
  isRefused: (refusal: string) => boolean
  /** the request's body without the part that was refused so; undefined where it has none */
  leaveOut: (body: Buffer, refusal: string) => Buffer[] | undefined
}

/** Lowers a limit of tokens that is beyond what the model has. `most`: undefined where nobody knows that. */
export function capLimit(document: JsonDocument, name: string, most: number | undefined): void {
  const limit = document.get(name)
  if (most !== undefined && typeof limit === 'number' && limit > most) document.set(name, most)
}
