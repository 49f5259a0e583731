/** Prompt cache marks: from neutral pieces to blocks and tools, and kept to the number that counts upstream. */
import { isObject, type JsonObject } from '../../json/value.ts'
import type { Mark } from '../../neutral/request.ts'
import type { AnthropicBlock, MessagesRequest } from '../../wire/anthropic.ts'

/** Marks of one request; a mark at top level takes one of them. */
const maxMarks = 4
const unmarkable = new Set(['thinking', 'redacted_thinking'])

/** The block, or the tool, with the mark of what it was made of. */
export function withMark<Block extends JsonObject>(block: Block, mark: Mark | undefined): Block {
  if (!mark) return block
  return { ...block, cache_control: mark.control ?? { type: 'ephemeral' } }
}

/** The mark of a whole turn goes to its last block that can carry one. */
export function withTurnMark<Block extends AnthropicBlock>(
  blocks: Block[],
  mark: Mark | undefined,
): Block[] {
  if (!mark) return blocks
  const last = blocks.findLastIndex((block) => !unmarkable.has(block.type))
  return blocks.map((block, at) => (at === last ? withMark(block, mark) : block))
}

/**
 * Takes marks away until the last four are left, in the order in which the API reads them: tools, system, messages. Changes
 * the blocks of the body, which are this request's own copies.
 */
export function limitMarks(body: MessagesRequest): void {
  const allowed = isObject(body.cache_control) ? maxMarks - 1 : maxMarks
  const blocks = body.messages.flatMap(({ content }) => content)
  const marked = [
    ...(body.tools ?? []),
    ...(body.system ?? []),
    ...blocks.flatMap(withResultParts),
  ].filter((holder) => isObject(holder.cache_control))
  for (const holder of marked.slice(0, Math.max(0, marked.length - allowed))) {
    delete holder.cache_control
  }
}

/** The parts of a tool result carry marks of their own, which come before that of the result. */
function withResultParts(block: AnthropicBlock): JsonObject[] {
  const { type, content } = block
  return type === 'tool_result' && Array.isArray(content)
    ? [...content.filter(isObject), block]
    : [block]
}
