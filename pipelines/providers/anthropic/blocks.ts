/**
 * The content blocks of one message: they may interleave, so every event goes to the block at its index. Of the
 * server's own tools only web searches emit something; unknown kinds emit nothing.
 */
import { objectFrom, type JsonObject } from '../../json/value.ts'
import type { Delta } from '../../neutral/delta.ts'
import { JsonEnd, type AnswerSoFar } from '../../neutral/so-far.ts'
import { RedactedBlock, TextBlock, ThinkingBlock, type Block, type BlockEnd } from './block.ts'
import { Searches } from './search-block.ts'
import {
  ProtocolError,
  asIndex,
  asJsonText,
  asLabel,
  asName,
  endedInCall,
  entriesOf,
  partOf,
  unreadable,
} from '../../untrusted.ts'

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
    let block = this.#open.get(at)
    if (!block) {
      block = this.#blockOf({ type: kindOfDelta(kind) }, at)
      this.#open.set(at, block)
    }
    return this.#emit(at, block.delta(delta.type === kind ? delta : { ...delta, type: kind }))
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

/** A call of one of the client's tools. */
class ToolBlock implements Block {
  readonly #answer: AnswerSoFar
  #id: string | undefined
  #name: string | undefined
  #given = ''
  #index: number | undefined
  /** input that came before the name */
  #held = ''
  readonly #json = new JsonEnd()
  #hasInput = false

  constructor(block: JsonObject, answer: AnswerSoFar) {
    this.#answer = answer
    this.#meet(block)
  }

  begin(): Delta[] {
    return this.#start()
  }

  /** Whether a start event at this place means this call once more: it has its id, or what this one still lacks. */
  isMeantBy(block: JsonObject): boolean {
    if (block.type !== 'tool_use') return false
    const id = asName(block.id)
    return id === undefined || this.#id === undefined ? this.#index === undefined : id === this.#id
  }

  delta(delta: JsonObject): Delta[] {
    return delta.type === 'input_json_delta'
      ? this.#input(this.#json.textOf(delta.partial_json))
      : []
  }

  whole(block: JsonObject): Delta[] {
    this.#meet(block)
    return this.#start()
  }

  /**
   * The start event's input is `{}` where the arguments follow in pieces: sent before them it would spoil them, so it
   * counts only when none came. A call that was cut gets nothing that would make it look whole.
   */
  end({ cut, stopped }: BlockEnd): Delta[] {
    if (this.#index === undefined) {
      if (cut) return []
      throw new ProtocolError('The upstream called a tool without naming it.')
    }
    const given = this.#given || (cut ? '' : '{}')
    const input = this.#hasInput ? [] : this.#input(given)
    if (!cut && !stopped && !this.#json.isWhole) throw endedInCall()
    return [...input, { type: 'tool-stop', index: this.#index }]
  }

  /** Whether the arguments were cut. At the limit of an answer the call that it was in ends like any other. */
  get isCut(): boolean {
    return this.#json.isCut
  }

  /** What is known stays; a start event that comes again may have more. */
  #meet(block: JsonObject): void {
    this.#id ??= asName(block.id)
    this.#name ??= asName(block.name)
    const given = inputOf(block)
    if (given !== '{}') this.#given ||= given
  }

  #start(): Delta[] {
    const [name, held] = [this.#name, this.#held]
    if (name === undefined || this.#index !== undefined) return []
    const index = this.#answer.nextTool()
    this.#index = index
    this.#held = ''
    const id = this.#id ?? this.#answer.callId(index)
    const input: Delta[] = held === '' ? [] : [{ type: 'tool-input', index, text: held }]
    const start: Delta = { type: 'tool-start', index, kind: 'function', id, name }
    return [...this.#answer.closeBlock(), start, ...input]
  }

  #input(text: string): Delta[] {
    if (text === '') return []
    this.#hasInput = true
    this.#json.add(text)
    if (this.#index !== undefined) return [{ type: 'tool-input', index: this.#index, text }]
    this.#held += text
    return []
  }
}

/** Some servers write the input as JSON text, as it is in chat. */
function inputOf({ input }: JsonObject): string {
  if (typeof input === 'string' && input !== '' && objectFrom(input) === undefined) {
    throw unreadable('input')
  }
  return asJsonText(input)
}
