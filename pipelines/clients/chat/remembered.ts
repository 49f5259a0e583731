/**
 * The memory of reasoning, as both request maps ask it: for clients that hand back none, and for those that know only
 * OpenRouter's members of it and so have dropped `at`.
 */
import { isObject, type JsonObject } from '../../json/value.ts'
import type { ReasoningDetail } from '../../wire/chat.ts'
import { isPhaseEntry, type PhaseEntry, type Remembered } from '../../neutral/phases.ts'
import type { MappingContext } from '../../neutral/mapped.ts'
import type { Recall, Remembered as RememberedAnswer } from '../../neutral/reasoning.ts'
import { isGiven } from '../../untrusted.ts'
import { reasoningDetails } from './answer.ts'
import { reasoningOfDetails } from './reasoning.ts'

/** The memory in neutral words. */
export function neutralRecall(recall: MappingContext['recall']): Recall | undefined {
  return (
    recall &&
    ((key) => {
      const entries = recall(key)
      return (
        entries && {
          reasoning: reasoningOfDetails(entries.filter((entry) => !isPhaseEntry(entry))),
          phases: entries.filter(isPhaseEntry),
        }
      )
    })
  )
}

/** What is remembered of an answer, in chat's words. */
export function rememberedEntries({ reasoning = [], phases = [] }: RememberedAnswer): Remembered[] {
  const entries = phases.map((phase): PhaseEntry => ({ type: 'answer.phase', ...phase }))
  return [...reasoning.flatMap(reasoningDetails), ...entries]
}

/** The reasoning remembered of the answer that an assistant message hands back; it is known by its first tool call. */
export function rememberedDetails(
  message: JsonObject,
  recall: MappingContext['recall'],
): ReasoningDetail[] | undefined {
  const id = firstCallId(message)
  const entries = id === undefined ? undefined : recall?.(id)
  return entries?.filter((entry) => !isPhaseEntry(entry))
}

function firstCallId({ tool_calls: calls }: JsonObject): string | undefined {
  const first: unknown = Array.isArray(calls) ? calls[0] : undefined
  return isObject(first) && typeof first.id === 'string' ? first.id : undefined
}

/** The message's own details; one without a place gets that of the remembered one with the same seal. */
export function placedDetails(message: JsonObject, recall: MappingContext['recall']): unknown {
  const details = message.reasoning_details
  if (!Array.isArray(details) || !details.some(lacksPlace)) return details
  const remembered = rememberedDetails(message, recall)
  if (!remembered) return details
  return details.map((detail: unknown) => {
    if (!lacksPlace(detail)) return detail
    const seal = sealOf(detail)
    const same = remembered.find((one) => isGiven(seal) && sealOf(one) === seal)
    return same?.at ? Object.assign({}, detail, { at: same.at }) : detail
  })
}

function lacksPlace(detail: unknown): detail is JsonObject {
  return isObject(detail) && !isGiven(detail.at)
}

function sealOf(detail: JsonObject): unknown {
  return detail.type === 'reasoning.text' ? detail.signature : detail.data
}
