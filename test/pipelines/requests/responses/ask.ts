/**
 * Maps a chat request for a test: a model entry by name, everything else as a client would send it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Model } from '../../../../lib/config/types.ts'
import { ProxyError } from '../../../../lib/errors.ts'
import type { MappedRequest } from '../../../../pipelines/requests/mapped.ts'
import { chatToResponses } from '../../../../pipelines/requests/responses/body.ts'
import type { ResponsesContext } from '../../../../pipelines/requests/responses/body.ts'
import type { ChatMessage, ChatRequest, JsonObject } from '../../../../pipelines/wire/chat.ts'
import type { ResponsesItem, ResponsesRequest } from '../../../../pipelines/wire/responses.ts'

export interface Asked extends Partial<Omit<ResponsesContext, 'model'>> {
  model?: Partial<Model>
}

export const hello: ChatMessage[] = [{ role: 'user', content: 'Hello' }]

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

/** For `assert.throws`: a 400 that names this place. */
export function refusal(param: string, code?: string): (error: unknown) => boolean {
  return (error) =>
    error instanceof ProxyError &&
    error.status === 400 &&
    error.param === param &&
    (code === undefined || error.code === code)
}

export function call(id: string, name = 'look', args = '{}'): JsonObject {
  return { id, type: 'function', function: { name, arguments: args } }
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

export function tool(name: string, parameters?: unknown): JsonObject {
  return {
    type: 'function',
    function: { name, ...(parameters === undefined ? {} : { parameters }) },
  }
}
