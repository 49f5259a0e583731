/**
 * Deltas -> the content blocks of a Messages answer: one block after another, though an answer may have several calls under
 * way at once. Of blocks that interleave Claude Code loses one. What does not belong to the call that is open waits until
 * that call has ended.
 */
import {
  imageNote,
  signatureOf,
  type Citation,
  type Delta,
  type DeltaOf,
  type Source,
} from '../../neutral/delta.ts'
import type { Reasoning } from '../../neutral/reasoning.ts'
import { sealReasoning } from '../../neutral/seal.ts'
import type { AnthropicBlock } from '../../wire/anthropic.ts'
import { idTail, wrappedCallId } from '../id.ts'
import type { MessagesAnswerContext } from './answer.ts'
import { CitedText } from './cited-text.ts'

/** Where the blocks go. At most one is open. */
export interface BlockSink {
  open(block: AnthropicBlock): void
  /** a piece of the open block's content */
  add(member: PieceMember, piece: string): void
  cite(citation: object): void
  close(): void
}

/** The member of a `content_block_delta` that a piece stands in, which tells the type of the delta, too. */
export type PieceMember = 'text' | 'thinking' | 'signature' | 'partial_json'

/** The deltas of which the content consists. */
export type ContentDelta = Exclude<
  Delta,
  { type: 'start' | 'usage' | 'stop' | 'failure' | 'phase' }
>

type CallDelta = DeltaOf<'tool-start' | 'tool-input' | 'tool-stop'>

/** A call that has to wait for another, with what has come of it. */
interface WaitingCall {
  start: DeltaOf<'tool-start'>
  pieces: string[]
  hasEnded: boolean
}

type Open = 'text' | 'refusal' | 'thinking' | { call: number; hasInput: boolean } | undefined

export class Blocks {
  /** searches of the web that the client has got */
  searches = 0
  readonly #context: MessagesAnswerContext
  readonly #sink: BlockSink
  readonly #cited: CitedText
  #open: Open
  /** the reasoning goes on with another part */
  #isNextPart = false
  #isAfterText = false
  /** seals behind a text, until something follows them */
  #held: Reasoning[] = []
  #waiting: (WaitingCall | ContentDelta)[] = []
  readonly #waitingCalls = new Map<number, WaitingCall>()

  constructor(context: MessagesAnswerContext, sink: BlockSink) {
    this.#context = context
    this.#sink = sink
    this.#cited = new CitedText(context.searches)
  }

  add(delta: ContentDelta): void {
    if (delta.type === 'tool-start') for (const one of signatureOf(delta)) this.#add(one)
    this.#add(delta)
  }

  #add(delta: ContentDelta): void {
    if (typeof this.#open === 'object') this.#addBeside(this.#open, delta)
    else this.#addNow(delta)
  }

  /** The answer has stopped: what is open ends, and what waits comes. */
  finish(): void {
    this.#closeOpen()
    while (this.#waiting.length > 0) {
      this.#drain()
      this.#closeOpen()
    }
  }

  /** While a call is open. */
  #addBeside(open: { call: number; hasInput: boolean }, delta: ContentDelta): void {
    if (!isOfCall(delta)) this.#waiting.push(delta)
    else if (delta.type === 'tool-start') {
      const call: WaitingCall = { start: delta, pieces: [], hasEnded: false }
      this.#waiting.push(call)
      this.#waitingCalls.set(delta.index, call)
    } else if (delta.index !== open.call) {
      const call = this.#waitingCalls.get(delta.index)
      if (delta.type === 'tool-input') call?.pieces.push(delta.text)
      else if (call) call.hasEnded = true
    } else if (delta.type === 'tool-input') this.#addInput(open, delta.text)
    else {
      this.#endCall(open)
      this.#drain()
    }
  }

  #drain(): void {
    const waiting = this.#waiting
    let at = 0
    while (at < waiting.length && typeof this.#open !== 'object') {
      const one = waiting[at]!
      at += 1
      if ('type' in one) this.#addNow(one)
      else this.#resume(one)
    }
    this.#waiting = waiting.slice(at)
  }

  #resume({ start, pieces, hasEnded }: WaitingCall): void {
    this.#waitingCalls.delete(start.index)
    const open = this.#startCall(start)
    this.#addInput(open, pieces.join(''))
    if (hasEnded) this.#endCall(open)
  }

  #addNow(delta: ContentDelta): void {
    switch (delta.type) {
      case 'text':
      case 'refusal':
        this.#addText(delta)
        break
      case 'image':
        this.#addText(imageNote(delta))
        break
      case 'text-start':
        this.#closeOpen()
        break
      case 'annotations':
        if (this.#open === 'text') this.#cite(delta.citations)
        break
      case 'reasoning-start':
        this.#closeOpen()
        this.#isNextPart = false
        break
      case 'reasoning':
        this.#addReasoning(delta.text)
        break
      case 'reasoning-part':
        this.#isNextPart = this.#open === 'thinking'
        break
      case 'reasoning-stop':
        this.#endReasoning(delta.reasoning)
        break
      case 'search':
        this.#addSearch(delta)
        break
      case 'tool-start':
        this.#startCall(delta)
        break
      case 'tool-input':
      case 'tool-stop':
        break
      default:
        delta satisfies never
    }
  }

  #addText({ type, text }: DeltaOf<'text' | 'refusal'>): void {
    if (text === '') return
    if (this.#open !== type) {
      this.#closeOpen()
      this.#begin({ type: 'text', text: '' })
      this.#open = type
    }
    if (type === 'text') this.#cited.add(text)
    this.#sink.add('text', text)
  }

  #cite(citations: readonly Citation[]): void {
    for (const citation of citations) {
      const { url, title } = citation
      const cited_text = this.#cited.slice(citation)
      const location = { type: 'web_search_result_location', url, title, cited_text }
      this.#sink.cite({ ...location, encrypted_index: '' })
    }
  }

  #addReasoning(text: string): void {
    if (text === '' || this.#context.reasoning !== 'text') return
    if (this.#open !== 'thinking') {
      this.#closeOpen()
      this.#begin({ type: 'thinking', thinking: '', signature: '' })
      this.#open = 'thinking'
    }
    const thinking = this.#isNextPart ? `\n\n${text}` : text
    this.#isNextPart = false
    this.#sink.add('thinking', thinking)
  }

  /** A thinking block always has exactly one signature: an interrupted one cannot be handed back. */
  #endReasoning(reasoning: Reasoning | undefined): void {
    if (this.#open === 'thinking') {
      const whole = reasoning ?? interrupted
      const signature = sealReasoning(whole, this.#context.endpoint, true)
      this.#sink.add('signature', signature)
      this.#closeOpen()
    } else if (reasoning?.seal) this.#addSeal(reasoning)
  }

  /**
   * What the client only keeps, to hand it back. An answer does not end with a seal behind its text: `claude -p` prints the last
   * block alone. No model insists on that seal.
   * @see https://github.com/anthropics/claude-code/issues/40326
   */
  #addSeal(reasoning: Reasoning): void {
    if (this.#context.reasoning === 'none') return
    if (this.#isAfterText) this.#held.push(reasoning)
    else this.#sendSeal(reasoning)
  }

  #begin(block: AnthropicBlock): void {
    const held = this.#held
    this.#held = []
    this.#isAfterText = block.type === 'text'
    for (const reasoning of held) this.#sendSeal(reasoning)
    this.#sink.open(block)
  }

  #sendSeal(reasoning: Reasoning): void {
    const seal = sealReasoning(reasoning, this.#context.endpoint, false)
    if (this.#context.reasoning === 'text') {
      this.#sink.open({ type: 'redacted_thinking', data: seal })
    } else {
      this.#sink.open({ type: 'thinking', thinking: '', signature: '' })
      this.#sink.add('signature', seal)
    }
    this.#sink.close()
  }

  /** A client that declared no search does not know these blocks. */
  #addSearch({ id, query, sources, failed }: DeltaOf<'search'>): void {
    this.#closeOpen()
    if (!this.#context.searches) return
    this.searches += 1
    const tool_use_id = `srvtoolu_${idTail(id)}`
    this.#begin({ type: 'server_tool_use', id: tool_use_id, name: 'web_search', input: {} })
    this.#sink.add('partial_json', JSON.stringify({ query }))
    this.#sink.close()
    const content = failed ? searchFailed : sources.map(foundPage)
    this.#sink.open({ type: 'web_search_tool_result', tool_use_id, content })
    this.#sink.close()
  }

  #startCall({ index, id, name }: DeltaOf<'tool-start'>): { call: number; hasInput: boolean } {
    this.#closeOpen()
    this.#begin({ type: 'tool_use', id: wrappedCallId(id), name, input: {} })
    const open = { call: index, hasInput: false }
    this.#open = open
    return open
  }

  #addInput(open: { hasInput: boolean }, partial_json: string): void {
    if (partial_json === '') return
    open.hasInput = true
    this.#sink.add('partial_json', partial_json)
  }

  #endCall(open: { hasInput: boolean }): void {
    if (!open.hasInput) this.#addInput(open, '{}')
    this.#closeOpen()
  }

  #closeOpen(): void {
    if (this.#open === undefined) return
    if (this.#open === 'text') this.#cited.endBlock()
    this.#sink.close()
    this.#open = undefined
  }
}

const searchFailed = { type: 'web_search_tool_result_error', error_code: 'unavailable' }

/** OpenAI names no titles: the address is better than a link without a word. */
function foundPage({ url, title }: Source): object {
  const shown = title === '' ? url : title
  return { type: 'web_search_result', url, title: shown, encrypted_content: '', page_age: null }
}

const interrupted: Reasoning = { kind: 'raw', text: '' }

function isOfCall(delta: ContentDelta): delta is CallDelta {
  return delta.type === 'tool-start' || delta.type === 'tool-input' || delta.type === 'tool-stop'
}
