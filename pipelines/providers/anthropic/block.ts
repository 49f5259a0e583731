/**
 * The content blocks of a message that have text: text with its citations, thinking, redacted thinking. Each is a small
 * machine of its own, fed by the events of its index.
 */
import type { JsonObject } from '../../json/value.ts'
import type { Citation, Delta } from '../../neutral/delta.ts'
import { ReasoningSoFar, TextBlockSoFar, type AnswerSoFar } from '../../neutral/so-far.ts'
import { asLabel, asObject, asObjects, asText } from '../../untrusted.ts'

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

const maker = 'anthropic-claude-v1'

/** Where a block stands in its message, and the model that alone takes it back. */
export interface BlockOrigin {
  index: number
  model: string
}

/** Thinking. The signature is checked upstream, so text and signature are kept exactly as they came. */
export class ThinkingBlock implements Block {
  readonly #given: JsonObject
  readonly #reasoning: ReasoningSoFar
  #text = ''
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
    return thinking.startsWith(this.#text) ? this.#emit(thinking.slice(this.#text.length)) : []
  }

  /** Thinking that was cut before its signature has no seal, and cannot be handed back. */
  end(): Delta[] {
    const signature = this.#signature
    return this.#reasoning.stop(this.#text, signature === '' ? undefined : { signature })
  }

  #emit(text: string): Delta[] {
    if (text === '') return []
    this.#text += text
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
