/** Deltas -> chat chunks: the rules of a chunk stream. */
import type { Delta, DeltaOf, Usage } from '../../neutral/delta.ts'
import type { Reasoning } from '../../neutral/reasoning.ts'
import type { StreamSerialiser } from '../../stages/serialiser.ts'
import { keepAlive } from '../keep-alive.ts'
import type { ChatCompletionChunk, ChatDelta, ChatToolCallDelta } from '../../wire/chat.ts'
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

export function chatStream(context: ChatAnswerContext): StreamSerialiser {
  return new ChatStream(context)
}

type Choice = ChatCompletionChunk['choices'][number]

class ChatStream implements StreamSerialiser {
  readonly #context: ChatAnswerContext
  #customTools: Set<number> | undefined
  readonly #reasoning = new ReadableReasoning()
  #start: DeltaOf<'start'> | undefined
  #usage: Usage | undefined
  /** what stands before and after `delta` in every chunk of this answer */
  #frame: { before: string; after: string } | undefined

  constructor(context: ChatAnswerContext) {
    this.#context = context
  }

  /** The first chunk: official clients refuse a choice that no chunk gave a role. */
  head(): string {
    return this.#framed({ role: 'assistant', content: '' })
  }

  keepAlive(): string {
    return keepAlive
  }

  write(delta: Delta): string {
    switch (delta.type) {
      case 'text':
        return delta.text === '' ? '' : this.#text(delta)
      case 'reasoning':
        if (delta.text === '' || this.#context.hideReasoning) return ''
        return this.#inFrame(
          `{"reasoning_content":${JSON.stringify(this.#reasoning.piece(delta.text))}}`,
        )
      case 'tool-input':
        return delta.text === '' ? '' : this.#toolInput(delta)
      case 'refusal':
        return delta.text === '' ? '' : this.#framed({ refusal: delta.text })
      case 'reasoning-stop':
        return this.#details(delta.reasoning)
      case 'annotations':
        return this.#framed({ annotations: delta.citations.map(urlCitation) })
      case 'image':
        return this.#framed({ images: [imagePart(delta)] })
      case 'tool-start':
        return this.#toolStart(delta)
      case 'stop':
        return this.#end(delta)
      case 'reasoning-start':
        this.#reasoning.start(delta)
        return ''
      case 'reasoning-part':
        this.#reasoning.part()
        return ''
      case 'start':
        this.#start = delta
        this.#usage = delta.usage
        return ''
      case 'usage':
        this.#usage = delta.usage
        return ''
      case 'text-start':
      case 'tool-stop':
      case 'search':
      case 'phase':
      case 'failure':
        return ''
      default:
        return delta satisfies never
    }
  }

  #details(reasoning: Reasoning | undefined): string {
    const shown = shownDetails(reasoning, this.#context)
    return shown.length > 0 ? this.#framed({ reasoning_details: shown }) : ''
  }

  #text({ text, logprobs }: DeltaOf<'text'>): string {
    if (!logprobs || !this.#context.logprobs)
      return this.#inFrame(`{"content":${JSON.stringify(text)}}`)
    const choice = choiceOf({ content: text })
    choice.logprobs = { content: logprobs, refusal: null }
    return this.#chunk({ choices: [choice], ...this.#noUsage() })
  }

  #toolStart(call: DeltaOf<'tool-start'>): string {
    const { reasoning, extra } = signatureOf(call)
    return this.#details(reasoning) + this.#call(call, extra)
  }

  #call({ index, kind, id, name }: DeltaOf<'tool-start'>, extra: object | undefined): string {
    if (this.#context.legacyFunctions) {
      return index === 0 ? this.#framed({ function_call: { name, arguments: '' } }) : ''
    }
    if (kind === 'function') {
      return this.#tool({ index, id, type: kind, function: { name, arguments: '' }, ...extra })
    }
    this.#customTools ??= new Set()
    this.#customTools.add(index)
    return this.#tool({ index, id, type: kind, custom: { name, input: '' } })
  }

  #toolInput({ index, text }: DeltaOf<'tool-input'>): string {
    if (this.#context.legacyFunctions) {
      return index === 0 ? this.#framed({ function_call: { arguments: text } }) : ''
    }
    return this.#customTools?.has(index)
      ? this.#tool({ index, custom: { input: text } })
      : this.#inFrame(
          `{"tool_calls":[{"index":${index},"function":{"arguments":${JSON.stringify(text)}}}]}`,
        )
  }

  #tool(call: ChatToolCallDelta): string {
    return this.#framed({ tool_calls: [call] })
  }

  /** Why it was refused, finish, usage where it was asked for and reported, and the mark of the end. */
  #end({ reason, explanation, serviceTier }: DeltaOf<'stop'>): string {
    const tier = serviceTier ? { service_tier: serviceTier } : {}
    const refusal = explanation ? this.#framed({ refusal: explanation }) : ''
    const choice = choiceOf({})
    choice.finish_reason = finishReasonOf(reason, this.#context)
    const finish = this.#chunk({ ...tier, choices: [choice], ...this.#noUsage() })
    const usage =
      this.#context.includeUsage && this.#usage
        ? this.#chunk({ ...tier, choices: [], usage: usageOf(this.#usage) })
        : ''
    return `${refusal}${finish}${usage}data: [DONE]\n\n`
  }

  /** A chunk that differs from the others in its delta only: everything else is written out once an answer. */
  #framed(delta: ChatDelta): string {
    return this.#inFrame(JSON.stringify(delta))
  }

  /** The same for a delta that is JSON already. Of thousands JSON.stringify writes the text alone, in half the time. */
  #inFrame(delta: string): string {
    this.#frame ??= this.#makeFrame()
    return `${this.#frame.before}${delta}${this.#frame.after}`
  }

  #makeFrame(): { before: string; after: string } {
    const chunk = this.#chunk({ choices: [choiceOf({})], ...this.#noUsage() })
    // The last "delta" is the chunk's own: the model id, where a client may have put one, stands before it.
    const at = chunk.lastIndexOf('"delta":{}') + '"delta":'.length
    return { before: chunk.slice(0, at), after: chunk.slice(at + '{}'.length) }
  }

  #chunk(rest: Pick<ChatCompletionChunk, 'service_tier' | 'choices' | 'usage'>): string {
    const { id, created, model } = identityOf(this.#start, this.#context)
    const object = 'chat.completion.chunk'
    const chunk: ChatCompletionChunk = { id, object, created, model, ...rest }
    return `data: ${JSON.stringify(chunk)}\n\n`
  }

  #noUsage(): { usage?: null } {
    return this.#context.includeUsage ? { usage: null } : {}
  }
}

function choiceOf(delta: ChatDelta): Choice {
  return { index: 0, delta, logprobs: null, finish_reason: null }
}
