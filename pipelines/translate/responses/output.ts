/** The output items of one response, by kind. Hosted tools and unknown items say nothing. */
import type { Delta } from '../../delta.ts'
import type { JsonObject } from '../../wire/chat.ts'
import { AnswerSoFar } from '../answer-so-far.ts'
import { asNumber, asObject } from '../wire-value.ts'
import { CallItem } from './call-item.ts'
import { ItemTable } from './item-table.ts'
import { MessageItem } from './message-item.ts'
import { ReasoningItem, type ReasoningSlot } from './reasoning-item.ts'
import type { RefusalPart, TextPart } from './text-part.ts'

export class Output {
  readonly soFar = new AnswerSoFar()
  /** whether any item was spoken of; else the final response's own list is all there is */
  seen = false
  readonly #messages: ItemTable<MessageItem>
  readonly #calls: ItemTable<CallItem>
  readonly #reasonings: ItemTable<ReasoningItem>

  constructor(upstreamModel: string) {
    const { soFar } = this
    this.#messages = new ItemTable(() => new MessageItem(soFar))
    this.#calls = new ItemTable(() => new CallItem(soFar))
    this.#reasonings = new ItemTable(
      (index) => new ReasoningItem({ index, model: upstreamModel }, soFar),
    )
  }

  added(event: JsonObject): Delta[] {
    this.seen = true
    const item = asObject(event.item)
    switch (item.type) {
      case 'message':
        this.#messages.open(event)
        return []
      case 'reasoning':
        this.#reasonings.open(event)
        return []
      case 'function_call':
      case 'custom_tool_call':
        return this.#calls.open(event).added(item)
      default:
        return []
    }
  }

  done(event: JsonObject): Delta[] {
    this.seen = true
    const item = asObject(event.item)
    switch (item.type) {
      case 'message':
        return this.#messages.of(event).finish(item)
      case 'reasoning':
        return this.#reasonings.of(event).finish(item)
      case 'function_call':
      case 'custom_tool_call':
        return this.#calls.of(event).finish(item)
      default:
        return []
    }
  }

  /** A `content_part.done`: of a message, or of raw reasoning. */
  partDone(event: JsonObject): Delta[] {
    const part = asObject(event.part)
    switch (part.type) {
      case 'output_text':
        return this.text(event).whole(part)
      case 'refusal':
        return this.refusal(event).whole(part.refusal)
      case 'reasoning_text':
        return this.rawReasoning(event).whole(part.text)
      default:
        return []
    }
  }

  summaryPartDone(event: JsonObject): Delta[] {
    return this.summary(event).whole(asObject(event.part).text)
  }

  text(event: JsonObject): TextPart {
    this.seen = true
    return this.#messages.of(event).text(asNumber(event.content_index))
  }

  refusal(event: JsonObject): RefusalPart {
    this.seen = true
    return this.#messages.of(event).refusal(asNumber(event.content_index))
  }

  call(event: JsonObject): CallItem {
    this.seen = true
    return this.#calls.of(event)
  }

  summary(event: JsonObject): ReasoningSlot {
    this.seen = true
    return this.#reasonings.of(event).slot('summary', asNumber(event.summary_index))
  }

  rawReasoning(event: JsonObject): ReasoningSlot {
    this.seen = true
    return this.#reasonings.of(event).slot('text', asNumber(event.content_index))
  }

  /** For a response that ends with calls open. */
  close(cut: boolean): Delta[] {
    return this.#calls.all.flatMap((call) => call.close(cut))
  }
}
