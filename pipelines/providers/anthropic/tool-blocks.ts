/** Tool calls and tool results of chat messages as blocks. */
import { badRequest } from '../../errors.ts'
import type { AnthropicBlock } from '../../wire/anthropic.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { safeToolId } from '../../neutral/tool-id.ts'
import { withMark } from './cache-control.ts'
import { contentBlocks, isBlank, withFailure } from './parts.ts'
import { isGiven, listAt, nameAt, objectAt, textAt } from '../../untrusted.ts'
import { parseExact } from '../../json/exact-json.ts'

/**
 * The `tool_use` blocks of an assistant message. `legacyId` names its `function_call`, which has no
 * id of its own.
 */
export function toolUseBlocks(
  message: JsonObject,
  place: string,
  legacyId: string,
): AnthropicBlock[] {
  const calls = isGiven(message.tool_calls)
    ? listAt(message.tool_calls, `${place}.tool_calls`).map((call, at) =>
        toolUseBlock(call, `${place}.tool_calls[${at}]`),
      )
    : []
  if (!isGiven(message.function_call)) return calls
  const legacyPlace = `${place}.function_call`
  const legacy = objectAt(message.function_call, legacyPlace)
  const name = nameAt(legacy.name, `${legacyPlace}.name`)
  return [...calls, { type: 'tool_use', id: legacyId, name, input: inputOf(legacy.arguments) }]
}

function toolUseBlock(value: unknown, place: string): AnthropicBlock {
  const call = objectAt(value, place)
  const id = safeToolId(textAt(call.id, `${place}.id`))
  const kind = call.type === 'custom' ? 'custom' : 'function'
  const called = objectAt(call[kind], `${place}.${kind}`)
  const name = nameAt(called.name, `${place}.${kind}.name`)
  const input = inputOf(kind === 'custom' ? called.input : called.arguments)
  return withMark({ type: 'tool_use', id, name, input }, call)
}

/**
 * Arguments are whatever some model once wrote: `input` has to be an object, so anything else is
 * wrapped.
 */
function inputOf(written: unknown): JsonObject {
  const value = typeof written === 'string' ? parsed(written) : written
  if (isObject(value)) return value
  return isGiven(value) ? { value } : {}
}

function parsed(written: string): unknown {
  if (written.trim() === '') return {}
  try {
    return parseExact(written)
  } catch {
    // No JSON: the model still has to see what it wrote.
    return { raw_arguments: written }
  }
}

/** The result of a `tool` or `function` message. */
export function toolResultBlock(message: JsonObject, id: string, place: string): AnthropicBlock {
  const content = resultContent(message.content, `${place}.content`)
  const block: AnthropicBlock = { type: 'tool_result', tool_use_id: id }
  if (content.length > 0) block.content = content
  if (typeof message.is_error === 'boolean') block.is_error = message.is_error
  return withMark(withFailure(block), message)
}

function resultContent(content: unknown, place: string): string | AnthropicBlock[] {
  if (typeof content === 'string') return content
  return contentBlocks(content, place, 'tool').filter((block) => !isBlank(block))
}

/** The id that a `tool` message answers. Throws a 400 when there is none. */
export function answeredId(message: JsonObject, place: string): string {
  const at = `${place}.tool_call_id`
  if (isGiven(message.tool_call_id)) return safeToolId(textAt(message.tool_call_id, at))
  const advice = `${at} is missing; name the call that this result belongs to.`
  throw badRequest('missing_required_parameter', at, advice)
}
