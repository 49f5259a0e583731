/**
 * An assistant message as the blocks of its turn: thinking, then text, then tool calls, or as `at`
 * places them.
 */
import type { AnthropicBlock } from '../../wire/anthropic.ts'
import type { JsonObject } from '../../json/value.ts'
import { contentBlocks, isBlank, textBlock } from './parts.ts'
import { isThinking, isUsable, thinkingOfBlocks, thinkingOfDetails } from './reasoning-history.ts'
import type { PlacedThinking } from './reasoning-history.ts'
import { toolUseBlocks } from './tool-blocks.ts'
import { isGiven, textAt } from '../../untrusted.ts'
import type { MappingContext } from '../../neutral/mapped.ts'
import { placedDetails, rememberedDetails } from '../../clients/chat/remembered.ts'
import { weave } from '../../clients/chat/weave.ts'

export interface HistoryContext {
  /** the upstream's name of the model that is asked */
  upstreamModel: string
  /** false for the level `off`: history goes without thinking */
  keepThinking: boolean
  /** reasoning of an earlier answer, by the id of its first tool call as the client knows it */
  recall?: MappingContext['recall']
}

/**
 * The blocks of an assistant message; blank text is left out. `legacyId` is the id of its
 * `function_call`.
 */
export function assistantBlocks(
  message: JsonObject,
  place: string,
  legacyId: string,
  context: HistoryContext,
): AnthropicBlock[] {
  const content = contentBlocks(message.content, `${place}.content`, 'assistant')
  const refusal = isGiven(message.refusal) ? textAt(message.refusal, `${place}.refusal`) : ''
  const said = [...content, textBlock(refusal)]
  const calls = toolUseBlocks(message, place, legacyId)

  const thinking = context.keepThinking ? handedBack(message, context) : []
  const keepInline = context.keepThinking && thinking.length === 0
  const kept = said.filter((block) => !isThinking(block) || (keepInline && isUsable(block)))
  const remembered = keepInline && !kept.some(isThinking) ? recalled(message, context) : []
  return weave(kept, calls, [...thinking, ...remembered]).filter((block) => !isBlank(block))
}

function handedBack(message: JsonObject, context: HistoryContext): PlacedThinking[] {
  const own = placedDetails(message, context.recall)
  const details = thinkingOfDetails(own, context.upstreamModel)
  return details.length > 0 ? details : thinkingOfBlocks(message.thinking_blocks)
}

function recalled(message: JsonObject, context: HistoryContext): PlacedThinking[] {
  return thinkingOfDetails(rememberedDetails(message, context.recall), context.upstreamModel)
}
