/**
 * The results of tool calls as items. The API refuses calls without an output and outputs without a
 * call.
 */
import type { JsonObject } from '../../json/value.ts'
import type { ResponsesItem } from '../../wire/responses.ts'
import { nameAt, textAt } from '../../untrusted.ts'
import { inputParts, partsOfType, textPart, textsOf, type Part } from './parts.ts'
import { callId, type Call, type OpenCalls } from './tool-calls.ts'

const missingOutput = 'No result was provided for this tool call.'

/**
 * The item of a `tool` or `function` message: an output, or a user message when no call waits for
 * it.
 */
export function resultItem(message: JsonObject, place: string, open: OpenCalls): ResponsesItem {
  const output = outputOf(message.content, `${place}.content`)
  if (message.role === 'function') {
    const name = nameAt(message.name, `${place}.name`)
    return outputItem(open.answerName(name), output, name)
  }
  const id = textAt(message.tool_call_id, `${place}.tool_call_id`)
  return outputItem(open.answerId(id), output, id)
}

/** The items of Anthropic's `tool_result` parts, which some clients put into user messages. */
export function resultPartItems(content: unknown, place: string, open: OpenCalls): ResponsesItem[] {
  return partsOfType(content, 'tool_result', place).map(({ part, at }) => {
    const id = textAt(part.tool_use_id, `${at}.tool_use_id`)
    return outputItem(open.answerId(id), outputOf(part.content, `${at}.content`), id)
  })
}

/** Stands in for the output that a history lacks. */
export function missingOutputItem(call: Call): ResponsesItem {
  return outputItem(call, missingOutput, call.id)
}

/** A string where all is text, else a list of parts. */
function outputOf(content: unknown, place: string): string | Part[] {
  if (typeof content === 'string') return content
  const parts = inputParts(content, place)
  return textsOf(parts)?.join('\n') ?? parts
}

function outputItem(call: Call | undefined, output: string | Part[], id: string): ResponsesItem {
  if (call) {
    const type = call.kind === 'custom' ? 'custom_tool_call_output' : 'function_call_output'
    return { type, call_id: callId(call.id), output }
  }
  const heading = `Tool result (${id}):`
  const content =
    typeof output === 'string'
      ? [textPart(`${heading}\n${output}`)]
      : [textPart(heading), ...output]
  return { type: 'message', role: 'user', content }
}
