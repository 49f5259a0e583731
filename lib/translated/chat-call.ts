import type { Provider } from '../../pipelines/index.ts'
import type { ChatRequest } from '../../pipelines/wire/chat.ts'
import type { Target } from '../upstream/target.ts'

/** A chat request that has been understood: where it goes, and how it is to be answered. */
export interface ChatCall {
  request: ChatRequest
  target: Target
  stream: boolean
  /** undefined where the model speaks chat itself */
  provider: Provider | undefined
}

/** One whose answer has to be retold in chat's words. */
export interface RetoldCall extends ChatCall {
  provider: Provider
  /** stop sequences that the upstream does not know */
  stopAt: readonly string[]
}
