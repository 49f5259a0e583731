/**
 * The content blocks of one message: they may interleave, so every event goes to the block at its index. Of the
 * server's own tools only web searches emit something; unknown kinds emit nothing.
 */
import type { JsonObject } from '../../json/value.ts'
import type { Delta } from '../../neutral/delta.ts'
import type { AnswerSoFar } from '../../neutral/so-far.ts'
import {
  RedactedBlock,
  TextBlock,
  ThinkingBlock,
  ToolBlock,
  type Block,
  type BlockEnd,
} from './block.ts'
import { Searches } from './search-block.ts'
import { asIndex, asLabel, endedInCall, entriesOf, partOf, unreadable } from '../../untrusted.ts'

const silent: Block = { begin: () => [], delta: () => [], whole: () => [], end: () => [] }

const whole: BlockEnd = { cut: false, stopped: true }

export class Blocks {
  readonly #open = new Map<number, Block>()
  /** indexes of blocks that have emitted something */
  readonly #emitted = new Set<number>()
  readonly #answer: AnswerSoFar
  readonly #model: string
  #searches: Searches | undefined
  #latest = 0
  #hasCutCall = false

  constructor(answer: AnswerSoFar, upstreamModel: string) {
    this.#answer = answer
    this.#model = upstreamModel
  }

  start(index: unknown, value: unknown): Delta[] {
    const block = partOf(value, 'content_block')
    const at = this.#indexOf(index)
    const kind = kindOfBlock(block)
    // its deltas will show what it is
    if (kind === undefined) return []
    const before = this.#open.get(at)
    const named = { ...block, type: kind }
    if (before instanceof ToolBlock && before.isMeantBy(named)) return before.whole(named)
    const ended = before ? this.#end(before) : []
    const begun = this.#blockOf(named, at)
    this.#open.set(at, begun)
    return this.#emit(at, [...ended, ...begun.begin()])
  }

  delta(index: unknown, value: unknown): Delta[] {
    const delta = partOf(value, 'delta')
    const at = this.#indexOf(index)
    const kind = deltaKind(delta)
    const known = delta.type === kind ? delta : { ...delta, type: kind }
    const before = this.#open.get(at)
    if (before && fits(before, known)) {
      return this.#emit(at, before.delta(known))
    }
    const ended = before ? this.#end(before) : []
    const block = this.#blockOf({ type: kindOfDelta(kind) }, at)
    this.#open.set(at, block)
    return this.#emit(at, [...ended, ...block.delta(known)])
  }

  /** `shown`: the block whole, where the stop event has it. */
  stop(index: unknown, shown?: unknown): Delta[] {
    const at = this.#indexOf(index)
    const block = this.#open.get(at)
    this.#open.delete(at)
    if (!block) return []
    const rest = shown === undefined ? [] : block.whole(partOf(shown, 'content_block'))
    return this.#emit(at, [...rest, ...this.#end(block)])
  }

  /** In: content as an event shows it whole. Adds what was not emitted of it; of what was, nothing changes. */
  complete(content: unknown): Delta[] {
    const blocks = entriesOf(content, 'content', (text) => ({ type: 'text', text }))
    const deltas: Delta[] = []
    for (const [at, block] of blocks.entries()) {
      const open = this.#open.get(at)
      if (open) deltas.push(...this.#emit(at, open.whole(block)))
      else if (!this.#emitted.has(at)) deltas.push(...this.#whole(block, at))
    }
    return deltas
  }

  /** For an answer that ends with blocks open. Throws ProtocolError for a call that is not whole, unless the answer was cut. */
  stopAll(cut: boolean): Delta[] {
    if (this.#hasCutCall && !cut) throw endedInCall()
    const deltas = [...this.#open.values()].flatMap((block) => block.end({ cut, stopped: false }))
    this.#open.clear()
    return deltas
  }

  #whole(block: JsonObject, at: number): Delta[] {
    if (kindOfBlock(block) === undefined) throw unreadable('a content block')
    return [...this.start(at, block), ...this.stop(at)]
  }

  #end(block: Block): Delta[] {
    const deltas = block.end(whole)
    this.#hasCutCall ||= block instanceof ToolBlock && block.isCut
    return deltas
  }

  #emit(at: number, deltas: Delta[]): Delta[] {
    if (deltas.length > 0) this.#emitted.add(at)
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
        return new TextBlock(block, this.#answer)
      case 'thinking':
        return new ThinkingBlock(block, origin, this.#answer)
      case 'redacted_thinking':
        return new RedactedBlock(block, origin, this.#answer)
      case 'tool_use':
        return new ToolBlock(block, this.#answer)
      case 'server_tool_use':
        if (block.name !== 'web_search') return silent
        this.#searches ??= new Searches(this.#answer)
        return this.#searches.call(block)
      case 'web_search_tool_result':
        return this.#searches?.result(block) ?? silent
      default:
        return silent
    }
  }
}

/** What a block is: by its type, or where that is missing or unreadable, by its members. undefined for one that is still empty. */
function kindOfBlock(block: JsonObject): string | undefined {
  if (typeof block.type === 'string' && block.type !== '') return block.type
  if (block.text !== undefined) return 'text'
  if (block.thinking !== undefined || block.signature !== undefined) return 'thinking'
  if (block.name !== undefined && !isOfServer(block)) return 'tool_use'
  if (block.type === undefined || block.type === null) return undefined
  throw unreadable('the type of a content block')
}

/** Calls of the API's own tools are recognised by their ids. */
function isOfServer({ id }: JsonObject): boolean {
  return typeof id === 'string' && /^(?:srv|mcp)toolu_/.test(id)
}

const membersOfDeltas = [
  ['text', 'text_delta'],
  ['thinking', 'thinking_delta'],
  ['signature', 'signature_delta'],
  ['partial_json', 'input_json_delta'],
  ['citation', 'citations_delta'],
] as const

/** What a delta is, likewise. */
function deltaKind(delta: JsonObject): string | undefined {
  if (typeof delta.type === 'string' && delta.type !== '') return delta.type
  const known = membersOfDeltas.find(([member]) => delta[member] !== undefined)
  if (known) return known[1]
  if (Object.keys(delta).length === 0) return undefined
  throw unreadable('the type of a delta')
}

/** What a block is that no start event announced. */
const kindsByDelta = new Map<string | undefined, string>([
  ['text_delta', 'text'],
  ['citations_delta', 'text'],
  ['thinking_delta', 'thinking'],
  ['signature_delta', 'thinking'],
  ['input_json_delta', 'tool_use'],
])

function kindOfDelta(type: string | undefined): string | undefined {
  return kindsByDelta.get(type)
}

/** Whether nothing of a delta is lost in a block: some gateways leave out where one block ends and another begins. */
function fits(block: Block, { type, partial_json: input }: JsonObject): boolean {
  switch (type) {
    case 'text_delta':
      return block instanceof TextBlock || !hasContent(block)
    case 'thinking_delta':
      return block instanceof ThinkingBlock || !hasContent(block)
    case 'input_json_delta':
      return block instanceof ToolBlock || !hasContent(block) || input === ''
    default:
      return true
  }
}

/** Blocks of the other kinds are not the model's words. */
function hasContent(block: Block): boolean {
  return (
    block instanceof TextBlock ||
    block instanceof ThinkingBlock ||
    block instanceof RedactedBlock ||
    block instanceof ToolBlock
  )
}
