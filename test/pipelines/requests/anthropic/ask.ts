/**
 * Maps a chat request for a test: a model entry and headers by name, everything else as a client
 * would send it.
 */
import type { Model } from '../../../../lib/config/types.ts'
import { ProxyError } from '../../../../lib/errors.ts'
import { chatToAnthropic } from '../../../../pipelines/requests/anthropic/body.ts'
import type { AnthropicContext } from '../../../../pipelines/requests/anthropic/body.ts'
import type { AnthropicMessage, MessagesRequest } from '../../../../pipelines/wire/anthropic.ts'
import type { ChatMessage, ChatRequest, JsonObject } from '../../../../pipelines/wire/chat.ts'
import type { MappedRequest } from '../../../../pipelines/requests/mapped.ts'

export interface Asked extends Partial<Omit<AnthropicContext, 'model'>> {
  model?: Partial<Model>
}

export const hello: ChatMessage[] = [{ role: 'user', content: 'Hello' }]

export function ask(request: JsonObject, asked: Asked = {}): MappedRequest<MessagesRequest> {
  const { model, ...context } = asked
  const entry: Model = {
    name: 'test',
    id: 'claude-opus-4-5',
    type: 'anthropic',
    reasoning: 'auto',
    ...model,
  }
  const body: ChatRequest = { model: entry.id, messages: hello, ...request }
  return chatToAnthropic(body, {
    model: entry,
    systemPrompt: '',
    headers: {},
    stream: false,
    ...context,
  })
}

export function turns(messages: unknown[], asked: Asked = {}): AnthropicMessage[] {
  return ask({ messages }, asked).body.messages
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

export function tool(name: string, parameters?: unknown): JsonObject {
  return {
    type: 'function',
    function: { name, ...(parameters === undefined ? {} : { parameters }) },
  }
}
