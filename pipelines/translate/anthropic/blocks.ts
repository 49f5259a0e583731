/**
 * The content blocks of one message, each a small machine of its own: blocks may interleave, so every event goes to the
 * block at its index. A block is closed once; server tools, their results and unknown kinds say nothing.
 */
import type { Delta } from '../../delta.ts'
import type { JsonObject } from '../../wire/chat.ts'
import type { AnswerSoFar } from '../answer-so-far.ts'
import { asText } from '../wire-value.ts'
import { TextBlock } from './text-block.ts'
import { RedactedBlock, ThinkingBlock } from './thinking-block.ts'
import { ToolBlock } from './tool-block.ts'

export interface Block {
  /** what the start event already held */
  begin(): Delta[]
  delta(delta: JsonObject): Delta[]
  /** `cut`: the answer ended before the block did */
  end(cut: boolean): Delta[]
}

const silent: Block = { begin: () => [], delta: () => [], end: () => [] }

export class Blocks {
  readonly #open = new Map<number, Block>()
  readonly #soFar: AnswerSoFar
  readonly #model: string
  #latest = 0

  constructor(soFar: AnswerSoFar, upstreamModel: string) {
    this.#soFar = soFar
    this.#model = upstreamModel
  }

  start(index: unknown, block: JsonObject): Delta[] {
    const at = this.#indexOf(index)
    const before = this.#open.get(at)
    if (before instanceof ToolBlock && before.id === block.id) return []
    const ended = before?.end(false) ?? []
    const begun = this.#blockOf(block, at)
    this.#open.set(at, begun)
    return [...ended, ...begun.begin()]
  }

  delta(index: unknown, delta: JsonObject): Delta[] {
    const at = this.#indexOf(index)
    let block = this.#open.get(at)
    if (!block) {
      block = this.#blockOf({ type: kindsByDelta.get(asText(delta.type)) }, at)
      this.#open.set(at, block)
    }
    return block.delta(delta)
  }

  stop(index: unknown): Delta[] {
    const at = this.#indexOf(index)
    const block = this.#open.get(at)
    this.#open.delete(at)
    return block?.end(false) ?? []
  }

  /** For an answer that ends with blocks open. */
  stopAll(cut: boolean): Delta[] {
    const deltas = [...this.#open.values()].flatMap((block) => block.end(cut))
    this.#open.clear()
    return deltas
  }

  /** An event without an index means the latest block. */
  #indexOf(index: unknown): number {
    if (typeof index === 'number') this.#latest = index
    return this.#latest
  }

  #blockOf(block: JsonObject, index: number): Block {
    switch (block.type) {
      case 'text':
        return new TextBlock(block, this.#soFar)
      case 'thinking':
        return new ThinkingBlock(block, { index, model: this.#model }, this.#soFar)
      case 'redacted_thinking':
        return new RedactedBlock(block, { index, model: this.#model }, this.#soFar)
      case 'tool_use':
        return new ToolBlock(block, this.#soFar)
      default:
        return silent
    }
  }
}

/** What a block is that no start event announced. A tool call without its name cannot be told. */
const kindsByDelta = new Map([
  ['text_delta', 'text'],
  ['citations_delta', 'text'],
  ['thinking_delta', 'thinking'],
  ['signature_delta', 'thinking'],
])
