/** Deltas -> the events of a Messages stream. */
import type { Delta, DeltaOf, Usage } from '../../neutral/delta.ts'
import type { StreamSerialiser } from '../../stages/serialiser.ts'
import type { AnthropicBlock } from '../../wire/anthropic.ts'
import { begunAnswer, endOf, usageOf, type MessagesAnswerContext } from './answer.ts'
import { Blocks, type BlockSink, type PieceMember } from './blocks.ts'

export function messagesStream(context: MessagesAnswerContext): StreamSerialiser {
  return new MessagesStream(context)
}

const ping = event('ping', {})

function event(type: string, members: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`
}

class MessagesStream implements StreamSerialiser {
  readonly #context: MessagesAnswerContext
  readonly #events = new BlockEvents()
  readonly #blocks: Blocks
  #start: DeltaOf<'start'> | undefined
  #usage: Usage | undefined

  constructor(context: MessagesAnswerContext) {
    this.#context = context
    this.#blocks = new Blocks(context, this.#events)
  }

  head(): string {
    return event('message_start', { message: begunAnswer(this.#start, this.#context) }) + ping
  }

  /** A comment would not reset every client's timer. */
  keepAlive(): string {
    return ping
  }

  write(delta: Delta): string {
    switch (delta.type) {
      case 'start':
        this.#start = delta
        this.#usage = delta.usage
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
        this.#blocks.add(delta)
        return this.#events.take()
    }
  }

  #end(stop: DeltaOf<'stop'>): string {
    this.#blocks.finish()
    const usage = usageOf(this.#usage, this.#blocks.searches)
    const end = event('message_delta', { delta: endOf(stop), usage })
    return this.#events.take() + end + event('message_stop', {})
  }
}

/** What stands before a piece in its delta. The piece alone is written by JSON.stringify, which takes a third of what the delta takes. */
const pieceStarts: Record<PieceMember, string> = {
  text: '{"type":"text_delta","text":',
  thinking: '{"type":"thinking_delta","thinking":',
  signature: '{"type":"signature_delta","signature":',
  partial_json: '{"type":"input_json_delta","partial_json":',
}

/** Blocks as events, which are taken as they come. */
class BlockEvents implements BlockSink {
  #index = -1
  #text = ''
  /** what stands before the delta in every event of the open block */
  #beforeDelta = ''

  open(content_block: AnthropicBlock): void {
    this.#index += 1
    this.#text += event('content_block_start', { index: this.#index, content_block })
    const type = 'content_block_delta'
    const begun = JSON.stringify({ type, index: this.#index }).slice(0, -1)
    // one string: a template is a tree of its parts, all of which would be gone through for each event
    this.#beforeDelta = ['event: ', type, '\ndata: ', begun, ',"delta":'].join('')
  }

  add(member: PieceMember, piece: string): void {
    this.#text += `${this.#beforeDelta}${pieceStarts[member]}${JSON.stringify(piece)}}}\n\n`
  }

  cite(citation: object): void {
    this.#text += `${this.#beforeDelta}${JSON.stringify({ type: 'citations_delta', citation })}}\n\n`
  }

  close(): void {
    this.#text += event('content_block_stop', { index: this.#index })
  }

  take(): string {
    const text = this.#text
    this.#text = ''
    return text
  }
}
