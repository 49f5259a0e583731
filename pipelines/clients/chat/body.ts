/** Deltas -> one ChatCompletion: the same answer for a client that wants no stream. */
import type { Delta, DeltaOf, Usage } from '../../neutral/delta.ts'
import type { BodySerialiser } from '../../stages/serialiser.ts'
import type {
  ChatCompletion,
  ChatCompletionMessage,
  ImagePart,
  ReasoningDetail,
  UrlCitation,
} from '../../wire/chat.ts'
import {
  finishReasonOf,
  identityOf,
  imagePart,
  ReadableReasoning,
  shownDetails,
  signatureOf,
  urlCitation,
  usageOf,
  type ChatAnswerContext,
} from './answer.ts'

export function chatBody(context: ChatAnswerContext): BodySerialiser<ChatCompletion> {
  return new ChatBody(context)
}

type ToolCall = NonNullable<ChatCompletionMessage['tool_calls']>[number]

class ChatBody implements BodySerialiser<ChatCompletion> {
  readonly #context: ChatAnswerContext
  #start: DeltaOf<'start'> | undefined
  #stop: DeltaOf<'stop'> | undefined
  #usage: Usage | undefined
  #content = ''
  #refusal = ''
  #reasoningText = ''
  readonly #reasoning = new ReadableReasoning()
  readonly #details: ReasoningDetail[] = []
  readonly #annotations: UrlCitation[] = []
  readonly #images: ImagePart[] = []
  readonly #logprobs: unknown[] = []
  readonly #calls: { call: DeltaOf<'tool-start'>; input: string }[] = []

  constructor(context: ChatAnswerContext) {
    this.#context = context
  }

  add(delta: Delta): void {
    switch (delta.type) {
      case 'text':
        this.#content += delta.text
        if (delta.logprobs && this.#context.logprobs) this.#logprobs.push(...delta.logprobs)
        break
      case 'refusal':
        this.#refusal += delta.text
        break
      case 'reasoning-start':
      case 'reasoning':
      case 'reasoning-part':
      case 'reasoning-stop':
        this.#addReasoning(delta)
        break
      case 'annotations':
        this.#annotations.push(...delta.citations.map(urlCitation))
        break
      case 'image':
        this.#images.push(imagePart(delta))
        break
      case 'tool-start':
        this.#addCall(delta)
        break
      case 'tool-input': {
        const call = this.#calls[delta.index]
        if (call) call.input += delta.text
        break
      }
      case 'start':
        this.#start = delta
        this.#usage = delta.usage
        break
      case 'usage':
        this.#usage = delta.usage
        break
      case 'stop':
        this.#stop = delta
        this.#refusal += delta.explanation ?? ''
        break
      case 'text-start':
      case 'tool-stop':
      case 'search':
      case 'phase':
      case 'failure':
        break
      default:
        delta satisfies never
    }
  }

  body(): ChatCompletion | undefined {
    const stop = this.#stop
    if (!stop) return undefined
    const { id, created, model } = identityOf(this.#start, this.#context)
    const logprobs = this.#logprobs.length > 0 ? { content: this.#logprobs, refusal: null } : null
    const finish_reason = finishReasonOf(stop.reason, this.#context)
    return {
      id,
      object: 'chat.completion',
      created,
      model,
      ...(stop.serviceTier && { service_tier: stop.serviceTier }),
      choices: [{ index: 0, message: this.#message(), logprobs, finish_reason }],
      ...(this.#usage && { usage: usageOf(this.#usage) }),
    }
  }

  #addCall(call: DeltaOf<'tool-start'>): void {
    const { reasoning } = signatureOf(call)
    this.#details.push(...shownDetails(reasoning, this.#context))
    this.#calls[call.index] = { call, input: '' }
  }

  #addReasoning(
    delta: DeltaOf<'reasoning-start' | 'reasoning' | 'reasoning-part' | 'reasoning-stop'>,
  ): void {
    switch (delta.type) {
      case 'reasoning-start':
        this.#reasoning.start(delta)
        break
      case 'reasoning-part':
        this.#reasoning.part()
        break
      case 'reasoning':
        if (!this.#context.hideReasoning) this.#reasoningText += this.#reasoning.piece(delta.text)
        break
      case 'reasoning-stop':
        this.#details.push(...shownDetails(delta.reasoning, this.#context))
        break
      default:
        delta satisfies never
    }
  }

  #message(): ChatCompletionMessage {
    const isAnswered = this.#calls.length > 0 || this.#refusal !== ''
    return {
      role: 'assistant',
      content: this.#content === '' && isAnswered ? null : this.#content,
      refusal: this.#refusal || null,
      ...this.#toolCalls(),
      ...(this.#images.length > 0 && { images: this.#images }),
      ...(this.#annotations.length > 0 && { annotations: this.#annotations }),
      ...(this.#reasoningText !== '' && { reasoning_content: this.#reasoningText }),
      ...(this.#details.length > 0 && { reasoning_details: this.#details }),
    }
  }

  #toolCalls(): Pick<ChatCompletionMessage, 'tool_calls' | 'function_call'> {
    const [first] = this.#calls
    if (!first) return {}
    if (!this.#context.legacyFunctions) return { tool_calls: this.#calls.map(toolCall) }
    return { function_call: { name: first.call.name, arguments: first.input } }
  }
}

function toolCall({ call, input }: { call: DeltaOf<'tool-start'>; input: string }): ToolCall {
  const { id, kind, name } = call
  const { extra } = signatureOf(call)
  return kind === 'custom'
    ? { id, type: kind, custom: { name, input } }
    : { id, type: kind, function: { name, arguments: input }, ...extra }
}
