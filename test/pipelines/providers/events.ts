/** Upstream events in few words, and what a translator makes of them. */
import { ReadableReasoning, reasoningDetails } from '../../../pipelines/clients/chat/answer.ts'
import type { Delta } from '../../../pipelines/neutral/delta.ts'
import { anthropicTranslator } from '../../../pipelines/providers/anthropic/answer.ts'
import { responsesTranslator } from '../../../pipelines/providers/openai/answer.ts'
import { translateAll } from '../../../pipelines/stages/translate.ts'
import type { JsonObject } from '../../../pipelines/json/value.ts'
import type { ReasoningDetail } from '../../../pipelines/wire/chat.ts'

export const context = { upstreamModel: 'up-1' }

/** The deltas of an Anthropic stream; where its blocks of text begin is checked by `order.test.ts`. */
export function claude(...events: JsonObject[]): Delta[] {
  return withoutTextStarts(translateAll(anthropicTranslator(context), events))
}

/** The deltas of a Responses stream, likewise. */
export function openai(...events: JsonObject[]): Delta[] {
  return withoutTextStarts(translateAll(responsesTranslator(context), events))
}

export function withoutTextStarts(deltas: readonly Delta[]): Delta[] {
  return deltas.filter(({ type }) => type !== 'text-start')
}

/** Readable reasoning as chat has it: one text, with blank lines between its parts. */
export function readable(deltas: readonly Delta[]): string[] {
  const reasoning = new ReadableReasoning()
  return deltas.flatMap((delta) => {
    if (delta.type === 'reasoning-start') reasoning.start(delta)
    if (delta.type === 'reasoning-part') reasoning.part()
    return delta.type === 'reasoning' ? [reasoning.piece(delta.text)] : []
  })
}

/** Reasoning as chat hands it over: the entries of each block or item. */
export function details(deltas: readonly Delta[]): ReasoningDetail[][] {
  const all = only('reasoning-stop', deltas).map(({ reasoning }) =>
    reasoning ? reasoningDetails(reasoning) : [],
  )
  return all.filter((entries) => entries.length > 0)
}

/** The deltas of one type. */
export function only<T extends Delta['type']>(
  type: T,
  deltas: readonly Delta[],
): Extract<Delta, { type: T }>[] {
  return deltas.filter((delta): delta is Extract<Delta, { type: T }> => delta.type === type)
}

/** What the deltas of one type say, put together. */
export function textOf(type: 'text' | 'refusal' | 'reasoning' | 'tool-input', deltas: Delta[]) {
  return only(type, deltas)
    .map((delta) => delta.text)
    .join('')
}

export function types(deltas: readonly Delta[]): string[] {
  return deltas.map((delta) => delta.type)
}

// Anthropic

export function messageStart(message: JsonObject = {}): JsonObject {
  return { type: 'message_start', message: { id: 'msg_1', content: [], ...message } }
}

export function blockStart(index: number, of: JsonObject): JsonObject {
  return { type: 'content_block_start', index, content_block: of }
}

export function blockDelta(index: number, type: string, rest: JsonObject): JsonObject {
  return { type: 'content_block_delta', index, delta: { type, ...rest } }
}

export function blockStop(index: number): JsonObject {
  return { type: 'content_block_stop', index }
}

/** A whole block: its start, its deltas, its stop. */
export function block(index: number, start: JsonObject, ...deltas: [string, JsonObject][]) {
  const pieces = deltas.map(([type, rest]) => blockDelta(index, type, rest))
  return [blockStart(index, start), ...pieces, blockStop(index)]
}

export function textBlock(index: number, ...texts: string[]): JsonObject[] {
  const pieces = texts.map((text): [string, JsonObject] => ['text_delta', { text }])
  return block(index, { type: 'text', text: '' }, ...pieces)
}

export function toolBlock(index: number, id: string, ...inputs: string[]): JsonObject[] {
  const start = { type: 'tool_use', id, name: 'f', input: {} }
  const pieces = inputs.map((piece): [string, JsonObject] => [
    'input_json_delta',
    { partial_json: piece },
  ])
  return block(index, start, ...pieces)
}

export function messageEnd(stopReason: string, rest: JsonObject = {}): [JsonObject, JsonObject] {
  const { usage, ...delta } = rest
  return [
    { type: 'message_delta', delta: { stop_reason: stopReason, ...delta }, usage },
    { type: 'message_stop' },
  ]
}

// Responses

export function created(id = 'resp_1'): JsonObject {
  return { type: 'response.created', response: { id, created_at: 1_790_000_000.5, output: [] } }
}

export function completed(response: JsonObject = {}): JsonObject {
  return {
    type: 'response.completed',
    response: { id: 'resp_1', status: 'completed', ...response },
  }
}

/** An event of the item at `output_index`. */
export function at(index: number, type: string, rest: JsonObject): JsonObject {
  return { type: `response.${type}`, output_index: index, content_index: 0, ...rest }
}

export function added(index: number, item: JsonObject): JsonObject {
  return at(index, 'output_item.added', { item })
}

export function done(index: number, item: JsonObject): JsonObject {
  return at(index, 'output_item.done', { item })
}

export function messageItem(...content: JsonObject[]): JsonObject {
  return { type: 'message', id: 'msg_1', role: 'assistant', content }
}

export function outputText(text: string, rest: JsonObject = {}): JsonObject {
  return { type: 'output_text', text, annotations: [], ...rest }
}

export function functionCall(args: string, rest: JsonObject = {}): JsonObject {
  return {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'call_1',
    name: 'f',
    arguments: args,
    ...rest,
  }
}
