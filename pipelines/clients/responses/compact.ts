/**
 * POST /v1/responses/compact on a model of another API: the user's messages, and one item for all the rest. Source: OpenAI API
 * reference "Compact a response" and the types of the `openai` package 7.59, read 2026-11.
 */
import { brokenProtocol } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type { Delta } from '../../neutral/delta.ts'
import type { FindAnswer } from '../../kept-answer.ts'
import { conversationBefore } from '../../neutral/kept-answers.ts'
import type { AnswerContext } from '../../stages/serialise.ts'
import type { BodySerialiser } from '../../stages/serialiser.ts'
import { responsesContext, type ResponsesAnswerContext } from './answer.ts'
import type { ResponsesAnswer } from '../../wire/responses.ts'
import { responseBody } from './body.ts'
import { readResponses, type ResponsesAnswerWish, type ResponsesRead } from './read.ts'

interface CompactWish extends ResponsesAnswerWish {
  /** the user's messages, as the client sent them */
  kept: JsonObject[]
}

interface CompactContext extends ResponsesAnswerContext, Pick<CompactWish, 'kept'> {}

/** As a request that ends with the trigger for a summary. Throws as `readResponses` does. */
export function readCompact(
  body: unknown,
  find?: FindAnswer,
): ResponsesRead & { answer: CompactWish } {
  const before = isObject(body) && find ? conversationBefore(body, find) : []
  const input = isObject(body)
    ? itemsOf(body.input ?? (before.length > 0 ? [] : undefined))
    : undefined
  const asked = isObject(body) && input ? { ...body, input: [...input, trigger] } : body
  const { request, answer } = readResponses(asked, find)
  const kept = [...before, ...(input ?? [])].flatMap(keptOf)
  return { request, answer: { ...answer, stream: false, keeps: false, kept } }
}

const trigger = { type: 'compaction_trigger' }

/** Undefined if it is not an input; the reader reports why. */
function itemsOf(input: unknown): unknown[] | undefined {
  if (typeof input === 'string') return input === '' ? [] : [{ role: 'user', content: input }]
  if (!Array.isArray(input)) return undefined
  return input.filter((item: unknown) => !isObject(item) || item.type !== trigger.type)
}

function keptOf(item: unknown): JsonObject[] {
  if (!isObject(item) || item.role !== 'user' || (item.type ?? 'message') !== 'message') return []
  const { content } = item
  const parts = typeof content === 'string' ? [{ type: 'input_text', text: content }] : content
  return [{ ...item, type: 'message', status: 'completed', content: parts }]
}

export function compactContext(context: AnswerContext, wish: CompactWish): CompactContext {
  return { ...responsesContext(context, wish), kept: wish.kept }
}

export function compactBody(context: CompactContext): BodySerialiser<object> {
  return new CompactBody(context)
}

class CompactBody implements BodySerialiser<object> {
  readonly #context: CompactContext
  readonly #answer: BodySerialiser<ResponsesAnswer>

  constructor(context: CompactContext) {
    this.#context = context
    this.#answer = responseBody(context)
  }

  add(delta: Delta): void {
    this.#answer.add(delta)
  }

  /** Throws ProxyError 502 where the model wrote no whole summary. */
  body(): object | undefined {
    const answer = this.#answer.body()
    if (!answer) return undefined
    if (answer.status !== 'completed') {
      throw brokenProtocol(
        'The model was asked for a summary of the conversation and wrote none, or not the whole of it. Try again.',
      )
    }
    const { id, created_at, output, usage } = answer
    const { fallbackId, kept } = this.#context
    const messages = kept.map((item, index) =>
      Object.assign({ id: `msg_${fallbackId}_${index}` }, item),
    )
    const whole = [...messages, ...output]
    return { id, object: 'response.compaction', created_at, output: whole, usage }
  }
}
