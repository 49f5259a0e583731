/** What a client's serialisers are: they hold the rules of its API, and know no streams. */
import type { ShownError } from '../errors.ts'
import type { Delta } from '../neutral/delta.ts'

/** The rules of one client API's stream: a state machine for one answer. */
export interface StreamSerialiser {
  /** comes in front of everything else */
  head(): string
  /** `""` for a delta that is not written by itself */
  write(delta: Delta): string
  /** what keeps a stream alive that has been silent; called once a silence */
  keepAlive(): string
  /** the last event of a stream that has begun and fails, where it depends on what came before; else the client has one for all */
  failure?(error: ShownError): string
}

/** The rules of its body. */
export interface BodySerialiser<Body> {
  add(delta: Delta): void
  /** undefined where the answer has not stopped: it failed, or goes on */
  body(): Body | undefined
}
