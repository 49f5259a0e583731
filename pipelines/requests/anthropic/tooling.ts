/** `tools` and `tool_choice` of a request. */
import type { AnthropicMessage, MessagesRequest } from '../../wire/anthropic.ts'
import type { JsonObject } from '../../wire/chat.ts'
import type { Capability } from './capability.ts'
import { chooseTools } from './tool-choice.ts'
import { declaredTools, toolsOfHistory } from './tools.ts'

export interface Tooling {
  fields: Pick<MessagesRequest, 'tools' | 'tool_choice'>
  dropped: string[]
}

/**
 * Without usable tools nothing is declared, unless the history calls some: then they are declared
 * and out of reach.
 */
export function toolingOf(
  request: JsonObject,
  capability: Capability,
  messages: AnthropicMessage[],
): Tooling {
  const declared = declaredTools(request, capability.structuredOutputs)
  const chosen = chooseTools(request, declared, capability.forcedTools)
  const dropped = [...declared.dropped, ...chosen.dropped]
  if (chosen.tools.length > 0) {
    const { tools } = chosen
    return { fields: { tools, ...(chosen.choice && { tool_choice: chosen.choice }) }, dropped }
  }
  const past = toolsOfHistory(messages)
  if (past.length === 0) return { fields: {}, dropped }
  return { fields: { tools: past, tool_choice: { type: 'none' } }, dropped }
}
