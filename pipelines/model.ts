/** A model as pipelines need it: an entry of the configuration, without what concerns only the way to its upstream. */
import type { IncomingHttpHeaders } from 'node:http'

export type ReasoningLevel =
  | 'off'
  | 'minimal'
  | 'low'
  | 'medium'
  | 'high'
  | 'xhigh'
  | 'max'
  | 'auto'
export type ThinkingMode = 'budget' | 'adaptive' | 'none'

export interface Model {
  /** as clients name it */
  id: string
  /** as the upstream names it, where that differs */
  upstream_id?: string
  /** the operator's level; `auto`: the client's wish */
  reasoning: ReasoningLevel
  thinking?: ThinkingMode
  /** tokens */
  max_output_tokens?: number
  fast?: boolean
  /** false: the model cannot see any */
  images?: boolean
}

/** The upstream's name for a model entry. */
export function upstreamId(model: Pick<Model, 'id' | 'upstream_id'>): string {
  return model.upstream_id ?? model.id
}

/** What a provider's `rewrite` has to know besides the body of a client that speaks its API. */
export interface RewriteContext {
  model: Model
  /** the operator's prompt; `""` for none */
  systemPrompt: string
  /** the client's; lower-case names */
  headers: IncomingHttpHeaders
  /** what follows the path of the API, such as `/count_tokens`; else `""` */
  subPath: string
  /** whether the client gets a stream, where the body leaves it open */
  stream: boolean
}
