/**
 * What Gemini refuses about the calls and results of a conversation, since a client's history passes only if the proxy has put
 * both in order and kept the signatures. Source: Gemini API "Function calling" and "Thought signatures", read 2026-11.
 */
import { badRequest } from '../../pipelines/errors.ts'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { objectsIn } from './ask.ts'

/** Of every part that the demo signs. */
export const signature = Buffer.from('droid2api demo').toString('base64')
/** What the API takes for a call of another model. */
const standIn = 'skip_thought_signature_validator'

/** Throws ProxyError 400 where a turn of the user has more or fewer results than the turn before has calls. */
export function refuseUnpaired(contents: JsonObject[]): void {
  for (const [at, turn] of contents.entries()) {
    if (turn.role !== 'user') continue
    const calls = partsWith('functionCall', contents[at - 1]).length
    if (partsWith('functionResponse', turn).length === calls) continue
    const message =
      'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.'
    throw badRequest('invalid_value', `contents[${at}]`, message)
  }
}

/** Throws ProxyError 400 where a step of the turn under way begins with a call that is not signed. */
export function refuseUnsigned(contents: JsonObject[]): void {
  const start = contents.findLastIndex(isSpoken) + 1
  for (const [index, turn] of contents.slice(start).entries()) {
    const [first] = partsWith('functionCall', turn)
    if (!first || [signature, standIn].includes(String(first.thoughtSignature))) continue
    const message =
      first.thoughtSignature === undefined
        ? 'Function call is missing a thought_signature in functionCall parts.'
        : 'Corrupted thought signature.'
    throw badRequest('invalid_value', `contents[${start + index}]`, message)
  }
}

function isSpoken(turn: JsonObject): boolean {
  return turn.role === 'user' && partsWith('functionResponse', turn).length === 0
}

function partsWith(kind: string, turn: JsonObject | undefined): JsonObject[] {
  return objectsIn(turn?.parts).filter((part) => part[kind] !== undefined)
}
