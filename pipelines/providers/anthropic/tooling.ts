/** `tools` and `tool_choice` of a request. */
import type { AnthropicMessage, MessagesRequest } from '../../wire/anthropic.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type { Capability } from './capability.ts'
import { fitsStrict } from './strict-limits.ts'
import { chooseTools } from './tool-choice.ts'
import { declaredTools, toolsOfHistory, type DeclaredTools } from './tools.ts'

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
  answerSchema: unknown,
): Tooling {
  const declared = fittingTools(request, capability, answerSchema)
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

/** Strict where the client says so and the API takes as many, else none of them. */
function fittingTools(
  request: JsonObject,
  { structuredOutputs }: Capability,
  answerSchema: unknown,
): DeclaredTools {
  const declared = declaredTools(request, structuredOutputs)
  const strict = declared.tools.filter((tool) => tool.strict === true)
  const answer = isObject(answerSchema) ? answerSchema : undefined
  const fits = strict.length === 0 || fitsStrict(strict, answer)
  return fits ? declared : declaredTools(request, false)
}
