/**
 * `temperature`, `top_p` and `top_k`: sent where the model, the API version and the thinking allow
 * them.
 */
import { badRequest } from '../../errors.ts'
import type { MessagesRequest } from '../../wire/anthropic.ts'
import type { JsonObject } from '../../json/value.ts'
import { optionalNumberAt } from '../../untrusted.ts'

export interface Sampling {
  fields: Pick<MessagesRequest, 'temperature' | 'top_p' | 'top_k'>
  dropped: string[]
}

/**
 * Throws a 400 for wrong types and for a `top_p` outside 0 to 1. A value of 1 is the default, so it
 * is no loss.
 */
export function samplingOf(request: JsonObject, allowed: boolean): Sampling {
  const temperature = optionalNumberAt(request.temperature, 'temperature')
  const topP = optionalNumberAt(request.top_p, 'top_p')
  const topK = optionalNumberAt(request.top_k, 'top_k')
  if (topP !== undefined && (topP < 0 || topP > 1)) {
    throw badRequest('invalid_value', 'top_p', `top_p is ${topP}; send a number from 0 to 1.`)
  }

  const fields: Sampling['fields'] = {}
  if (allowed) {
    if (temperature !== undefined) fields.temperature = Math.min(Math.max(temperature, 0), 1)
    else if (topP !== undefined) fields.top_p = topP
    if (topK !== undefined) fields.top_k = topK
  }
  const sent = { temperature, top_p: topP, top_k: topK }
  const dropped = (['temperature', 'top_p', 'top_k'] as const).filter(
    (name) => sent[name] !== fields[name] && !(sent[name] === 1 && name !== 'top_k'),
  )
  return { fields, dropped }
}
