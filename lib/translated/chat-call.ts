import type { Provider } from '../../pipelines/index.ts'
import type { OwnNames } from '../../pipelines/neutral/tool-name.ts'
import type { Target } from '../upstream/target.ts'

/**
 * What is known of a chat request once it is on its way: where it went, and how it is to be answered. The request itself is
 * no part of it: it is let go when its answer begins, which may then go on for minutes.
 */
export interface ChatCall {
  target: Target
  stream: boolean
  /** the model as the client named it */
  requestedModel: string
  /** whether a stream is to end with a usage chunk */
  includeUsage: boolean
  logprobs: boolean
  /** the client knows `functions`, not `tools` */
  legacyFunctions: boolean
  /** undefined where the model speaks chat itself */
  provider: Provider | undefined
  /** stop sequences that the upstream does not take */
  stopAt: readonly string[]
  /** whether the client wants no readable reasoning */
  hideReasoning: boolean
  /** of tools that the upstream knows by another name than the client's */
  ownNames: OwnNames | undefined
}

/** One whose answer has to be retold in chat's words. */
export interface RetoldCall extends ChatCall {
  provider: Provider
}
