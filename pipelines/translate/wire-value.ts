/** Reading what an upstream sent: whatever has the wrong type counts as absent, so that nothing odd stops an answer. */
import type { JsonObject } from '../wire/chat.ts'
import { isObject } from '../wire/json.ts'

/** The object, or an empty one. */
export function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

/** The string, or `""`. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The string if there is something in it. */
export function asName(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** The list with every member an object (an empty one for what is none, so that positions stay), or an empty list. */
export function asObjects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(asObject) : []
}
