/**
 * Answers that are kept for clients which name them in place of sending them again: an item, or all of a conversation up to an
 * answer. Source: OpenAI API reference "Responses" and guide "Conversation state", read 2026-11.
 */
import { badRequest } from '../errors.ts'
import { isObject, type JsonObject } from '../json/value.ts'
import type { FindAnswer } from '../kept-answer.ts'
import { isGiven } from '../untrusted.ts'

/** How the tail of every id begins that this program gives an answer. It is also in the mark of seals, so that one look finds both. */
export const keptMark = 'd2a1'

/**
 * Gives the item that an id names, and nothing when it is named again: OpenAI refuses that, and else a small request could
 * become one of any size. Undefined for one that is not kept.
 */
export function itemsByName(find: FindAnswer): (id: unknown) => JsonObject[] | undefined {
  const outputs = new Map<string, JsonObject[]>()
  const given = new Set<unknown>()
  return (id) => {
    if (given.has(id)) return []
    const tail = tailOfItem(id)
    const output = outputs.get(tail) ?? outputOf(find(tail, 'answer'))
    outputs.set(tail, output)
    const item = output.find((one) => one.id === id)
    if (item) given.add(id)
    return item && [item]
  }
}

/** The tail of the answer's id, which its items have in theirs. */
function tailOfItem(id: unknown): string {
  const [, tail = ''] = typeof id === 'string' ? (/^[a-z]+_(\w+)_\d+$/.exec(id) ?? []) : []
  return tail
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
    const [, tail = ''] = typeof id === 'string' ? (/^resp_(\w+)$/.exec(id) ?? []) : []
    const asked = find(tail, 'asked')
    const answer = find(tail, 'answer')
    if (!asked || !answer || parts.length > longest) throw notKept()
    parts.push([
      ...itemsOf(asked.input).filter((item) => !isTrigger(item)),
      ...outputOf(answer).filter(isWhole),
    ])
    id = asked.previous_response_id
  }
  return parts.toReversed().flat()
}

function outputOf(answer: JsonObject | undefined): JsonObject[] {
  const output = answer?.output
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
