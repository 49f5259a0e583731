/** Deltas as a chat client sees them, in both forms, and what the official client makes of them. */
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream'
import type { Delta } from '../../../../pipelines/neutral/delta.ts'
import type { ChatAnswerContext } from '../../../../pipelines/clients/chat/answer.ts'
import { chatBody } from '../../../../pipelines/clients/chat/body.ts'
import { chatStream } from '../../../../pipelines/clients/chat/stream.ts'
import { AnswerOutcome, addAll, serialise } from '../../../../pipelines/stages/serialise.ts'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatDelta,
} from '../../../../pipelines/wire/chat.ts'

export function answerContext(given: Partial<ChatAnswerContext> = {}): ChatAnswerContext {
  return {
    requestedModel: 'the-model',
    fallbackId: 'fallback',
    createdSeconds: 1_700_000_000,
    includeUsage: true,
    logprobs: true,
    legacyFunctions: false,
    ...given,
  }
}

export type Seen = Pick<AnswerOutcome, 'usage' | 'stopReason' | 'failure'>

/** What an outcome has seen, to be compared. */
export function seen({ usage, stopReason, failure }: AnswerOutcome): Seen {
  return { usage, stopReason, failure }
}

export function sseOf(
  deltas: Iterable<Delta>,
  context = answerContext(),
  outcome = new AnswerOutcome(),
): Promise<string> {
  return text(Readable.from([[...deltas]]).pipe(serialise(chatStream(context), outcome, 0)))
}

export function bodyOf(
  deltas: Iterable<Delta>,
  context = answerContext(),
  outcome = new AnswerOutcome(),
): ChatCompletion | undefined {
  const body = chatBody(context)
  addAll(deltas, body, outcome)
  return body.body()
}

/** The chunks of a stream that was written whole; throws for anything that is not the framing of §3. */
export function chunksOf(sse: string): { chunks: ChatCompletionChunk[]; done: boolean } {
  const events = sse.split('\n\n')
  if (events.pop() !== '') throw new Error(`the last event has no end: ${sse.slice(-100)}`)
  const done = events.at(-1) === 'data: [DONE]'
  const chunks = (done ? events.slice(0, -1) : events).map((event) => {
    if (!event.startsWith('data: {') || event.includes('\n'))
      throw new Error(`not one line: ${event}`)
    const chunk: ChatCompletionChunk = JSON.parse(event.slice('data: '.length))
    return chunk
  })
  return { chunks, done }
}

/** The deltas of the first choice, with the finish reason in its place. */
export function told(chunks: ChatCompletionChunk[]): (ChatDelta | string)[] {
  return chunks.flatMap(({ choices }) =>
    choices.map(({ delta, finish_reason: finish }) => finish ?? delta),
  )
}

/** What the official client's accumulator makes of the chunks. Rejects where the client would raise. */
export async function officialClient(sse: string): Promise<ChatCompletion> {
  const lines = sse.split('\n\n').flatMap((event) => {
    const data = event.replace(/^data: /, '')
    return data === '' || data === '[DONE]' ? [] : [`${data}\n`]
  })
  const encoder = new TextEncoder()
  const stream = ChatCompletionStream.fromReadableStream(
    new ReadableStream({
      start(controller) {
        for (const line of lines) controller.enqueue(encoder.encode(line))
        controller.close()
      },
    }),
  )
  return JSON.parse(JSON.stringify(await stream.finalChatCompletion()))
}

/** A chunk stream put together by the rules of OpenRouter's and DeepSeek's fields: lists append, texts concatenate. */
export function collected(chunks: ChatCompletionChunk[]): ChatCompletion {
  const [first] = chunks
  if (!first) throw new Error('no chunks')
  const all = chunks.flatMap(({ choices }) => choices)
  const deltas = all.map(({ delta }) => delta)
  const last = all.at(-1)
  const logprobs = all.flatMap((choice) => choice.logprobs?.content ?? [])
  const joined = (key: 'content' | 'refusal' | 'reasoning_content') =>
    deltas.map((delta) => delta[key] ?? '').join('')
  const calls = callsOf(deltas)
  const annotations = deltas.flatMap((delta) => delta.annotations ?? [])
  const details = deltas.flatMap((delta) => delta.reasoning_details ?? [])
  const refusal = joined('refusal')
  const says = calls.length > 0 || refusal !== ''
  const usage = chunks.at(-1)?.usage
  const tier = chunks.at(-1)?.service_tier
  return {
    id: first.id,
    object: 'chat.completion',
    created: first.created,
    model: first.model,
    ...(tier && { service_tier: tier }),
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: joined('content') || (says ? null : ''),
          refusal: refusal || null,
          ...(calls.length > 0 && { tool_calls: calls }),
          ...(annotations.length > 0 && { annotations }),
          ...(joined('reasoning_content') && { reasoning_content: joined('reasoning_content') }),
          ...(details.length > 0 && { reasoning_details: details }),
        },
        logprobs: logprobs.length > 0 ? { content: logprobs, refusal: null } : null,
        finish_reason: last?.finish_reason ?? 'stop',
      },
    ],
    ...(usage && { usage }),
  }
}

type ToolCall = NonNullable<ChatCompletion['choices'][0]['message']['tool_calls']>[number]

function callsOf(deltas: ChatDelta[]): ToolCall[] {
  const calls: ToolCall[] = []
  for (const piece of deltas.flatMap((delta) => delta.tool_calls ?? [])) {
    const call = calls[piece.index]
    if (!call) calls[piece.index] = structuredClone(piece) as ToolCall
    else if (call.type === 'custom') call.custom.input += piece.custom?.input ?? ''
    else call.function.arguments += piece.function?.arguments ?? ''
  }
  return calls.map(({ ...call }) => {
    Reflect.deleteProperty(call, 'index')
    return call
  })
}
