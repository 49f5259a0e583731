/**
 * A request to another OpenAI model than the one that its client named: a redirect, an entry's `upstream_id`, a model that stands in.
 * The client wrote it for the model it knows. What this one surely refuses is told in its own terms, or taken out.
 * Source: docs/translation.md §14; what was refused in practice: opencode #4451 (an effort), codex #9035 (`verbosity`), baml #2708 and
 * pydantic-ai #2865 (an effort and encrypted reasoning, of a model that does not reason), read 2026-11.
 */
import type { JsonDocument } from '../../json/document.ts'
import { isObject } from '../../json/value.ts'
import { levelOfWord, upstreamId, type Model } from '../../model.ts'
import { isGiven } from '../../untrusted.ts'
import { capLimit, takeMemberOut } from '../refusable.ts'
import { capabilityOf, mostTokens } from './capability.ts'
import { ENCRYPTED_REASONING, LOGPROBS, planReasoning } from './reasoning.ts'

interface Fit {
  /** in place of the client's; undefined where nothing is better than what it sent */
  effort: string | undefined
  /** the model takes what only reasoning models take */
  reasons: boolean
  /** the model takes sampling parameters and gives log probabilities */
  samples: boolean
  verbosity: boolean
}

/** Whether the client named another model. Of a model that nobody knows nobody knows what it refuses. */
export function isForOther(document: JsonDocument, model: Model): boolean {
  const id = upstreamId(model)
  return document.get('model') !== id && capabilityOf(id).reasons !== 'unknown'
}

/** What the model takes of a request with that word for an effort. */
export function fitFor(model: Model, word: unknown): Fit {
  const level = levelOfWord(word)
  const client = { ...(level && { level }), names: [], hidden: false }
  const { reasoning, reasons, samples } = planReasoning(model, client)
  const effort = isGiven(word) && reasoning?.effort !== word ? reasoning?.effort : undefined
  return { effort, reasons, samples, verbosity: capabilityOf(upstreamId(model)).verbosity }
}

/** Returns whether the model takes reasoning back, which one that does not reason refuses. */
export function fitResponses(document: JsonDocument, model: Model): boolean {
  const client = document.get('reasoning')
  const own = isObject(client) ? client : {}
  const { effort, reasons, samples, verbosity } = fitFor(model, own.effort)
  if (effort !== undefined) document.set('reasoning', { ...own, effort })
  if (!reasons) {
    document.delete('reasoning')
    takeIncludeOut(document, ENCRYPTED_REASONING)
  }
  if (!samples) takeSamplingOut(document)
  if (!verbosity) takeMemberOut(document, 'text', 'verbosity')
  capLimit(document, 'max_output_tokens', mostTokens(model))
  return reasons
}

/** A model that reasons refuses them, in either of OpenAI's APIs. */
export function takeSamplingOut(document: JsonDocument): void {
  document.delete('temperature', 'top_p', 'logprobs', 'top_logprobs')
  takeIncludeOut(document, LOGPROBS)
}

export function takeIncludeOut(document: JsonDocument, name: string): void {
  const include = document.get('include')
  if (!Array.isArray(include) || !include.includes(name)) return
  const rest = include.filter((one) => one !== name)
  if (rest.length > 0) document.set('include', rest)
  else document.delete('include')
}
