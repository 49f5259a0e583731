/**
 * System messages in mid-conversation. They stay where they were said: in the top-level `system`
 * each would change the beginning of the prompt, and the cache of the whole history would be lost.
 * Source: Anthropic, "Mid-conversation system messages", read 2026-11.
 */
import type { AnthropicBlock, AnthropicMessage, AnthropicTextBlock } from '../../wire/anthropic.ts'

/** Our own type, between the walk over the messages and the placing of what it found. */
const instruction = 'instruction'

/** The block that stands for an instruction in the user turn where it was said. */
export function asInstruction(block: AnthropicTextBlock): AnthropicBlock {
  return { ...block, type: instruction }
}

/**
 * A user turn without such blocks. Where the model knows system turns, those at the end of the turn
 * become one: the API takes a system turn behind a user's only, in front of an assistant's or at the
 * very end. All others become user text in their place.
 */
export function placeInstructions(
  turn: AnthropicMessage,
  systemTurns: boolean,
): AnthropicMessage[] {
  const { role, content } = turn
  if (!content.some(isInstruction)) return [turn]
  const end = content.findLastIndex((block) => !isInstruction(block)) + 1
  const split = systemTurns && end > 0 ? end : content.length
  const said = content
    .slice(0, split)
    .map((block) => (isInstruction(block) ? reminder(block) : block))
  const last = content.slice(split).map(asText)
  return [
    { role, content: said },
    ...(last.length > 0 ? [{ role: 'system' as const, content: last }] : []),
  ]
}

function isInstruction({ type }: AnthropicBlock): boolean {
  return type === instruction
}

function asText(block: AnthropicBlock): AnthropicBlock {
  return { ...block, type: 'text' }
}

function reminder(block: AnthropicBlock): AnthropicBlock {
  const text = `<system-reminder>\n${String(block.text)}\n</system-reminder>`
  return { ...block, type: 'text', text }
}
