/** Writes a chat request for a test: a model entry by name, everything else as a client would send it. */
import { isDeepStrictEqual } from 'node:util'
import type { Model } from '../../../../../lib/config/types.ts'
import { readChat, reasoningOfDetails } from '../../../../../pipelines/clients/chat/read.ts'
import type { Remembered } from '../../../../../pipelines/neutral/reasoning.ts'
import type { WriteContext, Written } from '../../../../../pipelines/neutral/writing.ts'
import { writeResponses } from '../../../../../pipelines/providers/openai/write.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import type { ResponsesItem, ResponsesRequest } from '../../../../../pipelines/wire/responses.ts'
import { hello } from '../../../clients/chat/chat-pieces.ts'

export interface Asked extends Partial<Omit<WriteContext, 'model'>> {
  model?: Partial<Model>
}

/** Throws when the request was changed. */
export function ask(request: JsonObject, asked: Asked = {}): Written<ResponsesRequest> {
  const { model, ...context } = asked
  const entry = modelEntry(model)
  const body = { model: entry.id, messages: hello, ...request }
  const before = structuredClone(body)
  const written = writeResponses(readChat(body).request, {
    model: entry,
    endpoint: 'test',
    systemPrompt: '',
    headers: {},
    stream: false,
    ...context,
  })
  if (!isDeepStrictEqual(body, before)) throw new Error('the request was changed')
  return written
}

/** What is remembered of an answer, from chat's own words for its reasoning. */
export function remembers(details: unknown): Remembered {
  return { reasoning: reasoningOfDetails(details) }
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
