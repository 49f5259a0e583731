/**
 * A Responses request that names answers of models of other APIs, which this program keeps: OpenAI has none of them, so that they go
 * up in full. Their reasoning stays behind, which it cannot read.
 */
import { isObject, type JsonObject } from '../../json/value.ts'
import type { JsonDocument } from '../../json/document.ts'
import type { FindAnswer } from '../../kept-answer.ts'
import { conversationBefore, itemsByName, itemsOf, keptMark } from '../../neutral/kept-answers.ts'

/** Throws ProxyError 400 for an answer before that is not kept any more. */
export function putKeptIn(document: JsonDocument, find: FindAnswer): void {
  const previous = document.get('previous_response_id')
  if (isOurs(previous)) {
    const before = conversationBefore({ previous_response_id: previous }, find)
    const own = itemsOf(document.get('input'))
    document.set('input', [...before, ...own])
    document.delete('previous_response_id')
  }
  const named = itemsByName(find)
  document.changeItems('input', (input) =>
    input.flatMap((item) => (hasOurs(item) ? inFull(item, named) : [item])),
  )
}

const ours = new RegExp(`^[a-z]+_${keptMark}`)

function isOurs(id: unknown): id is string {
  return typeof id === 'string' && ours.test(id)
}

function hasOurs(item: unknown): item is JsonObject {
  return isObject(item) && isOurs(item.id)
}

/** What is not kept any more is left for OpenAI to refuse. */
function inFull(item: JsonObject, named: ReturnType<typeof itemsByName>): JsonObject[] {
  const isName = item.type === 'item_reference' || (item.type ?? item.role) === undefined
  const items = isName ? named(item.id) : [item]
  return items?.flatMap(withoutId) ?? [item]
}

function withoutId({ id: _id, status: _status, ...whole }: JsonObject): JsonObject[] {
  return whole.type === 'reasoning' ? [] : [whole]
}
