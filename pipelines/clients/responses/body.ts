/** Deltas -> one response: the same answer for a client that wants no stream. */
import type { Delta, DeltaOf, Usage } from '../../neutral/delta.ts'
import type { BodySerialiser } from '../../stages/serialiser.ts'
import type { ResponsesAnswer, ResponsesItem } from '../../wire/responses.ts'
import { endedResponse, type ResponsesAnswerContext } from './answer.ts'
import { SummaryItems } from './summary-item.ts'
import { Items, type OutputItems } from './items.ts'

export function responseBody(context: ResponsesAnswerContext): BodySerialiser<ResponsesAnswer> {
  return new ResponsesBody(context)
}

class ResponsesBody implements BodySerialiser<ResponsesAnswer> {
  readonly #context: ResponsesAnswerContext
  readonly #items: OutputItems
  #start: DeltaOf<'start'> | undefined
  #end: { stop: DeltaOf<'stop'>; output: ResponsesItem[] } | undefined
  #usage: Usage | undefined

  constructor(context: ResponsesAnswerContext) {
    this.#context = context
    this.#items = new (context.compacts ? SummaryItems : Items)(context)
  }

  add(delta: Delta): void {
    switch (delta.type) {
      case 'start':
        this.#start = delta
        this.#usage = delta.usage
        this.#items.begin(delta)
        break
      case 'usage':
        this.#usage = delta.usage
        break
      case 'stop':
        this.#end = { stop: delta, output: this.#items.finish(delta) }
        break
      case 'failure':
      case 'phase':
        break
      default:
        this.#items.add(delta)
    }
  }

  body(): ResponsesAnswer | undefined {
    if (!this.#end) return undefined
    const { stop, output } = this.#end
    const counted = { start: this.#start, usage: this.#usage }
    return endedResponse(stop, counted, output, this.#context)
  }
}
