/** Puts `at` back where a client that knows only OpenRouter's members of reasoning has dropped it. */
import type { JsonObject, ReasoningDetail } from '../wire/chat.ts'
import { isObject } from '../wire/json.ts'
import { isGiven } from './untrusted.ts'

/** The client's details; one without a place gets that of the remembered one with the same seal. */
export function withPlaces(details: unknown, remembered: ReasoningDetail[] | undefined): unknown {
  if (!Array.isArray(details) || !remembered) return details
  return details.map((detail: unknown) => {
    if (!isObject(detail) || isGiven(detail.at)) return detail
    const seal = sealOf(detail)
    const same = remembered.find((one) => isGiven(seal) && sealOf(one) === seal)
    return same?.at ? Object.assign({}, detail, { at: same.at }) : detail
  })
}

function sealOf(detail: JsonObject): unknown {
  return detail.type === 'reasoning.text' ? detail.signature : detail.data
}
