/** Deltas -> the events of a Responses stream. */
import type { ShownError } from '../../errors.ts'
import type { Delta, DeltaOf, Usage } from '../../neutral/delta.ts'
import type { StreamSerialiser } from '../../stages/serialiser.ts'
import type { ResponsesAnswer } from '../../wire/responses.ts'
import { keepAlive } from '../keep-alive.ts'
import {
  endedResponse,
  failedResponse,
  openResponse,
  type ResponsesAnswerContext,
} from './answer.ts'
import { lastEvents, responsesFailure } from './errors.ts'
import { Events, eventText } from './events.ts'
import { SummaryItems } from './summary-item.ts'
import { Items, type OutputItems } from './items.ts'

export function responseStream(context: ResponsesAnswerContext): StreamSerialiser {
  return new ResponsesStream(context)
}

/**
 * So many silences in a row get an event: the idle timer of Codex knows nothing of comments. Not each one: clients that do not
 * know the event, such as openai-node 6.45, break off.
 */
const silencesToEvent = 4

/** Of an answer that came to its end and is of no use, by no fault of the request. */
const noBlame = { type: 'server_error', param: null }

class ResponsesStream implements StreamSerialiser {
  readonly #context: ResponsesAnswerContext
  readonly #events = new Events()
  readonly #items: OutputItems
  #start: DeltaOf<'start'> | undefined
  #usage: Usage | undefined
  #silences = 0

  constructor(context: ResponsesAnswerContext) {
    this.#context = context
    this.#items = new (context.compacts ? SummaryItems : Items)(context, this.#events)
  }

  head(): string {
    const response = openResponse(this.#start, this.#context)
    return ['created', 'in_progress']
      .map((state, sequence_number) =>
        eventText(`response.${state}`, { response }, sequence_number),
      )
      .join('')
  }

  write(delta: Delta): string {
    switch (delta.type) {
      case 'start':
        this.#start = delta
        this.#usage = delta.usage
        this.#items.begin(delta)
        return ''
      case 'usage':
        this.#usage = delta.usage
        return ''
      case 'stop':
        return this.#end(delta)
      case 'failure':
      case 'phase':
        return ''
      default:
        this.#items.add(delta)
        return this.#written()
    }
  }

  keepAlive(): string {
    this.#silences += 1
    if (this.#silences % silencesToEvent > 0) return keepAlive
    this.#events.emit('keepalive', {})
    return this.#events.take()
  }

  failure(error: ShownError): string {
    const output = this.#items.finished()
    const response = failedResponse(this.#start, responsesFailure(error), output, this.#context)
    return this.#failed(response, error)
  }

  #end(stop: DeltaOf<'stop'>): string {
    const output = this.#items.finish(stop)
    const counted = { start: this.#start, usage: this.#usage }
    const response = endedResponse(stop, counted, output, this.#context)
    if (response.status === 'failed') return this.#failed(response, noBlame)
    this.#events.emit(`response.${response.status}`, { response })
    return this.#written()
  }

  #failed(response: ResponsesAnswer, error: Pick<ShownError, 'type' | 'param'>): string {
    for (const [type, members] of lastEvents(response, error)) this.#events.emit(type, members)
    return this.#events.take()
  }

  #written(): string {
    const text = this.#events.take()
    if (text !== '') this.#silences = 0
    return text
  }
}
