/**
 * A count of a request's tokens in place of its answer, on models of other APIs. Source: Anthropic API reference "Count tokens in a
 * Message", OpenAI API reference "Get input token counts", read 2026-11.
 */
import type { JsonObject } from '../json/value.ts'
import type { Delta } from '../neutral/delta.ts'
import { readWith } from '../stages/serialise.ts'
import type { BodySerialiser } from '../stages/serialiser.ts'
import { messagesContext } from './messages/answer.ts'
import { readMessages } from './messages/read.ts'
import { messagesStream } from './messages/stream.ts'
import { responsesContext } from './responses/answer.ts'
import { readResponses } from './responses/read.ts'
import { responseStream } from './responses/stream.ts'

/** What the answer may come to is no part of a count. */
export const messagesCount = readWith(
  (body, headers) => {
    const { request, answer } = readMessages({ ...body, max_tokens: 1 }, headers)
    return { request, answer: { ...answer, stream: false } }
  },
  messagesContext,
  messagesStream,
  () => new CountBody({}),
)

export const responsesCount = readWith(
  (body, _headers, find) => {
    const { request, answer } = readResponses(body, find)
    return { request, answer: { ...answer, stream: false, keeps: false } }
  },
  responsesContext,
  responseStream,
  () => new CountBody({ object: 'response.input_tokens' }),
)

class CountBody implements BodySerialiser<object> {
  readonly #frame: JsonObject
  #tokens: number | undefined

  constructor(frame: JsonObject) {
    this.#frame = frame
  }

  add(delta: Delta): void {
    if (delta.type === 'usage') this.#tokens = delta.usage.inputTokens
  }

  body(): object | undefined {
    if (this.#tokens === undefined) return undefined
    return { ...this.#frame, input_tokens: this.#tokens }
  }
}
