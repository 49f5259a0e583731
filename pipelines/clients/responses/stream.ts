/** Deltas -> the events of a Responses stream. */
import type { ShownError } from '../../errors.ts'
import type { Delta, DeltaOf, Usage } from '../../neutral/delta.ts'
import type { StreamSerialiser } from '../../stages/serialise.ts'
import {
  endedResponse,
  failedResponse,
  openResponse,
  type ResponsesAnswerContext,
} from './answer.ts'
import { responsesFailure } from './errors.ts'
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
        eventText(`response.${state}`, { response, sequence_number }),
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
    if (this.#silences % silencesToEvent > 0) return ': keep-alive\n\n'
    this.#events.emit('keepalive', {})
    return this.#events.take()
  }

  failure(error: ShownError): string {
    const { code, message } = responsesFailure(error)
    const output = this.#items.finished()
    const response = failedResponse(this.#start, { code, message }, output, this.#context)
    this.#events.emit('response.failed', { response })
    return this.#events.take()
  }

  #end(stop: DeltaOf<'stop'>): string {
    const output = this.#items.finish(stop)
    const counted = { start: this.#start, usage: this.#usage }
    const response = endedResponse(stop, counted, output, this.#context)
    this.#events.emit(`response.${response.status}`, { response })
    return this.#written()
  }

  #written(): string {
    const text = this.#events.take()
    if (text !== '') this.#silences = 0
    return text
  }
}
