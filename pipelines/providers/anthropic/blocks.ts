/**
 * The content blocks of one message, each a small machine of its own: blocks may interleave, so every event goes to the
 * block at its index. A block is closed once; server tools, their results and unknown kinds say nothing.
 */
import type { Delta } from '../../neutral/delta.ts'
import type { JsonObject } from '../../json/value.ts'
import type { AnswerSoFar } from '../../neutral/so-far.ts'
import { asIndex, asLabel, entriesOf, partOf, unreadable } from '../../wire-value.ts'
import { deltaKind, kindOfBlock, kindOfDelta } from './block-kind.ts'
import { TextBlock } from './text-block.ts'
import { RedactedBlock, ThinkingBlock } from './thinking-block.ts'
import { ToolBlock } from './tool-block.ts'

/** `cut`: the answer ended before the model did. `stopped`: the block's own stop event came. */
export interface BlockEnd {
  cut: boolean
  stopped: boolean
}

export interface Block {
  /** what the start event already held */
  begin(): Delta[]
  delta(delta: JsonObject): Delta[]
  /** the same block as a later event shows it: what was not told of it yet */
  whole(block: JsonObject): Delta[]
  end(how: BlockEnd): Delta[]
}

const silent: Block = { begin: () => [], delta: () => [], whole: () => [], end: () => [] }

const whole: BlockEnd = { cut: false, stopped: true }

export class Blocks {
  readonly #open = new Map<number, Block>()
  /** blocks that have ended with something said, by their index */
  readonly #told = new Set<number>()
  readonly #soFar: AnswerSoFar
  readonly #model: string
  #latest = 0

  constructor(soFar: AnswerSoFar, upstreamModel: string) {
    this.#soFar = soFar
    this.#model = upstreamModel
  }

  start(index: unknown, value: unknown): Delta[] {
    const block = partOf(value, 'content_block')
    const at = this.#indexOf(index)
    const kind = kindOfBlock(block)
    // its deltas will tell what it is
    if (kind === undefined) return []
    const before = this.#open.get(at)
    const named = { ...block, type: kind }
    if (before instanceof ToolBlock && before.isMeantBy(named)) return before.whole(named)
    const ended = before?.end(whole) ?? []
    const begun = this.#blockOf(named, at)
    this.#open.set(at, begun)
    return this.#tell(at, [...ended, ...begun.begin()])
  }

  delta(index: unknown, value: unknown): Delta[] {
    const delta = partOf(value, 'delta')
    const at = this.#indexOf(index)
    const kind = deltaKind(delta)
    let block = this.#open.get(at)
    if (!block) {
      block = this.#blockOf({ type: kindOfDelta(kind) }, at)
      this.#open.set(at, block)
    }
    return this.#tell(at, block.delta(delta.type === kind ? delta : { ...delta, type: kind }))
  }

  /** `shown`: the block whole, where the stop event has it. */
  stop(index: unknown, shown?: unknown): Delta[] {
    const at = this.#indexOf(index)
    const block = this.#open.get(at)
    this.#open.delete(at)
    if (!block) return []
    const rest = shown === undefined ? [] : block.whole(partOf(shown, 'content_block'))
    return this.#tell(at, [...rest, ...block.end(whole)])
  }

  /** In: content as an event shows it whole. Adds what was not told of it; of what was told nothing changes. */
  complete(content: unknown): Delta[] {
    const blocks = entriesOf(content, 'content', (text) => ({ type: 'text', text }))
    return blocks.flatMap((block, at) => {
      const open = this.#open.get(at)
      if (open) return this.#tell(at, open.whole(block))
      return this.#told.has(at) ? [] : this.#whole(block, at)
    })
  }

  /** For an answer that ends with blocks open. */
  stopAll(cut: boolean): Delta[] {
    const deltas = [...this.#open.values()].flatMap((block) => block.end({ cut, stopped: false }))
    this.#open.clear()
    return deltas
  }

  #whole(block: JsonObject, at: number): Delta[] {
    if (kindOfBlock(block) === undefined) throw unreadable('a content block')
    return [...this.start(at, block), ...this.stop(at)]
  }

  #tell(at: number, deltas: Delta[]): Delta[] {
    if (deltas.length > 0) this.#told.add(at)
    return deltas
  }

  /** An event without an index means the latest block. */
  #indexOf(index: unknown): number {
    this.#latest = asIndex(index) ?? this.#latest
    return this.#latest
  }

  #blockOf(block: JsonObject, index: number): Block {
    const origin = { index, model: this.#model }
    switch (asLabel(block.type)) {
      case 'text':
        return new TextBlock(block, this.#soFar)
      case 'thinking':
        return new ThinkingBlock(block, origin, this.#soFar)
      case 'redacted_thinking':
        return new RedactedBlock(block, origin, this.#soFar)
      case 'tool_use':
        return new ToolBlock(block, this.#soFar)
      default:
        return silent
    }
  }
}
