/**
 * An assistant message as items: reasoning, then what it said, then its calls, or as `at` places
 * the reasoning.
 */
import type { JsonObject } from '../../wire/chat.ts'
import type { ResponsesItem } from '../../wire/responses.ts'
import { isGiven, textAt } from '../untrusted.ts'
import type { MappingContext } from '../mapped.ts'
import { placedDetails, rememberedDetails } from '../remembered.ts'
import { weave } from '../weave.ts'
import { spokenParts, type Part } from './parts.ts'
import { reasoningItems, type PlacedReasoning } from './reasoning-items.ts'
import type { Call } from './tool-calls.ts'

export interface HistoryContext {
  /** the upstream's name of the model that is asked */
  upstreamModel: string
  /** reasoning of an earlier answer, by the id of its first tool call as the client knows it */
  recall?: MappingContext['recall']
}

/**
 * The items of an assistant message with its `calls`; none when it neither says nor calls anything.
 */
export function assistantItems(
  message: JsonObject,
  calls: Call[],
  place: string,
  context: HistoryContext,
): ResponsesItem[] {
  const refusal = isGiven(message.refusal) ? textAt(message.refusal, `${place}.refusal`) : ''
  const said = spokenParts(message.content, `${place}.content`)
  if (refusal !== '') said.push({ type: 'refusal', refusal })
  if (said.length === 0 && calls.length === 0) return []

  const items = calls.map(({ item }) => item)
  return withMessages(weave(said, items, reasoningOf(message, context)))
}

function reasoningOf(message: JsonObject, context: HistoryContext): PlacedReasoning[] {
  const { recall, upstreamModel } = context
  const own = reasoningItems(placedDetails(message, recall), upstreamModel)
  return own.length > 0 ? own : reasoningItems(rememberedDetails(message, recall), upstreamModel)
}

/** Neighbouring parts become the content of one message item. */
function withMessages(woven: Part[]): ResponsesItem[] {
  const items: ResponsesItem[] = []
  let content: Part[] | undefined
  for (const part of woven) {
    const spoken = outputPart(part)
    if (!spoken) {
      items.push(part)
      content = undefined
    } else if (content) content.push(spoken)
    else {
      content = [spoken]
      items.push({ type: 'message', role: 'assistant', content })
    }
  }
  return items
}

function outputPart(part: Part): Part | undefined {
  if (part.type === 'refusal') return part
  return part.type === 'text'
    ? { type: 'output_text', text: part.text, annotations: [] }
    : undefined
}
