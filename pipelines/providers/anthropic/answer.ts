/**
 * Anthropic Messages -> deltas: the events of one message, or its body.
 * `ping` and unknown events emit nothing. An answer is complete at `message_stop`, or when the input ends after a stop reason.
 * Source: Anthropic API reference "Messages" and "Streaming messages", read 2026-11.
 */
import { brokenProtocol, truncatedAnswer } from '../../errors.ts'
import { failed, type Delta } from '../../neutral/delta.ts'
import type { JsonObject } from '../../json/value.ts'
import { AnswerSoFar } from '../../neutral/so-far.ts'
import { Blocks } from './blocks.ts'
import { isError, notAnAnswer } from '../failure.ts'
import { anthropicError } from './error.ts'
import { isCut, reasonFrom, stopReason, UsageSoFar } from './finish.ts'
import { translateAll, type TranslateContext, type Translator } from '../../stages/translate.ts'
import { asName, asObject, kindOf, partOf } from '../../wire-value.ts'

export function anthropicTranslator(context: TranslateContext): Translator {
  return new AnthropicTranslator(context)
}

/** In: the body of a 200 answer: a message, or an error. */
export function anthropicBody(body: JsonObject, context: TranslateContext): Delta[] {
  const translator = anthropicTranslator(context)
  if (isError(body)) return [failed(anthropicError(body.error ?? body))]
  if (body.content === undefined || body.content === null) {
    return [failed(notAnAnswer('a message', body))]
  }
  return translateAll(translator, [
    { type: 'message_start', message: body },
    { type: 'message_stop' },
  ])
}

class AnthropicTranslator implements Translator {
  readonly #answer = new AnswerSoFar()
  readonly #usage = new UsageSoFar()
  readonly #blocks: Blocks
  #opened = false
  #id: string | undefined
  #stopReason: string | undefined
  #stopSequence: string | undefined
  #stopDetails: JsonObject = {}

  constructor({ upstreamModel, fallbackId }: TranslateContext) {
    this.#answer.id = fallbackId
    this.#blocks = new Blocks(this.#answer, upstreamModel)
  }

  event(data: JsonObject, name?: string): Delta[] {
    switch (kindOf(data, name)) {
      case 'content_block_delta':
        return this.#blocks.delta(data.index, data.delta)
      case 'content_block_start':
        return this.#blocks.start(data.index, data.content_block)
      case 'content_block_stop':
        return this.#blocks.stop(data.index, data.content_block)
      case 'message_start':
        return this.#open(partOf(data.message, 'message'))
      case 'message_delta':
        return this.#change(partOf(data.delta, 'delta'), data)
      case 'message_stop':
        return [...this.#change(asObject(data.message), data), ...this.#finish()]
      case 'message':
        // a body where a stream was to be
        return [...this.#open(data), ...this.#finish()]
      case 'error':
        return [failed(anthropicError(data.error ?? data))]
      case undefined:
        // a gateway's own error, which has no type
        return isError(data) ? [failed(anthropicError(data.error))] : []
      default:
        return []
    }
  }

  end(): Delta[] {
    return this.#stopReason === undefined ? [failed(truncatedAnswer())] : this.#finish()
  }

  /** The same message may be begun once more, and then have more. */
  #open(message: JsonObject): Delta[] {
    const id = asName(message.id)
    if (this.#id !== undefined && id !== undefined && id !== this.#id) {
      return [failed(brokenProtocol('The upstream began a second message inside the answer.'))]
    }
    this.#id ??= id
    this.#answer.id = this.#id ?? this.#answer.id
    const content = this.#change(message, message)
    if (this.#opened) return content
    this.#opened = true
    const usage = this.#usage.total()
    return [{ type: 'start', id, ...(usage && { usage }) }, ...content]
  }

  /** In: the members of the message as a whole, and the event that has them, with the usage beside them. */
  #change(message: JsonObject, event: JsonObject): Delta[] {
    this.#usage.merge(event.usage)
    if (message !== event) this.#usage.merge(message.usage)
    this.#stopReason = reasonFrom(message.stop_reason) ?? this.#stopReason
    this.#stopSequence = asName(message.stop_sequence) ?? this.#stopSequence
    if (message.stop_details) this.#stopDetails = asObject(message.stop_details)
    return this.#blocks.complete(message.content)
  }

  #finish(): Delta[] {
    const deltas = this.#blocks.stopAll(isCut(this.#stopReason))
    deltas.push(...this.#answer.closeBlock())
    const usage = this.#usage.total()
    if (usage) deltas.push({ type: 'usage', usage })
    const reason = stopReason(this.#stopReason, this.#answer.tools)
    const explanation = asName(this.#stopDetails.explanation)
    const { serviceTier } = this.#usage
    deltas.push({
      type: 'stop',
      reason,
      ...(reason === 'stop-sequence' &&
        this.#stopSequence !== undefined && { sequence: this.#stopSequence }),
      ...(reason === 'content-filter' && explanation !== undefined && { explanation }),
      ...(serviceTier && { serviceTier }),
    })
    return deltas
  }
}
