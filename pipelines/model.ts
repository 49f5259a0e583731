import type { Model } from '../lib/config/types.ts'

/** The upstream's name for a model entry. */
export function upstreamId(model: Pick<Model, 'id' | 'upstream_id'>): string {
  return model.upstream_id ?? model.id
}
