/**
 * Which stages lie between a chat client and a model: the table to read first.
 *
 *   request   chat body -> the provider's body                      pipelines/requests
 *   bytes -> SSE events                                             pipelines/parse
 *   SSE events -> deltas, by the provider's translator              pipelines/translate
 *   deltas -> chat bytes                                            pipelines/serialise
 *
 * From the events on, what came in one piece travels as one list: a hop costs more than what is done at it.
 *
 * A new provider is one row here: a request map and a translator.
 */
import type { Duplex } from 'node:stream'
import type { Delta } from './delta.ts'
import { sseEvents } from './parse/sse-events.ts'
import { chatToAnthropic } from './requests/anthropic/body.ts'
import type { MappedRequest, MappingContext } from './requests/mapped.ts'
import { chatToResponses } from './requests/responses/body.ts'
import { anthropicBody, anthropicTranslator } from './translate/anthropic.ts'
import { responsesBody, responsesTranslator } from './translate/responses.ts'
import { translate, type TranslateContext, type Translator } from './translate/stage.ts'
import type { ChatRequest, JsonObject } from './wire/chat.ts'

export interface Provider {
  request(request: ChatRequest, context: MappingContext): MappedRequest<JsonObject>
  translator(context: TranslateContext): Translator
  /** the deltas of an answer that came as one body */
  body(body: JsonObject, context: TranslateContext): Iterable<Delta>
}

/** The APIs that chat is translated to, by a model's `type`. (`common` speaks chat itself.) */
export const providers = {
  anthropic: {
    request: chatToAnthropic,
    translator: anthropicTranslator,
    body: anthropicBody,
  },
  openai: {
    request: chatToResponses,
    translator: responsesTranslator,
    body: responsesBody,
  },
} satisfies Record<string, Provider>

/** The stages from an upstream's bytes to neutral deltas. */
export function deltaStages(provider: Provider, context: TranslateContext): Duplex[] {
  return [sseEvents(), translate(provider.translator(context))]
}
