/**
 * A chat request to another OpenAI model than the one that its client named, in the terms of that one. Of other models nobody knows
 * what they refuse.
 * Source: docs/translation.md §11.1; what was refused in practice: any-llm #270 (an effort), opencode #37964 (`max_tokens`), read
 * 2026-11.
 */
import type { JsonDocument } from '../../json/document.ts'
import type { Model } from '../../model.ts'
import { capLimit } from '../refusable.ts'
import { mostTokens } from '../openai/capability.ts'
import { fitFor, takeSamplingOut } from '../openai/fit.ts'

/** What a limit is called; models that reason refuse the older name. */
export function limitName(reasons: boolean): 'max_completion_tokens' | 'max_tokens' {
  return reasons ? 'max_completion_tokens' : 'max_tokens'
}

export function fitChat(document: JsonDocument, model: Model): void {
  const fit = fitFor(model, document.get('reasoning_effort'))
  if (!fit.reasons) document.delete('reasoning_effort')
  else if (fit.effort !== undefined) document.set('reasoning_effort', fit.effort)
  if (!fit.samples) takeSamplingOut(document)
  if (!fit.verbosity) document.delete('verbosity')
  renameLimit(document, limitName(fit.reasons))
  const most = mostTokens(model)
  capLimit(document, 'max_tokens', most)
  capLimit(document, 'max_completion_tokens', most)
}

/** Models that do not reason take the newer name, too. */
function renameLimit(document: JsonDocument, name: string): void {
  const limit = document.raw('max_tokens')
  if (limit === undefined || name === 'max_tokens') return
  if (document.get(name) === undefined) document.setRaw(name, limit)
  document.delete('max_tokens')
}
