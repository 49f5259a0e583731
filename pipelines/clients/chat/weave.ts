/**
 * Puts thinking back between the text and the tool calls of a turn, in the order in which the model
 * produced them.
 */
import type { AnthropicBlock } from '../../wire/anthropic.ts'
import type { PlacedThinking } from '../../providers/anthropic/reasoning-history.ts'

/**
 * One turn of `said` (text and other content), `calls` and `thinking`. A chat message has lost the
 * order of text and calls, so calls follow the text of their position. Offsets are code points of
 * all text of `said`.
 */
export function weave(
  said: AnthropicBlock[],
  calls: AnthropicBlock[],
  thinking: PlacedThinking[],
): AnthropicBlock[] {
  const woven = thinking.filter(({ at }) => !at).map(({ block }) => block)
  let rest = said
  let passedPoints = 0
  let passedCalls = 0
  for (const { block, at } of thinking) {
    if (!at) continue
    const [before, after] = splitAt(rest, at.content - passedPoints)
    const callsUntil = Math.max(passedCalls, at.tools)
    woven.push(...before, ...calls.slice(passedCalls, callsUntil), block)
    rest = after
    passedPoints = Math.max(passedPoints, at.content)
    passedCalls = callsUntil
  }
  return [...woven, ...rest, ...calls.slice(passedCalls)]
}

/** Cuts after so many code points of text; a mark on a cut block stays with its later half. */
function splitAt(
  blocks: AnthropicBlock[],
  points: number,
): [before: AnthropicBlock[], after: AnthropicBlock[]] {
  let left = points
  for (const [index, block] of blocks.entries()) {
    if (left <= 0) return [blocks.slice(0, index), blocks.slice(index)]
    if (block.type !== 'text' || typeof block.text !== 'string') continue
    const { units, missing } = unitsOf(block.text, left)
    left = missing
    if (units === block.text.length) continue
    const head = { type: 'text', text: block.text.slice(0, units) }
    const tail = { ...block, text: block.text.slice(units) }
    return [
      [...blocks.slice(0, index), head],
      [tail, ...blocks.slice(index + 1)],
    ]
  }
  return points <= 0 ? [[], blocks] : [blocks, []]
}

/** UTF-16 units of the first `points` code points, and how many the text was short of. */
function unitsOf(text: string, points: number): { units: number; missing: number } {
  let units = 0
  let missing = points
  for (; missing > 0 && units < text.length; missing--) {
    units += text.codePointAt(units)! > 0xffff ? 2 : 1
  }
  return { units, missing }
}
