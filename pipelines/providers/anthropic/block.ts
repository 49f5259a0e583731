/**
 * The content blocks of a message that are the model's words: text with its citations, thinking, redacted thinking, a call.
 * Each is a small machine of its own, fed by the events of its index.
 */
import { objectFrom, type JsonObject } from '../../json/value.ts'
import type { Citation, Delta } from '../../neutral/delta.ts'
import { GrowingText } from '../../neutral/growing-text.ts'
import { makers } from '../../neutral/reasoning.ts'
import { JsonEnd, ReasoningSoFar, TextBlockSoFar, type AnswerSoFar } from '../../neutral/so-far.ts'
import {
  asJsonText,
  asLabel,
  asName,
  asObject,
  asObjects,
  asText,
  endedInCall,
  unreadable,
  unnamedCall,
} from '../../untrusted.ts'

export interface Block {
  /** what the start event already held */
  begin(): Delta[]
  delta(delta: JsonObject): Delta[]
  /** the same block as a later event shows it: what was not emitted of it yet */
  whole(block: JsonObject): Delta[]
  end(how: BlockEnd): Delta[]
}

/** `cut`: the answer ended before the model did. `stopped`: the block's own stop event came. */
export interface BlockEnd {
  cut: boolean
  stopped: boolean
}

export class TextBlock implements Block {
  readonly #answer: AnswerSoFar
  readonly #given: JsonObject
  readonly #text: TextBlockSoFar
  #citations: JsonObject[]
  readonly #start: number

  constructor(block: JsonObject, answer: AnswerSoFar) {
    this.#answer = answer
    this.#given = block
    this.#text = new TextBlockSoFar(answer)
    this.#citations = asObjects(block.citations)
    this.#start = answer.content
  }

  begin(): Delta[] {
    return this.#emit(asText(this.#given.text))
  }

  delta(delta: JsonObject): Delta[] {
    if (delta.type === 'text_delta') return this.#emit(asText(delta.text))
    if (delta.type === 'citations_delta') this.#citations.push(asObject(delta.citation))
    return []
  }

  whole(block: JsonObject): Delta[] {
    if (this.#citations.length === 0) this.#citations = asObjects(block.citations)
    return this.#emit(this.#text.sent.restOf(asText(block.text)))
  }

  /** Citations belong to the whole of the block. */
  end(): Delta[] {
    this.#answer.endBlock(this.#text)
    const citations = this.#citations.flatMap((citation) => this.#citationOf(citation) ?? [])
    return citations.length > 0 ? [{ type: 'annotations', citations }] : []
  }

  #emit(text: string): Delta[] {
    return text === '' ? [] : this.#text.piece(text)
  }

  /** Places in the client's own documents have no URL and are left out. */
  #citationOf(citation: JsonObject): Citation | undefined {
    const url = urlOf(citation)
    if (url === '') return undefined
    const { content: end } = this.#answer
    return { url, title: asLabel(citation.title), start: this.#start, end }
  }
}

function urlOf(citation: JsonObject): string {
  switch (citation.type) {
    case 'web_search_result_location':
      return asLabel(citation.url)
    case 'search_result_location': {
      const source = asLabel(citation.source)
      return /^https?:\/\//i.test(source) ? source : ''
    }
    default:
      return ''
  }
}

const maker = makers.anthropic

/** Where a block stands in its message, and the model that alone takes it back. */
export interface BlockOrigin {
  index: number
  model: string
}

/** Thinking. The signature is checked upstream, so text and signature are kept exactly as they came. */
export class ThinkingBlock implements Block {
  readonly #given: JsonObject
  readonly #reasoning: ReasoningSoFar
  readonly #text = new GrowingText()
  #signature: string

  constructor(block: JsonObject, origin: BlockOrigin, answer: AnswerSoFar) {
    this.#given = block
    this.#reasoning = new ReasoningSoFar('thinking', { ...origin, maker }, answer)
    this.#signature = asText(block.signature, 'signature')
  }

  begin(): Delta[] {
    return this.#emit(asText(this.#given.thinking, 'thinking'))
  }

  delta(delta: JsonObject): Delta[] {
    if (delta.type === 'thinking_delta') return this.#emit(asText(delta.thinking, 'thinking'))
    if (delta.type === 'signature_delta') this.#signature += asText(delta.signature, 'signature')
    return []
  }

  whole(block: JsonObject): Delta[] {
    const thinking = asText(block.thinking, 'thinking')
    this.#signature ||= asText(block.signature, 'signature')
    const sent = this.#text.toString()
    return thinking.startsWith(sent) ? this.#emit(thinking.slice(sent.length)) : []
  }

  /** Thinking that was cut before its signature has no seal, and cannot be handed back. */
  end(): Delta[] {
    const signature = this.#signature
    return this.#reasoning.stop(this.#text.toString(), signature === '' ? undefined : { signature })
  }

  #emit(text: string): Delta[] {
    if (text === '') return []
    this.#text.add(text)
    return this.#reasoning.piece(text, false)
  }
}

/** Thinking that nobody but the model may read. */
export class RedactedBlock implements Block {
  readonly #reasoning: ReasoningSoFar
  #data: string

  constructor(block: JsonObject, origin: BlockOrigin, answer: AnswerSoFar) {
    this.#reasoning = new ReasoningSoFar('thinking', { ...origin, maker }, answer)
    this.#data = asText(block.data, 'data')
  }

  begin(): Delta[] {
    return []
  }

  delta(): Delta[] {
    return []
  }

  whole(block: JsonObject): Delta[] {
    this.#data ||= asText(block.data, 'data')
    return []
  }

  end(): Delta[] {
    return this.#data === '' ? [] : this.#reasoning.stop('', { data: this.#data })
  }
}

/** A call of one of the client's tools. */
export class ToolBlock implements Block {
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
      throw unnamedCall()
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
