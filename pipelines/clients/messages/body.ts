/** Deltas -> one message: the same answer for a client that wants no stream. */
import type { JsonObject } from '../../json/value.ts'
import { argumentsObject } from '../../neutral/arguments.ts'
import type { Delta, DeltaOf, Usage } from '../../neutral/delta.ts'
import type { BodySerialiser } from '../../stages/serialiser.ts'
import type { AnthropicAnswer, AnthropicBlock } from '../../wire/anthropic.ts'
import { begunAnswer, endOf, usageOf, type MessagesAnswerContext } from './answer.ts'
import { Blocks, type PieceMember, type BlockSink } from './blocks.ts'

export function messagesBody(context: MessagesAnswerContext): BodySerialiser<AnthropicAnswer> {
  return new MessagesBody(context)
}

class MessagesBody implements BodySerialiser<AnthropicAnswer> {
  readonly #context: MessagesAnswerContext
  readonly #content = new BlockList()
  readonly #blocks: Blocks
  #start: DeltaOf<'start'> | undefined
  #stop: DeltaOf<'stop'> | undefined
  #usage: Usage | undefined

  constructor(context: MessagesAnswerContext) {
    this.#context = context
    this.#blocks = new Blocks(context, this.#content)
  }

  add(delta: Delta): void {
    switch (delta.type) {
      case 'start':
        this.#start = delta
        this.#usage = delta.usage
        break
      case 'usage':
        this.#usage = delta.usage
        break
      case 'stop':
        this.#stop = delta
        this.#blocks.finish()
        break
      case 'failure':
      case 'phase':
        break
      default:
        this.#blocks.add(delta)
    }
  }

  body(): AnthropicAnswer | undefined {
    if (!this.#stop) return undefined
    return {
      ...begunAnswer(this.#start, this.#context),
      content: this.#content.blocks,
      ...endOf(this.#stop),
      usage: usageOf(this.#usage, this.#blocks.searches),
    }
  }
}

class BlockList implements BlockSink {
  readonly blocks: AnthropicBlock[] = []
  #text = ''
  #input = ''
  #signature = ''
  readonly #citations: object[] = []

  open(block: AnthropicBlock): void {
    this.blocks.push({ ...block })
  }

  add(member: PieceMember, piece: string): void {
    if (member === 'partial_json') this.#input += piece
    else if (member === 'signature') this.#signature = piece
    else this.#text += piece
  }

  cite(citation: object): void {
    this.#citations.push(citation)
  }

  close(): void {
    const block = this.blocks.at(-1)
    if (!block) return
    Object.assign(block, this.#membersOf(block))
    this.#text = ''
    this.#input = ''
    this.#signature = ''
    this.#citations.length = 0
  }

  #membersOf({ type }: AnthropicBlock): JsonObject {
    switch (type) {
      case 'text':
        return { text: this.#text, ...this.#cited() }
      case 'thinking':
        return { thinking: this.#text, signature: this.#signature }
      case 'tool_use':
      case 'server_tool_use':
        return { input: argumentsObject(this.#input) }
      default:
        return {}
    }
  }

  #cited(): JsonObject {
    return this.#citations.length > 0 ? { citations: [...this.#citations] } : {}
  }
}
