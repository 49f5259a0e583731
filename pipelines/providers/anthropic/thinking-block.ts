/**
 * Thinking: readable as it comes, and once more whole at its end, in the form in which a client can hand it back. The
 * signature is checked upstream, so text and signature are kept exactly as they came.
 */
import type { Delta } from '../../neutral/delta.ts'
import type { JsonObject } from '../../json/value.ts'
import type { ReasoningDetail } from '../../wire/chat.ts'
import type { AnswerSoFar, ReasoningPart } from '../../neutral/so-far.ts'
import { asText } from '../../wire-value.ts'
import type { Block } from './blocks.ts'

const format = 'anthropic-claude-v1'

/** Where thinking comes from: its block's index, and the model that alone takes it back. */
interface Origin {
  index: number
  model: string
}

export class ThinkingBlock implements Block {
  readonly #given: JsonObject
  readonly #origin: Origin
  readonly #soFar: AnswerSoFar
  readonly #at: { content: number; tools: number }
  readonly #part: ReasoningPart = { text: '' }
  #signature: string

  constructor(block: JsonObject, origin: Origin, soFar: AnswerSoFar) {
    this.#given = block
    this.#origin = origin
    this.#soFar = soFar
    this.#at = soFar.place()
    this.#signature = asText(block.signature, 'signature')
  }

  begin(): Delta[] {
    return this.#think(asText(this.#given.thinking, 'thinking'))
  }

  delta(delta: JsonObject): Delta[] {
    if (delta.type === 'thinking_delta') return this.#think(asText(delta.thinking, 'thinking'))
    if (delta.type === 'signature_delta') this.#signature += asText(delta.signature, 'signature')
    return []
  }

  whole(block: JsonObject): Delta[] {
    const thinking = asText(block.thinking, 'thinking')
    const { text } = this.#part
    this.#signature ||= asText(block.signature, 'signature')
    return thinking.startsWith(text) ? this.#think(thinking.slice(text.length)) : []
  }

  /** Thinking that was cut before its signature cannot be sent back: there is no entry for it. */
  end(): Delta[] {
    if (this.#signature === '') return []
    const { text } = this.#part
    const type = 'reasoning.text'
    return [
      detail({ type, text, signature: this.#signature, format, ...this.#origin, at: this.#at }),
    ]
  }

  #think(text: string): Delta[] {
    return this.#soFar.reasoning(this.#part, text)
  }
}

/** Thinking that nobody but the model may read. */
export class RedactedBlock implements Block {
  #data: string
  readonly #origin: Origin
  readonly #at: { content: number; tools: number }

  constructor(block: JsonObject, origin: Origin, soFar: AnswerSoFar) {
    this.#data = asText(block.data, 'data')
    this.#origin = origin
    this.#at = soFar.place()
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
    if (this.#data === '') return []
    const type = 'reasoning.encrypted'
    return [detail({ type, data: this.#data, format, ...this.#origin, at: this.#at })]
  }
}

function detail(of: ReasoningDetail): Delta {
  return { type: 'reasoning-detail', details: [of] }
}
