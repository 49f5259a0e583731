/** Deltas -> one ChatCompletion: the same answer for a client that wants no stream. */
import { Writable } from 'node:stream'
import type { Delta } from '../../neutral/delta.ts'
import type { ChatCompletion, ChatCompletionMessage, UrlCitation } from '../../wire/chat.ts'
import {
  finishReasonOf,
  identityOf,
  note,
  ownName,
  shownDetails,
  usageOf,
  type ChatAnswerContext,
} from './answer.ts'

/** undefined when the deltas end in a failure, which is then in `context.record`. */
export function chatBody(
  deltas: Iterable<Delta>,
  context: ChatAnswerContext,
): ChatCompletion | undefined {
  const collector = new ChatCollector(context)
  for (const delta of deltas) collector.add(delta)
  return collector.completion()
}

/** The end of a row of stages: takes lists of deltas. `completion` is asked when they are all in; it is like `chatBody`. */
export function chatCollector(context: ChatAnswerContext): {
  sink: Writable
  completion: () => ChatCompletion | undefined
} {
  const collector = new ChatCollector(context)
  const sink = new Writable({
    objectMode: true,
    write(deltas: Delta[], _encoding, done) {
      for (const delta of deltas) collector.add(delta)
      done()
    },
  })
  return { sink, completion: () => collector.completion() }
}

type Of<T extends Delta['type']> = Extract<Delta, { type: T }>
type ToolCall = NonNullable<ChatCompletionMessage['tool_calls']>[number]

class ChatCollector {
  readonly #context: ChatAnswerContext
  #start: Of<'start'> | undefined
  #stop: Of<'stop'> | undefined
  #content = ''
  #refusal = ''
  #reasoning = ''
  readonly #annotations: UrlCitation[] = []
  readonly #logprobs: unknown[] = []
  readonly #calls: { call: Of<'tool-start'>; input: string }[] = []

  constructor(context: ChatAnswerContext) {
    this.#context = context
  }

  add(delta: Delta): void {
    note(delta, this.#context)
    switch (delta.type) {
      case 'text':
        this.#content += delta.text
        if (delta.logprobs && this.#context.logprobs) this.#logprobs.push(...delta.logprobs)
        break
      case 'refusal':
        this.#refusal += delta.text
        break
      case 'reasoning':
        if (!this.#context.hideReasoning) this.#reasoning += delta.text
        break
      case 'annotations':
        this.#annotations.push(...delta.annotations)
        break
      case 'tool-start':
        this.#calls[delta.index] = {
          call: { ...delta, name: ownName(delta.name, this.#context) },
          input: '',
        }
        break
      case 'tool-input': {
        const call = this.#calls[delta.index]
        if (call) call.input += delta.text
        break
      }
      case 'start':
        this.#start = delta
        break
      case 'stop':
        this.#stop = delta
        break
      case 'reasoning-detail':
      case 'tool-stop':
      case 'phase':
      case 'usage':
      case 'failure':
        break
      default:
        delta satisfies never
    }
  }

  completion(): ChatCompletion | undefined {
    const stop = this.#stop
    if (!stop) return undefined
    const { id, created, model } = identityOf(this.#start, this.#context)
    const { usage } = this.#context.record
    const logprobs = this.#logprobs.length > 0 ? { content: this.#logprobs, refusal: null } : null
    const finish_reason = finishReasonOf(stop.reason, this.#context)
    return {
      id,
      object: 'chat.completion',
      created,
      model,
      ...(stop.serviceTier && { service_tier: stop.serviceTier }),
      choices: [{ index: 0, message: this.#message(), logprobs, finish_reason }],
      ...(usage && { usage: usageOf(usage) }),
    }
  }

  #message(): ChatCompletionMessage {
    const details = shownDetails(this.#context.record.details ?? [], this.#context)
    const says = this.#calls.length > 0 || this.#refusal !== ''
    return {
      role: 'assistant',
      content: this.#content === '' && says ? null : this.#content,
      refusal: this.#refusal || null,
      ...this.#toolCalls(),
      ...(this.#annotations.length > 0 && { annotations: this.#annotations }),
      ...(this.#reasoning !== '' && { reasoning_content: this.#reasoning }),
      ...(details.length > 0 && { reasoning_details: details }),
    }
  }

  #toolCalls(): Pick<ChatCompletionMessage, 'tool_calls' | 'function_call'> {
    const [first] = this.#calls
    if (!first) return {}
    if (!this.#context.legacyFunctions) return { tool_calls: this.#calls.map(toolCall) }
    return { function_call: { name: first.call.name, arguments: first.input } }
  }
}

function toolCall({ call, input }: { call: Of<'tool-start'>; input: string }): ToolCall {
  const { id, kind, name } = call
  return kind === 'custom'
    ? { id, type: kind, custom: { name, input } }
    : { id, type: kind, function: { name, arguments: input } }
}
