/**
 * Maps a chat request for a test: a model entry by name, everything else as a client would send it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Model } from '../../../../../lib/config/types.ts'
import type { MappedRequest, MappingContext } from '../../../../../pipelines/neutral/mapped.ts'
import { chatToResponses } from '../../../../../pipelines/providers/openai/body.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import type { ChatRequest } from '../../../../../pipelines/wire/chat.ts'
import type { ResponsesItem, ResponsesRequest } from '../../../../../pipelines/wire/responses.ts'
import { hello } from '../../../clients/chat/chat-pieces.ts'

export interface Asked extends Partial<Omit<MappingContext, 'model'>> {
  model?: Partial<Model>
}

/** Throws when the mapping changed the request. */
export function ask(request: JsonObject, asked: Asked = {}): MappedRequest<ResponsesRequest> {
  const { model, ...context } = asked
  const entry = modelEntry(model)
  const body: ChatRequest = { model: entry.id, messages: hello, ...request }
  const before = structuredClone(body)
  const mapped = chatToResponses(body, {
    model: entry,
    systemPrompt: '',
    headers: {},
    stream: false,
    ...context,
  })
  if (!isDeepStrictEqual(body, before)) throw new Error('the request was changed')
  return mapped
}

/** `gpt-4.1`, which does not reason, unless the test names another. */
export function modelEntry(model: Partial<Model> = {}): Model {
  return { name: 'test', id: 'gpt-4.1', type: 'openai', reasoning: 'auto', ...model }
}

export function input(messages: unknown[], asked: Asked = {}): ResponsesItem[] {
  return ask({ messages }, asked).body.input
}

export function callItem(call_id: string, name = 'look', args = '{}'): ResponsesItem {
  return { type: 'function_call', call_id, name, arguments: args }
}

export function outputItem(call_id: string, output: unknown): ResponsesItem {
  return { type: 'function_call_output', call_id, output }
}

export function userItem(...texts: string[]): ResponsesItem {
  const content = texts.map((text) => ({ type: 'input_text', text }))
  return { type: 'message', role: 'user', content }
}

export function saidItem(...texts: string[]): ResponsesItem {
  const content = texts.map((text) => ({ type: 'output_text', text, annotations: [] }))
  return { type: 'message', role: 'assistant', content }
}
