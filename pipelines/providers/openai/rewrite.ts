/**
 * What has to change in a Responses request: the model's id, the operator's prompt, the operator's reasoning level, and
 * what another model than the named one refuses.
 * Source: docs/translation.md §7.1 and §14; OpenAI API reference "Responses", read 2026-11.
 */
import { upstreamId, type RewriteContext } from '../../model.ts'
import { isSealed } from '../../neutral/seal.ts'
import { openSummary, summaryText } from '../../neutral/summary.ts'
import { keptMark } from '../../neutral/kept-answers.ts'
import { wantsPrompt } from '../../neutral/writing.ts'
import { asObject, isGiven } from '../../untrusted.ts'
import { putKeptIn } from './kept.ts'
import { fitResponses, isForOther, takeSamplingOut } from './fit.ts'
import { isReasoningModel, operatorsEffort } from './reasoning.ts'
import { isObject } from '../../json/value.ts'
import type { JsonDocument } from '../../json/document.ts'

/** The sub-paths that take instructions; of everything else on a sub-path only the model is ours to change. */
const withInstructions = new Set(['', '/compact', '/input_tokens'])

/** Changes the document; no header depends on it. */
export function rewriteResponses(
  document: JsonDocument,
  { model, systemPrompt, subPath, isForeign = false, find }: RewriteContext,
): Record<string, string | undefined> {
  const isFitted = withInstructions.has(subPath) && isForOther(document, model)
  const takesReasoning = !isFitted || fitResponses(document, model)
  if (document.get('model') !== upstreamId(model)) document.set('model', upstreamId(model))
  if (systemPrompt.trim() !== '' && withInstructions.has(subPath)) {
    putInInstructions(document, systemPrompt)
  }
  const takesAll = isForeign || !takesReasoning
  const hasOurs = document.mentions(keptMark)
  if (hasOurs && find) putKeptIn(document, find)
  if (takesAll || hasOurs) takeSealsOut(document, takesAll)
  if (subPath !== '') return {}
  if (model.fast && !document.get('service_tier')) document.set('service_tier', 'priority')
  if (model.reasoning === 'off') {
    document.delete('reasoning')
  } else if (model.reasoning !== 'auto') {
    setLevel(document, operatorsEffort(model) ?? model.reasoning)
    if (isReasoningModel(model)) takeSamplingOut(document)
  }
  return {}
}

/**
 * Takes out the reasoning of other models, which this program sealed, or all of it, and opens the summaries of theirs: the API
 * refuses what it has not encrypted.
 */
function takeSealsOut(document: JsonDocument, takesAll: boolean): void {
  document.changeItems('input', (input) => input.flatMap((item) => withoutSeal(item, takesAll)))
}

function withoutSeal(item: unknown, takesAll: boolean): unknown[] {
  if (!isObject(item)) return [item]
  if (takesAll && item.type === 'reasoning') return []
  if (!isSealed(item.encrypted_content)) return [item]
  if (item.type === 'reasoning') return []
  const summary = openSummary(item.encrypted_content)
  if (summary === undefined) return [item]
  const content = [{ type: 'input_text', text: summaryText(summary) }]
  return [{ type: 'message', role: 'user', content }]
}

/** The operator's prompt in front of the client's text, once, a blank line between the two. */
function putInInstructions(document: JsonDocument, prompt: string): void {
  const client = document.get('instructions')
  const isBlank = typeof client === 'string' && client.trim() === ''
  if (!isGiven(client) || isBlank) {
    document.set('instructions', prompt)
  } else if (typeof client === 'string' && wantsPrompt(prompt, client)) {
    const front = JSON.stringify(prompt.endsWith('\n') ? prompt : `${prompt}\n\n`)
    const own = document.raw('instructions')!.subarray(1)
    document.setRaw('instructions', Buffer.concat([Buffer.from(front.slice(0, -1)), own]))
  }
}

/** The client's other wishes, such as the kind of summary, stay. */
function setLevel(document: JsonDocument, effort: string): void {
  const own = asObject(document.get('reasoning'))
  document.set('reasoning', { ...own, summary: own.summary ?? 'auto', effort })
}
