/**
 * An assistant message as items: reasoning, then what it said, then its calls, or as `at` places
 * the reasoning.
 */
import type { JsonObject } from '../../json/value.ts'
import type { ResponsesItem } from '../../wire/responses.ts'
import { isGiven, textAt } from '../../untrusted.ts'
import type { MappingContext } from '../../neutral/mapped.ts'
import { isPhase } from '../../neutral/delta.ts'
import {
  placedDetails,
  rememberedDetails,
  rememberedPhases,
} from '../../clients/chat/remembered.ts'
import { weave } from '../../clients/chat/weave.ts'
import { spokenParts, type Part } from './parts.ts'
import { reasoningItems, type PlacedReasoning } from './reasoning-items.ts'
import type { Call } from './tool-calls.ts'

export interface HistoryContext {
  /** the upstream's name of the model that is asked */
  upstreamModel: string
  /** reasoning of an earlier answer, by the id of its first tool call as the client knows it */
  recall?: MappingContext['recall']
  /** the model tells commentary from the final answer */
  phases?: boolean
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
  const placed = [...phasesOf(message, said, context), ...reasoningOf(message, context)]
  return withMessages(weave(said, items, placed.toSorted(byPlace)))
}

function reasoningOf(message: JsonObject, context: HistoryContext): PlacedReasoning[] {
  const { recall, upstreamModel } = context
  const own = reasoningItems(placedDetails(message, recall), upstreamModel)
  return own.length > 0 ? own : reasoningItems(rememberedDetails(message, recall), upstreamModel)
}

/** Begins a phase where it stands among the parts; no item of the API. */
const phaseMark = 'phase'

/** The phases that were seen: as the client hands them back, else as they are remembered. */
function phasesOf(message: JsonObject, said: Part[], context: HistoryContext): PlacedReasoning[] {
  if (!context.phases || said.length === 0) return []
  const { phase } = message
  if (isPhase(phase)) return [{ block: { type: phaseMark, phase }, at: { content: 0, tools: 0 } }]
  const text = said.map((part) => (part.type === 'text' ? part.text : '')).join('')
  return rememberedPhases(message, text, context.recall).map((entry) => ({
    block: { type: phaseMark, phase: entry.phase },
    at: entry.at,
  }))
}

/** What has no place stands in front. */
function byPlace({ at: one }: PlacedReasoning, { at: other }: PlacedReasoning): number {
  if (!one || !other) return Number(one !== undefined) - Number(other !== undefined)
  return one.content - other.content || one.tools - other.tools
}

/** Neighbouring parts become the content of one message item. */
function withMessages(woven: Part[]): ResponsesItem[] {
  const items: ResponsesItem[] = []
  let content: Part[] | undefined
  let phase: unknown
  for (const part of woven) {
    const spoken = outputPart(part)
    if (spoken && content) content.push(spoken)
    else if (spoken) {
      content = [spoken]
      items.push({ type: 'message', role: 'assistant', content, ...(phase ? { phase } : {}) })
    } else {
      content = undefined
      if (part.type === phaseMark) phase = part.phase
      else items.push(part)
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
