/** What an answer is read and written with, where the test has no wish of its own. */
import type { AnswerContext } from '../../pipelines/stages/serialise.ts'

export const context: AnswerContext = {
  requestedModel: 'm',
  fallbackId: 'fallback',
  createdSeconds: 1_790_000_000,
  nowSeconds: () => 1_790_000_009,
  endpoint: 'e',
  hideReasoning: false,
}

export const upstream = { upstreamModel: 'up-1', fallbackId: context.fallbackId }
