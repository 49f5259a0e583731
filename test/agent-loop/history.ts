/** What a request to a provider tells of the conversation so far, in whichever API. */
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import { sealIn, type Part } from './issued.ts'
import { partsIn } from './strict-blocks.ts'

export interface History {
  /** ids of the calls, as far as the API has them */
  calls: unknown[]
  /** what the tools gave, each as JSON, in the order of the calls */
  results: string[]
  /** what the provider gave out to get its reasoning back */
  seals: unknown[]
}

export function historyIn(body: JsonObject): History {
  if (Array.isArray(body.contents)) return geminiHistory(body.contents.filter(isObject))
  if (Array.isArray(body.input)) return itemHistory(partsIn(body.input))
  const turns = partsIn(body.messages)
  const isChat = turns.some(({ tool_calls: calls }) => calls) || !('max_tokens' in body)
  return isChat ? chatHistory(turns) : blockHistory(turns)
}

/** What an answer needs to get its reasoning back later. */
export function sealsOf(parts: Part[]): unknown[] {
  return parts
    .map((part) => sealIn(part) ?? part.thoughtSignature ?? part.reasoning_content)
    .filter((seal) => seal !== undefined)
}

export function hasCall(parts: Part[]): boolean {
  return parts.some(
    ({ type, tool_calls: calls }) =>
      calls !== undefined || ['tool_use', 'function_call', 'functionCall'].includes(type),
  )
}

function inOrder(calls: unknown[], results: [id: unknown, content: unknown][]): string[] {
  const byId = new Map(results)
  return calls.map((id) => JSON.stringify(byId.get(id) ?? null))
}

function blockHistory(turns: Part[]): History {
  const blocks = turns.flatMap(({ content }) => partsIn(content))
  const calls = blocks.filter(({ type }) => type === 'tool_use').map(({ id }) => id)
  const results = blocks
    .filter(({ type }) => type === 'tool_result')
    .map(({ tool_use_id: id, content = '' }): [unknown, unknown] => [id, content])
  return { calls, results: inOrder(calls, results), seals: sealsOf(blocks) }
}

function itemHistory(items: Part[]): History {
  const calls = items.filter(({ type }) => type === 'function_call').map(({ call_id: id }) => id)
  const results = items
    .filter(({ type }) => type === 'function_call_output')
    .map(({ call_id: id, output }): [unknown, unknown] => [id, output])
  return { calls, results: inOrder(calls, results), seals: sealsOf(items) }
}

function chatHistory(messages: Part[]): History {
  const calls = messages.flatMap(({ tool_calls: list }) => partsIn(list)).map(({ id }) => id)
  const results = messages
    .filter(({ role }) => role === 'tool')
    .map(({ content }) => JSON.stringify(content))
  const seals = sealsOf(messages).filter((text) => text !== ' ')
  return { calls, results, seals }
}

function geminiHistory(contents: JsonObject[]): History {
  const parts = contents.flatMap(({ parts: list }) => (Array.isArray(list) ? (list as Part[]) : []))
  const idOf = (value: unknown) => (isObject(value) ? value.id : undefined)
  const calls = parts.flatMap(({ functionCall: call }) => (call ? [idOf(call)] : []))
  const results = parts.flatMap(({ functionResponse: one }) => (one ? [JSON.stringify(one)] : []))
  const seals = sealsOf(parts).filter((seal) => seal !== 'skip_thought_signature_validator')
  return { calls, results, seals }
}
