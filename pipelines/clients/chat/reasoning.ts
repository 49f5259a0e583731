/**
 * Reasoning that chat clients hand back of earlier answers, in each of its forms.
 * Source: OpenRouter "Reasoning tokens", LiteLLM "Reasoning content", Anthropic "Extended thinking", OpenAI API reference
 * "Responses", read 2026-11.
 */
import { isObject, type JsonObject } from '../../json/value.ts'
import { makers, type Place, type Reasoning } from '../../neutral/reasoning.ts'
import type { ReasoningPiece } from '../../neutral/request.ts'
import { asLabel, isGiven } from '../../untrusted.ts'

/**
 * OpenRouter's `reasoning_details`, one Reasoning per block or item. Clients that store a stream hand back one block in
 * several entries, which are joined. Entries that are no objects count for nothing.
 */
export function reasoningOfDetails(details: unknown): Reasoning[] {
  if (!Array.isArray(details)) return []
  const joined: JsonObject[] = []
  const openItems = new Map<string, number>()
  for (const detail of details.filter(isObject)) {
    const before = joined.at(-1)
    if (before && continuesText(before, detail))
      joined[joined.length - 1] = joinTexts(before, detail)
    else if (detail.type === 'reasoning.text' || !isGiven(detail.format)) joined.push(detail)
    else addToItem(joined, openItems, detail)
  }
  return joined.map(reasoningOf)
}

/** Entries without an index are one block only as long as the first is unsigned: a signature ends a block. */
function continuesText(before: JsonObject, detail: JsonObject): boolean {
  if (before.type !== 'reasoning.text' || detail.type !== 'reasoning.text') return false
  if (isGiven(before.index) || isGiven(detail.index)) return before.index === detail.index
  return !isFilled(before.signature)
}

function joinTexts(before: JsonObject, detail: JsonObject): JsonObject {
  const text = [before.text, detail.text].filter((piece) => typeof piece === 'string').join('')
  const signature = isFilled(detail.signature) ? detail.signature : before.signature
  return { ...detail, ...before, text, signature }
}

/** Summary and encrypted content of one item have one index; the encrypted content ends the item. */
function addToItem(joined: JsonObject[], open: Map<string, number>, detail: JsonObject): void {
  const key = JSON.stringify([detail.format, detail.index ?? null])
  const at = open.get(key)
  const before = at === undefined ? undefined : joined[at]
  if (at === undefined || !before) {
    open.set(key, joined.length)
    joined.push(detail)
  } else {
    const summary = [before.summary, detail.summary].filter((piece) => typeof piece === 'string')
    joined[at] = { ...before, ...detail, at: before.at ?? detail.at, summary: summary.join('') }
  }
  if (isFilled(detail.data)) open.delete(key)
}

function reasoningOf(detail: JsonObject): Reasoning {
  const isText = detail.type === 'reasoning.text'
  const text = isText ? detail.text : detail.summary
  const seal = isText ? signatureOf(detail) : dataOf(detail)
  const at = placeOf(detail.at)
  return {
    kind: isText ? 'thinking' : 'summary',
    ...(isCount(detail.index) && { index: detail.index }),
    text: asLabel(text),
    ...(isGiven(detail.format) && { maker: asLabel(detail.format) }),
    ...(isGiven(detail.model) && { model: asLabel(detail.model) }),
    ...(seal && { seal }),
    ...(at && { at }),
  }
}

function signatureOf({ signature }: JsonObject): { signature: string } | undefined {
  return isFilled(signature) ? { signature } : undefined
}

function dataOf({ data, id }: JsonObject): { data: string; id?: string } | undefined {
  return isFilled(data) ? { data, ...(isFilled(id) && { id }) } : undefined
}

function placeOf(at: unknown): Place | undefined {
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

/** The details of a message, as pieces that stand beside the others. */
export function detailPieces(details: unknown, place: string): ReasoningPiece[] {
  return reasoningOfDetails(details).map((reasoning) => ({ type: 'reasoning', place, reasoning }))
}

/** LiteLLM's `thinking_blocks`. */
export function thinkingPieces(blocks: unknown, place: string): ReasoningPiece[] {
  if (!Array.isArray(blocks)) return []
  return blocks
    .filter(isObject)
    .filter(isThinking)
    .map((block) => thinkingPiece(block, place))
}

export function isThinking({ type }: JsonObject): boolean {
  return type === 'thinking' || type === 'redacted_thinking'
}

/** A thinking block of Anthropic's, which takes no mark. */
export function thinkingPiece(block: JsonObject, place: string): ReasoningPiece {
  const { cache_control: _refused, ...value } = block
  const { thinking } = block
  const seal = block.type === 'thinking' ? signatureOf(block) : dataOf(block)
  const isWhole = block.type !== 'thinking' || typeof thinking === 'string'
  const reasoning: Reasoning = {
    kind: 'thinking',
    text: typeof thinking === 'string' ? thinking : '',
    maker: makers.anthropic,
    ...(seal && isWhole && { seal }),
  }
  return { type: 'reasoning', place, reasoning, own: { api: 'anthropic', value } }
}

/** A reasoning item of Responses; without its encrypted content nothing of it can go on. */
export function reasoningOfItem(item: JsonObject): Reasoning[] {
  const { summary } = item
  const seal = dataOf({ data: item.encrypted_content })
  if (!seal) return []
  const parts = Array.isArray(summary) ? summary.filter(isObject) : []
  const texts = parts.map((part) => part.text).filter((text) => typeof text === 'string')
  return [{ kind: 'summary', text: texts.join('\n\n'), maker: makers.openai, seal }]
}
