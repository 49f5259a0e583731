/** What a provider's writer is given beside the neutral request, and what it hands back. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Model } from '../model.ts'
import type { Recall } from './reasoning.ts'
import type { Nameable, NeutralRequest } from './request.ts'
import type { OwnNames, ToolNames } from './tool-names.ts'

export interface WriteContext {
  model: Model
  /** the name of the endpoint in the configuration, to which reasoning of chat upstreams alone goes back */
  endpoint: string
  /** the operator's prompt; a blank one is none */
  systemPrompt: string
  /** the client's headers, lower-case names */
  headers: IncomingHttpHeaders
  /** whether the client gets a stream: decided before, since the request may leave it open */
  stream: boolean
  /** where the request goes, for APIs where that decides what the body holds */
  path?: string
  /** which schemas of tools the endpoint takes; left out: any */
  toolSchema?: 'json' | 'openapi' | undefined
  /** what is remembered of an answer of this model, for clients that hand back less; see `history.ts` for the keys */
  recall?: Recall | undefined
}

export interface Written<Body> {
  body: Body
  /** headers this body needs upstream (`anthropic-version`, `anthropic-beta`); lower-case names */
  headers: Record<string, string>
  /** parameters that change results and were dropped or replaced: names only, for `x-droid2api-dropped` */
  dropped: string[]
  /** stop sequences that the upstream does not take: the answer's text ends in front of the first */
  stopAt?: string[]
  /** of tools that go up by another name than the client's */
  ownNames?: OwnNames
  /** of all tools, for `names-back.ts`; left out where every tool comes back as it went up */
  names?: ToolNames
  /** ids of the calls in the conversation, for upstreams that count theirs anew in every answer */
  callIds?: readonly string[]
  /** the client wants no readable reasoning in the answer */
  hideReasoning?: boolean
}

/** What the client calls these members, for `dropped`. */
export function clientNames({ names }: NeutralRequest, members: readonly Nameable[]): string[] {
  return members.map((member) => names[member] ?? member)
}
