/**
 * Reasoning that a chat client hands back, as `reasoning` items. Without a store upstream,
 * encrypted content is the only form in which the API takes it: readable reasoning alone is left
 * out, and so is the item's id, which would be looked up.
 */
import { isObject, type JsonObject } from '../../json/value.ts'
import type { ReasoningDetail } from '../../wire/chat.ts'
import type { ResponsesItem } from '../../wire/responses.ts'
import { isGiven } from '../../untrusted.ts'

const ownFormat = 'openai-responses-v1'
const ownIdPrefix = 'rs_'

/** A reasoning item and how many code points of content and how many tool calls came before it. */
export interface PlacedReasoning {
  block: ResponsesItem
  /** left out: in front of everything */
  at?: NonNullable<ReasoningDetail['at']>
}

interface Group {
  summary: string
  data?: string
  at?: ReasoningDetail['at']
}

/**
 * The usable entries of `reasoning_details`, for the model that is asked now; others are left out.
 */
export function reasoningItems(details: unknown, upstreamModel: string): PlacedReasoning[] {
  if (!Array.isArray(details)) return []
  const own = details.filter(isObject).filter((detail) => belongsTo(detail, upstreamModel))
  return groupsOf(own).flatMap(({ summary, data, at }) => {
    if (data === undefined) return []
    const texts = summary === '' ? [] : [{ type: 'summary_text', text: summary }]
    const block = { type: 'reasoning', summary: texts, encrypted_content: data }
    return [{ block, ...(at && { at }) }]
  })
}

/**
 * Reasoning is bound to the model that made it, and other providers' signatures mean nothing here.
 */
function belongsTo(detail: JsonObject, upstreamModel: string): boolean {
  if (isGiven(detail.model) && detail.model !== upstreamModel) return false
  if (isGiven(detail.format)) return detail.format === ownFormat
  return isFilled(detail.data) && isFilled(detail.id) && detail.id.startsWith(ownIdPrefix)
}

/**
 * One group an item: entries of one index, where the encrypted content is the last; without an
 * index it ends the group.
 */
function groupsOf(details: JsonObject[]): Group[] {
  const groups: Group[] = []
  const open = new Map<unknown, Group>()
  for (const detail of details) {
    const key = detail.index ?? undefined
    const group = open.get(key) ?? newGroup(groups)
    open.set(key, group)
    group.at ??= placeOf(detail.at)
    if (typeof detail.summary === 'string') group.summary += detail.summary
    if (!isFilled(detail.data)) continue
    group.data = detail.data
    open.delete(key)
  }
  return groups
}

function newGroup(groups: Group[]): Group {
  const group = { summary: '' }
  groups.push(group)
  return group
}

function placeOf(at: unknown): ReasoningDetail['at'] {
  if (!isObject(at)) return undefined
  const { content, tools } = at
  return isCount(content) && isCount(tools) ? { content, tools } : undefined
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
