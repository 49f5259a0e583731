/** Writes a chat request for a test as one for Gemini: a model entry by name, everything else as a client would send it. */
import { isDeepStrictEqual } from 'node:util'
import { readChat, reasoningOfDetails } from '../../../../pipelines/clients/chat/read.ts'
import type { JsonObject } from '../../../../pipelines/json/value.ts'
import type { Model } from '../../../../pipelines/model.ts'
import type { Remembered } from '../../../../pipelines/neutral/reasoning.ts'
import type { WriteContext, Written } from '../../../../pipelines/neutral/writing.ts'
import { writeGoogle } from '../../../../pipelines/providers/google/write.ts'
import type { GoogleContent, GoogleRequest } from '../../../../pipelines/wire/google.ts'

export interface Asked extends Partial<Omit<WriteContext, 'model'>> {
  model?: Partial<Model>
}

export const hello = [{ role: 'user', content: 'Hello.' }]

/** `gemini-3-pro`, unless the test names another. Throws when the request was changed. */
export function ask(request: JsonObject, asked: Asked = {}): Written<GoogleRequest> {
  const { model, ...context } = asked
  const entry: Model = { id: 'gemini-3-pro', reasoning: 'auto', ...model }
  const body = { model: entry.id, messages: hello, ...request }
  const before = structuredClone(body)
  const written = writeGoogle(readChat(body).request, {
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

export function contents(messages: unknown[], asked: Asked = {}): GoogleContent[] {
  return ask({ messages }, asked).body.contents
}

/** What is remembered of an answer, from chat's own words for its reasoning. */
export function remembers(details: unknown): Remembered {
  return { reasoning: reasoningOfDetails(details) }
}

export function user(...texts: string[]): GoogleContent {
  return { role: 'user', parts: texts.map((text) => ({ text })) }
}

/** A tool call as a chat client hands it back. */
export function chatCall(id: string, args = '{}', name = 'look'): JsonObject {
  return { id, type: 'function', function: { name, arguments: args } }
}

export function chatResult(id: string, content: unknown): JsonObject {
  return { role: 'tool', tool_call_id: id, content }
}
