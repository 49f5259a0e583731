/**
 * Maps a chat request for a test: a model entry and headers by name, everything else as a client
 * would send it.
 */
import type { Model } from '../../../../../lib/config/types.ts'
import { chatToAnthropic } from '../../../../../pipelines/providers/anthropic/body.ts'
import type { AnthropicMessage, MessagesRequest } from '../../../../../pipelines/wire/anthropic.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import type { ChatRequest } from '../../../../../pipelines/wire/chat.ts'
import type { MappedRequest, MappingContext } from '../../../../../pipelines/neutral/mapped.ts'
import { hello } from '../../../clients/chat/chat-pieces.ts'

export interface Asked extends Partial<Omit<MappingContext, 'model'>> {
  model?: Partial<Model>
}

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
