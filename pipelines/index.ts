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
import type { Delta } from './neutral/delta.ts'
import { readChat } from './clients/chat/read.ts'
import { neutralRecall } from './clients/chat/remembered.ts'
import { sseEvents } from './stages/sse-events.ts'
import type { ProxyError } from './errors.ts'
import { refusalFrom } from './providers/failure.ts'
import { chatToAnthropic } from './providers/anthropic/body.ts'
import type { MappedRequest, MappingContext } from './neutral/mapped.ts'
import { writeResponses } from './providers/openai/write.ts'
import { anthropicBody, anthropicTranslator } from './providers/anthropic/answer.ts'
import { responsesBody, responsesTranslator } from './providers/openai/answer.ts'
import { translate, type TranslateContext, type Translator } from './stages/translate.ts'
import type { JsonObject } from './json/value.ts'
import type { ChatRequest } from './wire/chat.ts'

export interface Provider {
  request(request: ChatRequest, context: MappingContext): MappedRequest<JsonObject>
  translator(context: TranslateContext): Translator
  /** the deltas of an answer that came as one body */
  body(body: JsonObject, context: TranslateContext): Iterable<Delta>
  /** an HTTP answer with a status of 400 or above, whose status is kept */
  failure(status: number, body: string): ProxyError
}

/** The APIs that chat is translated to, by a model's `type`. (`common` speaks chat itself.) */
export const providers = {
  anthropic: {
    request: chatToAnthropic,
    translator: anthropicTranslator,
    body: anthropicBody,
    failure: refusalFrom,
  },
  openai: {
    request: (request, context) =>
      writeResponses(readChat(request).request, {
        ...context,
        recall: neutralRecall(context.recall),
      }),
    translator: responsesTranslator,
    body: responsesBody,
    failure: refusalFrom,
  },
} satisfies Record<string, Provider>

/** The stages from an upstream's bytes to neutral deltas. */
export function deltaStages(provider: Provider, context: TranslateContext): Duplex[] {
  return [sseEvents(), translate(provider.translator(context))]
}
