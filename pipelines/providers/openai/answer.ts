/**
 * OpenAI Responses -> deltas: the events of one response, or its body.
 * Unknown events emit nothing. An answer is complete at `response.completed` or `response.incomplete` and nowhere else.
 * Source: OpenAI API reference "Responses" and "Streaming events", read 2026-11.
 */
import { brokenProtocol, truncatedAnswer } from '../../errors.ts'
import { failed, type Delta } from '../../neutral/delta.ts'
import { changingAt } from '../../json/event-parser.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { isError, notAnAnswer } from '../failure.ts'
import { responsesError } from './error.ts'
import { finishOf, UsageSoFar } from './finish.ts'
import { Output } from './output.ts'
import { translateAll, type TranslateContext, type Translator } from '../../stages/translate.ts'
import {
  asName,
  asNumber,
  asObject,
  entriesOf,
  kindOf,
  partOf,
  ProtocolError,
} from '../../untrusted.ts'

export function responsesTranslator(context: TranslateContext): Translator {
  return new ResponsesTranslator(context)
}

/** In: the body of a 200 answer: a response of any status, or an error. */
export function responsesBody(body: JsonObject, context: TranslateContext): Delta[] {
  if (isError(body)) return [failed(responsesError(body.error ?? body))]
  if (body.output === undefined || body.output === null) {
    return [failed(notAnAnswer('a response', body))]
  }
  if (body.status === 'queued' || body.status === 'in_progress') {
    return [
      failed(brokenProtocol(`The upstream answered with a response that is still ${body.status}.`)),
    ]
  }
  return translateAll(responsesTranslator(context), [
    { type: 'response.completed', response: body },
  ])
}

type Handler = (answer: ResponsesTranslator, event: JsonObject) => Delta[]

const changing = changingAt('delta', 'sequence_number', 'obfuscation')

class ResponsesTranslator implements Translator {
  readonly changing = changing
  readonly output: Output
  readonly #usage = new UsageSoFar()
  #id: string | undefined

  constructor({ upstreamModel, fallbackId }: TranslateContext) {
    this.output = new Output(upstreamModel)
    this.output.answer.id = fallbackId
  }

  event(data: JsonObject, name?: string): Delta[] {
    const type = kindOf(data, name)
    if (type !== undefined) return handlers.get(type)?.(this, data) ?? []
    // a body where a stream was to be
    if (data.object === 'response') return this.finish(data, 'completed')
    // a gateway's own error, which has no type
    return isError(data) ? [failed(responsesError(data.error))] : []
  }

  end(): Delta[] {
    return [failed(truncatedAnswer())]
  }

  create(event: JsonObject): Delta[] {
    const id = asName(asObject(event.response).id)
    const isSecond = this.#id !== undefined && id !== undefined && id !== this.#id
    if (!isSecond) return this.begin(event)
    return [failed(brokenProtocol('The upstream began a second response inside the answer.'))]
  }

  begin({ response: value }: JsonObject): Delta[] {
    const response = asObject(value)
    const id = asName(response.id)
    const created = asNumber(response.created_at)
    this.#usage.merge(response.usage)
    this.#id ??= id
    this.output.answer.id = this.#id ?? this.output.answer.id
    const createdSeconds = created === undefined ? undefined : Math.floor(created)
    return [{ type: 'start', id, ...(createdSeconds !== undefined && { createdSeconds }) }]
  }

  /** `status` is that of the event's name. Some servers have the members of the response in the event itself. */
  finish(event: JsonObject, status: string): Delta[] {
    const response = isObject(event.response) ? event.response : event
    const { failure, cut, ending } = finishOf(response, status)
    if (failure) return [failure]
    const start = this.begin({ response })
    this.#usage.merge(event.usage)
    const rest = this.output.complete(this.#entries(event, response), cut)
    const usage = this.#usage.total(this.output.searches)
    return [...start, ...rest, ...ending(this.output.answer.tools, usage)]
  }

  /** The finished items. Where the stream had items of its own, a list that cannot be read does not matter. */
  #entries({ response }: JsonObject, { output }: JsonObject): readonly JsonObject[] {
    try {
      if (output === undefined) partOf(response, 'response')
      return entriesOf(output, 'output', (text) => ({ type: 'message', content: text }))
    } catch (error) {
      if (this.output.seen && error instanceof ProtocolError) return []
      throw error
    }
  }
}

const handlers = new Map<string, Handler>([
  ['response.created', (answer, event) => answer.create(event)],
  ['response.queued', (answer, event) => answer.begin(event)],
  ['response.in_progress', (answer, event) => answer.begin(event)],
  ['response.completed', (answer, event) => answer.finish(event, 'completed')],
  ['response.incomplete', (answer, event) => answer.finish(event, 'incomplete')],
  ['response.failed', (answer, event) => answer.finish(event, 'failed')],
  ['response.done', (answer, event) => answer.finish(event, 'completed')],
  ['error', (_answer, event) => [failed(responsesError(event.error ?? event))]],

  ['response.output_item.added', ({ output }, event) => output.added(event)],
  ['response.output_item.done', ({ output }, event) => output.done(event)],
  ['response.content_part.done', ({ output }, event) => output.partDone(event)],
  ['response.output_text.delta', ({ output }, event) => output.text(event).piece(event)],
  ['response.output_text.done', ({ output }, event) => output.text(event).whole(event)],
  ['response.output_text.annotation.added', ({ output }, event) => output.text(event).cite(event)],
  ['response.refusal.delta', ({ output }, event) => output.refusal(event).piece(event.delta)],
  ['response.refusal.done', ({ output }, event) => output.refusal(event).whole(event.refusal)],

  ['response.function_call_arguments.delta', ({ output }, e) => output.call(e).piece(e.delta)],
  [
    'response.function_call_arguments.done',
    ({ output }, e) => output.call(e).whole(e, e.arguments),
  ],
  ['response.custom_tool_call_input.delta', ({ output }, e) => output.call(e).piece(e.delta)],
  ['response.custom_tool_call_input.done', ({ output }, e) => output.call(e).whole(e, e.input)],

  ['response.reasoning_summary_text.delta', ({ output }, e) => output.summary(e).piece(e.delta)],
  ['response.reasoning_summary_text.done', ({ output }, e) => output.summary(e).whole(e.text)],
  ['response.reasoning_summary_part.done', ({ output }, e) => output.summaryPartDone(e)],
  ['response.reasoning_text.delta', ({ output }, e) => output.rawReasoning(e).piece(e.delta)],
  ['response.reasoning_text.done', ({ output }, e) => output.rawReasoning(e).whole(e.text)],
])
