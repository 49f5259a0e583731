/**
 * Answers that are kept for clients which name them in place of sending them again: an item, or all of a conversation up to an
 * answer. Source: OpenAI API reference "Responses" and guide "Conversation state", read 2026-11.
 */
import { badRequest } from '../errors.ts'
import { isObject, type JsonObject } from '../json/value.ts'
import type { FindAnswer, KeptAnswer } from '../kept-answer.ts'
import { isGiven } from '../untrusted.ts'

/** How the tail of every id begins that this program gives an answer. It is also in the mark of seals, so that one look finds both. */
export const keptMark = 'd2a1'

/** An item of an answer, which has the tail of the answer's id in its own; never itself only an id. */
export function itemNamed(id: unknown, find: FindAnswer): JsonObject | undefined {
  const [, tail] = typeof id === 'string' ? (/^[a-z]+_(\w+)_\d+$/.exec(id) ?? []) : []
  return tail === undefined ? undefined : outputOf(find(tail)).find((item) => item.id === id)
}

/** Longer chains of answers have no use: no model reads so much. */
const longest = 10_000

/** The items of the conversation that a request goes on with, if it names one. Throws a 400 where they are not kept. */
export function conversationBefore(
  { previous_response_id: given }: JsonObject,
  find: FindAnswer,
): unknown[] {
  const parts: unknown[][] = []
  let id = given
  while (isGiven(id) && id !== '') {
    const [, tail] = typeof id === 'string' ? (/^resp_(\w+)$/.exec(id) ?? []) : []
    const kept = tail === undefined ? undefined : find(tail)
    if (!kept?.asked || !kept.answer || parts.length > longest) throw notKept()
    parts.push([
      ...itemsOf(kept.asked.input).filter((item) => !isTrigger(item)),
      ...outputOf(kept).filter(isWhole),
    ])
    id = kept.asked.previous_response_id
  }
  return parts.toReversed().flat()
}

function outputOf(kept: KeptAnswer | undefined): JsonObject[] {
  const output = kept?.answer?.output
  return Array.isArray(output) ? output.filter(isObject) : []
}

/** An input as items. */
export function itemsOf(input: unknown): unknown[] {
  if (Array.isArray(input)) return input
  return typeof input === 'string' ? [{ role: 'user', content: input }] : []
}

/** A call that was cut is nothing that anybody can answer. */
function isWhole({ type, status }: JsonObject): boolean {
  return type === 'message' || status !== 'incomplete'
}

/** The wish for a summary is over with its answer. */
function isTrigger(item: unknown): boolean {
  return isObject(item) && item.type === 'compaction_trigger'
}

/** With this code clients send the whole input. */
function notKept() {
  const place = 'previous_response_id'
  const message = `${place} names an answer that is not kept here, or not any more. Send the whole input.`
  return badRequest('previous_response_not_found', place, message)
}
