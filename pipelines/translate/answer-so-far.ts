/** What an answer holds up to now, as far as later deltas are told by it: positions, indexes, separators. */
import type { Delta } from '../delta.ts'
import { SentText } from './sent-text.ts'

const surrogate = /[\ud800-\udfff]/

/** Readable reasoning that belongs together: one thinking block, one summary part. */
export interface ReasoningPart {
  text: string
}

export class AnswerSoFar {
  /** code points of content */
  content = 0
  /** the content itself, where a last event shows it once more */
  readonly sent = new SentText()
  /** tool calls that have begun */
  tools = 0
  /** the upstream's id of the answer, or another that no other answer has */
  id: string | undefined
  #endsInHighSurrogate = false
  #hasReasoning = false

  /** Counts a piece of content. A pair of surrogates that is cut by two pieces is one code point all the same. */
  addContent(text: string): void {
    if (!this.#endsInHighSurrogate && !surrogate.test(text)) {
      this.content += text.length
      return
    }
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      const completesPair = this.#endsInHighSurrogate && unit >= 0xdc00 && unit <= 0xdfff
      if (!completesPair) this.content += 1
      this.#endsInHighSurrogate = unit >= 0xd800 && unit <= 0xdbff
    }
  }

  /** The index of a tool call that begins now. */
  nextTool(): number {
    const index = this.tools
    this.tools += 1
    return index
  }

  /** The id of a call that the upstream gave none: unlike those of other answers, which the client sends back beside it. */
  callId(index: number): string {
    const answer = this.id?.replace(/[^\w-]/g, '')
    return answer ? `call_${answer}_${index}` : `call_${index}`
  }

  /** Where in the message something stands that comes now. */
  place(): { content: number; tools: number } {
    return { content: this.content, tools: this.tools }
  }

  /** A piece of readable reasoning, with a blank line in front where another part came before. */
  reasoning(part: ReasoningPart, piece: string): Delta[] {
    if (piece === '') return []
    const gap = part.text === '' && this.#hasReasoning ? '\n\n' : ''
    part.text += piece
    this.#hasReasoning = true
    return [{ type: 'reasoning', text: gap + piece }]
  }
}
