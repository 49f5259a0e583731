/**
 * Anthropic Messages -> deltas: the events of one message, or its body.
 * `ping` and unknown events say nothing. An answer is complete at `message_stop`, or when the input ends after a stop reason.
 * Source: Anthropic API reference "Messages" and "Streaming messages", read 2026-11.
 */
import type { Delta } from '../delta.ts'
import type { JsonObject } from '../wire/chat.ts'
import { AnswerSoFar } from './answer-so-far.ts'
import { Blocks } from './anthropic/blocks.ts'
import { isCut, stopReason } from './anthropic/stop-reason.ts'
import { UsageSoFar } from './anthropic/usage.ts'
import { anthropicFailure, protocolFailure, truncatedFailure } from './failure.ts'
import { translateAll, type TranslateContext, type Translator } from './stage.ts'
import { asName, asObject, asObjects } from './wire-value.ts'
import { isObject } from '../wire/json.ts'

export function anthropicTranslator(context: TranslateContext): Translator {
  return new AnthropicTranslator(context)
}

/** In: the body of a 200 answer: a message, or an error. */
export function anthropicBody(body: JsonObject, context: TranslateContext): Delta[] {
  if (isObject(body.error)) return [anthropicFailure(body.error)]
  if (!Array.isArray(body.content)) {
    return [protocolFailure('The upstream answered with a body that is not a message.')]
  }
  return translateAll(anthropicTranslator(context), [
    { type: 'message_start', message: body },
    { type: 'message_delta', delta: body },
    { type: 'message_stop' },
  ])
}

class AnthropicTranslator implements Translator {
  readonly #soFar = new AnswerSoFar()
  readonly #usage = new UsageSoFar()
  readonly #blocks: Blocks
  #opened = false
  #id: string | undefined
  #stopReason: string | undefined
  #stopDetails: JsonObject = {}

  constructor({ upstreamModel }: TranslateContext) {
    this.#blocks = new Blocks(this.#soFar, upstreamModel)
  }

  event(data: JsonObject, name?: string): Delta[] {
    switch (asName(data.type) ?? name) {
      case 'content_block_delta':
        return this.#blocks.delta(data.index, asObject(data.delta))
      case 'content_block_start':
        return this.#blocks.start(data.index, asObject(data.content_block))
      case 'content_block_stop':
        return this.#blocks.stop(data.index)
      case 'message_start':
        return this.#open(asObject(data.message))
      case 'message_delta':
        return this.#change(asObject(data.delta), data.usage)
      case 'message_stop':
        return this.#finish()
      case 'error':
        return [anthropicFailure(data.error)]
      case undefined:
        // a gateway's own error, in no API's words
        return data.error === undefined ? [] : [anthropicFailure(data.error)]
      default:
        return []
    }
  }

  end(): Delta[] {
    return this.#stopReason === undefined ? [truncatedFailure()] : this.#finish()
  }

  #open(message: JsonObject): Delta[] {
    const id = asName(message.id)
    if (this.#opened) {
      if (id === this.#id) return []
      return [protocolFailure('The upstream began a second message inside the answer.')]
    }
    this.#opened = true
    this.#id = id
    this.#usage.merge(message.usage)
    const blocks = asObjects(message.content)
    return [{ type: 'start', id }, ...blocks.flatMap((block, index) => this.#whole(block, index))]
  }

  #whole(block: JsonObject, index: number): Delta[] {
    return [...this.#blocks.start(index, block), ...this.#blocks.stop(index)]
  }

  #change(delta: JsonObject, usage: unknown): Delta[] {
    this.#usage.merge(usage)
    this.#stopReason = asName(delta.stop_reason) ?? this.#stopReason
    if (delta.stop_details) this.#stopDetails = asObject(delta.stop_details)
    return []
  }

  #finish(): Delta[] {
    const deltas = this.#blocks.stopAll(isCut(this.#stopReason))
    const explanation = asName(this.#stopDetails.explanation)
    if (this.#stopReason === 'refusal' && explanation) {
      deltas.push({ type: 'refusal', text: explanation })
    }
    const usage = this.#usage.total()
    if (usage) deltas.push({ type: 'usage', usage })
    const reason = stopReason(this.#stopReason, this.#soFar.tools)
    const serviceTier = this.#usage.serviceTier
    deltas.push({ type: 'stop', reason, ...(serviceTier && { serviceTier }) })
    return deltas
  }
}
