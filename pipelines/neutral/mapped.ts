/** What a request mapping is given besides the client's body, and what it hands back. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Model } from '../model.ts'
import type { Remembered } from './phases.ts'
import type { OwnNames } from './tool-name.ts'

export interface MappingContext {
  model: Model
  /** the operator's prompt; `""` for none */
  systemPrompt: string
  /** the client's headers, lower-case names */
  headers: IncomingHttpHeaders
  /** whether the client gets a stream: decided before, since the body may not say */
  stream: boolean
  /**
   * reasoning of an earlier answer of this model, by the id of its first tool call as the client
   * knows it; for clients that drop reasoning
   */
  recall?: ((key: string) => Remembered[] | undefined) | undefined
}

export interface MappedRequest<Body> {
  body: Body
  /** headers this body needs upstream (`anthropic-version`, `anthropic-beta`); lower-case names */
  headers: Record<string, string>
  /** parameters that change results and were dropped or replaced: names only, for `x-droid2api-dropped` */
  dropped: string[]
  /** stop sequences that the upstream does not take: the answer's text ends in front of the first */
  stopAt?: string[]
  /** of tools that go up by another name than the client's */
  ownNames?: OwnNames
  /** the client wants no readable reasoning in the answer */
  hideReasoning?: boolean
}
