/**
 * Maps a chat request for a test: a model entry and headers by name, everything else as a client
 * would send it.
 */
import type { Model } from '../../../../../lib/config/types.ts'
import { readChat, reasoningOfDetails } from '../../../../../pipelines/clients/chat/read.ts'
import type { Remembered } from '../../../../../pipelines/neutral/reasoning.ts'
import { writeMessages } from '../../../../../pipelines/providers/anthropic/write.ts'
import type { AnthropicMessage, MessagesRequest } from '../../../../../pipelines/wire/anthropic.ts'
import type { JsonObject } from '../../../../../pipelines/json/value.ts'
import type { WriteContext, Written } from '../../../../../pipelines/neutral/writing.ts'
import { hello } from '../../../clients/chat/chat-pieces.ts'

export interface Asked extends Partial<Omit<WriteContext, 'model'>> {
  model?: Partial<Model>
}

export function ask(request: JsonObject, asked: Asked = {}): Written<MessagesRequest> {
  const { model, ...context } = asked
  const entry: Model = {
    name: 'test',
    id: 'claude-opus-4-5',
    type: 'anthropic',
    reasoning: 'auto',
    ...model,
  }
  const body = { model: entry.id, messages: hello, ...request }
  return writeMessages(readChat(body).request, {
    model: entry,
    endpoint: 'test',
    systemPrompt: '',
    headers: {},
    stream: false,
    ...context,
  })
}

export function turns(messages: unknown[], asked: Asked = {}): AnthropicMessage[] {
  return ask({ messages }, asked).body.messages
}

/** What is remembered of an answer, from chat's own words for its reasoning. */
export function remembers(details: unknown): Remembered {
  return { reasoning: reasoningOfDetails(details) }
}
