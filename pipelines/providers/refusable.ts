/** A part of requests that some upstreams refuse, and without which such a request is sent once more. */
export interface Refusable {
  /** the statuses with which they refuse it */
  refusals: readonly number[]
  /** whether a refusal is of the part, by its body */
  isRefused: (refusal: string) => boolean
  /** the request's body without the part that was refused so; undefined where it has none */
  leaveOut: (body: Buffer, refusal: string) => Buffer[] | undefined
}
