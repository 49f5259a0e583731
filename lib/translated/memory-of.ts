/** The memory of reasoning as one call uses it: only what this model said through this endpoint is found. */
import { upstreamId } from '../../pipelines/model.ts'
import type { Remembered } from '../../pipelines/neutral/phases.ts'
import type { Call } from '../app.ts'
import type { Target } from '../upstream/target.ts'

interface CallMemory {
  recall: (id: string) => Remembered[] | undefined
  remember: (id: string, details: Remembered[]) => void
}

export function memoryOf({ app, config }: Call, { endpoint, model }: Target): CallMemory {
  const limits = config.reasoning_memory
  const key = (id: string) => JSON.stringify([endpoint.name, upstreamId(model), id])
  return {
    recall: (id) => app.reasoning.recall(key(id), limits),
    remember: (id, details) => app.reasoning.remember(key(id), details, limits),
  }
}
