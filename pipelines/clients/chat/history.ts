/**
 * Histories of clients that switch APIs: the items and parts of Responses in chat messages, told in
 * the words that both request maps read. Each item becomes one message, so that places stay true.
 * Source: OpenAI API reference "Responses", read 2026-11.
 */
import { isObject, type JsonObject } from '../../json/value.ts'
import type { ReasoningDetail } from '../../wire/chat.ts'
import { isGiven, nameAt, textAt } from '../../untrusted.ts'

const calls = new Map<unknown, 'function' | 'custom'>([
  ['function_call', 'function'],
  ['custom_tool_call', 'custom'],
])
const outputs = new Set<unknown>(['function_call_output', 'custom_tool_call_output'])
const reasoning = 'reasoning'
/** What OpenAI's own tools did; what came of it is in the words that follow. */
const hosted = new Set<unknown>([
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
  'mcp_list_tools',
  'mcp_call',
])

/** Reasoning goes with the message that was made of it. */
const ownFormat = 'openai-responses-v1'

/** Whether a message without a role is an item of Responses that has a place in a chat. */
export function isItem(message: JsonObject): boolean {
  return !isGiven(message.role) && isHistoryType(message.type)
}

/** Whether the content of a message holds the results of calls, each with the id of its own. */
export function holdsResults({ content }: JsonObject): boolean {
  return Array.isArray(content) && content.some((part) => isObject(part) && isResult(part.type))
}

/**
 * The messages, in which nothing but chat's and Anthropic's words is left: the same list where that
 * is so already. Throws a 400 that names the place of what an item lacks.
 */
export function chatHistory(messages: unknown): unknown {
  if (!Array.isArray(messages) || !messages.some(isForeign)) return messages
  let held: ReasoningDetail[] = []
  return messages.map((value: unknown, at) => {
    if (!isObject(value)) return value
    const { message, details } = retold(value, `messages[${at}]`)
    held.push(...details)
    // reasoning waits for what was said after it, and only for that
    if (message.role === 'assistant' && !saysSomething(message)) return message
    const own = held
    held = []
    return message.role === 'assistant' ? withDetails(message, own) : message
  })
}

function withDetails(message: JsonObject, details: ReasoningDetail[]): JsonObject {
  if (details.length === 0 || isGiven(message.reasoning_details)) return message
  return { ...message, reasoning_details: details.map((detail, index) => ({ ...detail, index })) }
}

interface Told {
  message: JsonObject
  details: ReasoningDetail[]
}

function retold(message: JsonObject, place: string): Told {
  if (!isGiven(message.role)) return itemTold(message, place)
  return isForeign(message) ? contentTold(message, `${place}.content`) : { message, details: [] }
}

/** An item as a message of its own; of reasoning and hosted tools it says nothing. */
function itemTold(item: JsonObject, place: string): Told {
  if (calls.has(item.type)) {
    const message = { role: 'assistant', content: null, tool_calls: [callOf(item, place)] }
    return { message, details: [] }
  }
  if (outputs.has(item.type)) {
    const tool_call_id = textAt(item.call_id, `${place}.call_id`)
    return { message: { role: 'tool', tool_call_id, content: item.output }, details: [] }
  }
  return { message: { role: 'assistant', content: null }, details: detailsOf(item) }
}

/** A message whose parts are those of Responses: calls leave its content, results stay in it. */
function contentTold(message: JsonObject, place: string): Told {
  const content: unknown[] = []
  const found: JsonObject[] = []
  const details: ReasoningDetail[] = []
  for (const [at, part] of (message.content as unknown[]).entries()) {
    if (!isObject(part)) content.push(part)
    else if (calls.has(part.type)) found.push(callOf(part, `${place}[${at}]`))
    else if (outputs.has(part.type)) content.push(resultOf(part, `${place}[${at}]`))
    else if (part.type === reasoning) details.push(...detailsOf(part))
    else if (!hosted.has(part.type)) content.push(part)
  }
  const listed = Array.isArray(message.tool_calls) ? message.tool_calls : []
  const role = message.role === 'tool' && holdsResults(message) ? 'user' : message.role
  const tool_calls = [...listed, ...found]
  return {
    message: { ...message, role, content, ...(tool_calls.length > 0 && { tool_calls }) },
    details,
  }
}

function callOf(item: JsonObject, place: string): JsonObject {
  const kind = calls.get(item.type)!
  const id = textAt(item.call_id ?? item.id, `${place}.call_id`)
  const name = nameAt(item.name, `${place}.name`)
  return kind === 'custom'
    ? { id, type: kind, custom: { name, input: item.input } }
    : { id, type: kind, function: { name, arguments: item.arguments } }
}

function resultOf(part: JsonObject, place: string): JsonObject {
  const tool_use_id = textAt(part.call_id, `${place}.call_id`)
  return { type: 'tool_result', tool_use_id, content: part.output }
}

/** What of a reasoning item can go on: without its encrypted content, nothing. */
function detailsOf({ summary, encrypted_content: data }: JsonObject): ReasoningDetail[] {
  if (typeof data !== 'string' || data === '') return []
  const parts = Array.isArray(summary) ? summary.filter(isObject) : []
  const text = parts.map((part) => part.text).filter((one) => typeof one === 'string')
  const told: ReasoningDetail = {
    type: 'reasoning.encrypted',
    format: ownFormat,
    data,
    ...(text.length > 0 && { summary: text.join('\n\n') }),
  }
  return [told]
}

function saysSomething({ content, tool_calls: made, refusal }: JsonObject): boolean {
  return isGiven(refusal) || isGiven(made) || (isGiven(content) && content !== '')
}

function isForeign(message: unknown): boolean {
  if (!isObject(message)) return false
  if (isItem(message)) return true
  const { role, content } = message
  if (!Array.isArray(content)) return false
  return (
    content.some((part) => isObject(part) && isHistoryType(part.type)) ||
    (role === 'tool' && holdsResults(message))
  )
}

function isHistoryType(type: unknown): boolean {
  return calls.has(type) || outputs.has(type) || type === reasoning || hosted.has(type)
}

function isResult(type: unknown): boolean {
  return type === 'tool_result' || outputs.has(type)
}
