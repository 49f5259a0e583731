/**
 * Reasoning that a chat client hands back, as thinking blocks. The API checks signatures, so a
 * block is either exactly what the model made or left out; nothing is ever built from readable
 * reasoning alone.
 */
import type { AnthropicBlock } from '../../wire/anthropic.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { isGiven } from '../../untrusted.ts'

const ownFormat = 'anthropic-claude-v1'

/** A thinking block and how many code points of content and how many tool calls came before it. */
export interface PlacedThinking {
  block: AnthropicBlock
  /** left out: in front of everything */
  at?: { content: number; tools: number }
}

/**
 * The usable entries of `reasoning_details`, for the model that is asked now; others are left out.
 */
export function thinkingOfDetails(details: unknown, upstreamModel: string): PlacedThinking[] {
  if (!Array.isArray(details)) return []
  return joinFragments(details.filter(isObject))
    .filter((detail) => belongsTo(detail, upstreamModel))
    .flatMap((detail) => {
      const block = blockOf(detail)
      return block ? [{ block, ...placeOf(detail) }] : []
    })
}

/** The usable entries of LiteLLM's `thinking_blocks`. */
export function thinkingOfBlocks(blocks: unknown): PlacedThinking[] {
  if (!Array.isArray(blocks)) return []
  return blocks.filter(isObject).flatMap((entry) => {
    if (entry.type !== 'thinking' && entry.type !== 'redacted_thinking') return []
    const { cache_control: _refused, ...rest } = entry
    const block = { ...rest, type: entry.type }
    return isUsable(block) ? [{ block }] : []
  })
}

export function isThinking(block: AnthropicBlock): boolean {
  return block.type === 'thinking' || block.type === 'redacted_thinking'
}

/** Whether a thinking block can be sent back: signed, or encrypted. */
export function isUsable(block: AnthropicBlock): boolean {
  if (block.type === 'redacted_thinking') return isFilled(block.data)
  return isFilled(block.signature) && typeof block.thinking === 'string'
}

/** Clients that store stream fragments hand back one block as several entries. */
function joinFragments(details: JsonObject[]): JsonObject[] {
  const joined: JsonObject[] = []
  for (const detail of details) {
    const before = joined.at(-1)
    if (before && continues(before, detail)) joined[joined.length - 1] = join(before, detail)
    else joined.push(detail)
  }
  return joined
}

/**
 * Entries without an index are one block only as long as the first part is unsigned: a signature
 * ends a block.
 */
function continues(before: JsonObject, detail: JsonObject): boolean {
  if (before.type !== 'reasoning.text' || detail.type !== 'reasoning.text') return false
  if (isGiven(before.index) || isGiven(detail.index)) return before.index === detail.index
  return !isFilled(before.signature)
}

function join(before: JsonObject, detail: JsonObject): JsonObject {
  const text = [before.text, detail.text].filter((piece) => typeof piece === 'string').join('')
  const signature = isFilled(detail.signature) ? detail.signature : before.signature
  return { ...detail, ...before, text, signature }
}

/**
 * Newer models bind thinking to the model that made it, and other providers' signatures mean
 * nothing here.
 */
function belongsTo(detail: JsonObject, upstreamModel: string): boolean {
  const format = !isGiven(detail.format) || detail.format === ownFormat
  return format && (!isGiven(detail.model) || detail.model === upstreamModel)
}

function blockOf(detail: JsonObject): AnthropicBlock | undefined {
  if (detail.type === 'reasoning.text' && isFilled(detail.signature)) {
    const thinking = typeof detail.text === 'string' ? detail.text : ''
    return { type: 'thinking', thinking, signature: detail.signature }
  }
  if (detail.type === 'reasoning.encrypted' && isFilled(detail.data)) {
    return { type: 'redacted_thinking', data: detail.data }
  }
  return undefined
}

function placeOf(detail: JsonObject): Pick<PlacedThinking, 'at'> {
  const at = detail.at
  return isObject(at) && isCount(at.content) && isCount(at.tools)
    ? { at: { content: at.content, tools: at.tools } }
    : {}
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
