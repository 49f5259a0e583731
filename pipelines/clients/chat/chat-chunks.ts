/** Delta -> the text of its chat chunk: the rules of a chunk stream, without the stream. */
import type { Delta } from '../../neutral/delta.ts'
import type {
  ChatCompletionChunk,
  ChatDelta,
  ChatToolCallDelta,
  ReasoningDetail,
} from '../../wire/chat.ts'
import {
  finishReasonOf,
  identityOf,
  note,
  ownName,
  shownDetails,
  usageOf,
  type ChatAnswerContext,
} from './answer.ts'

type Of<T extends Delta['type']> = Extract<Delta, { type: T }>

type Choice = ChatCompletionChunk['choices'][number]

export class ChatChunks {
  readonly #context: ChatAnswerContext
  readonly #customTools = new Set<number>()
  #start: Of<'start'> | undefined
  /** what stands before and after `delta` in every chunk of this answer */
  #frame: { before: string; after: string } | undefined

  constructor(context: ChatAnswerContext) {
    this.#context = context
  }

  /** The first chunk: official clients refuse a choice that no chunk gave a role. */
  role(): string {
    return this.#framed({ role: 'assistant', content: '' })
  }

  /** `""` for a delta that has no chunk of its own. What the caller has to know goes into the context's record. */
  of(delta: Delta): string {
    note(delta, this.#context)
    switch (delta.type) {
      case 'text':
        return delta.text === '' ? '' : this.#text(delta)
      case 'reasoning':
        if (delta.text === '' || this.#context.hideReasoning) return ''
        return this.#framed({ reasoning_content: delta.text })
      case 'refusal':
        return delta.text === '' ? '' : this.#framed({ refusal: delta.text })
      case 'reasoning-detail':
        return this.#details(delta.details)
      case 'annotations':
        return this.#framed({ annotations: delta.annotations })
      case 'tool-start':
        return this.#toolStart(delta)
      case 'tool-input':
        return delta.text === '' ? '' : this.#toolInput(delta)
      case 'stop':
        return this.#end(delta)
      case 'start':
        this.#start = delta
        return ''
      case 'usage':
      case 'failure':
      case 'tool-stop':
      case 'phase':
        return ''
      default:
        return delta satisfies never
    }
  }

  #details(details: ReasoningDetail[]): string {
    const shown = shownDetails(details, this.#context)
    return shown.length > 0 ? this.#framed({ reasoning_details: shown }) : ''
  }

  #text({ text, logprobs }: Of<'text'>): string {
    if (!logprobs || !this.#context.logprobs) return this.#framed({ content: text })
    const choice = choiceOf({ content: text })
    choice.logprobs = { content: logprobs, refusal: null }
    return this.#chunk({ choices: [choice], ...this.#noUsage() })
  }

  #toolStart({ index, kind, id, ...call }: Of<'tool-start'>): string {
    const name = ownName(call.name, this.#context)
    if (this.#context.legacyFunctions) {
      return index === 0 ? this.#framed({ function_call: { name, arguments: '' } }) : ''
    }
    if (kind === 'function') {
      return this.#tool({ index, id, type: kind, function: { name, arguments: '' } })
    }
    this.#customTools.add(index)
    return this.#tool({ index, id, type: kind, custom: { name, input: '' } })
  }

  #toolInput({ index, text }: Of<'tool-input'>): string {
    if (this.#context.legacyFunctions) {
      return index === 0 ? this.#framed({ function_call: { arguments: text } }) : ''
    }
    return this.#customTools.has(index)
      ? this.#tool({ index, custom: { input: text } })
      : this.#tool({ index, function: { arguments: text } })
  }

  #tool(call: ChatToolCallDelta): string {
    return this.#framed({ tool_calls: [call] })
  }

  /** Finish, usage where it was asked for and reported, and the mark of the end. */
  #end({ reason, serviceTier }: Of<'stop'>): string {
    const { record, includeUsage } = this.#context
    const tier = serviceTier ? { service_tier: serviceTier } : {}
    const choice = choiceOf({})
    choice.finish_reason = finishReasonOf(reason, this.#context)
    const finish = this.#chunk({ ...tier, choices: [choice], ...this.#noUsage() })
    const usage =
      includeUsage && record.usage
        ? this.#chunk({ ...tier, choices: [], usage: usageOf(record.usage) })
        : ''
    return `${finish}${usage}data: [DONE]\n\n`
  }

  /** A chunk that differs from the others in its delta only: everything else is written out once an answer. */
  #framed(delta: ChatDelta): string {
    this.#frame ??= this.#makeFrame()
    return `${this.#frame.before}${JSON.stringify(delta)}${this.#frame.after}`
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
