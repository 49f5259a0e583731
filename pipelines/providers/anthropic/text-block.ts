/** A text block, with the citations that belong to the whole of it. */
import type { Delta } from '../../neutral/delta.ts'
import type { JsonObject } from '../../json/value.ts'
import { SentText, type AnswerSoFar } from '../../neutral/so-far.ts'
import { asObject, asObjects, asText } from '../../wire-value.ts'
import type { Block } from './blocks.ts'
import { citationOf } from './citation.ts'

export class TextBlock implements Block {
  readonly #soFar: AnswerSoFar
  readonly #given: JsonObject
  #citations: JsonObject[]
  readonly #start: number
  readonly #sent = new SentText()

  constructor(block: JsonObject, soFar: AnswerSoFar) {
    this.#soFar = soFar
    this.#given = block
    this.#citations = asObjects(block.citations)
    this.#start = soFar.content
  }

  begin(): Delta[] {
    return this.#say(asText(this.#given.text))
  }

  delta(delta: JsonObject): Delta[] {
    if (delta.type === 'text_delta') return this.#say(asText(delta.text))
    if (delta.type === 'citations_delta') this.#citations.push(asObject(delta.citation))
    return []
  }

  whole(block: JsonObject): Delta[] {
    if (this.#citations.length === 0) this.#citations = asObjects(block.citations)
    return this.#say(this.#sent.restOf(asText(block.text)))
  }

  end(): Delta[] {
    const annotations = this.#citations.flatMap(
      (citation) => citationOf(citation, this.#start, this.#soFar.content) ?? [],
    )
    return annotations.length > 0 ? [{ type: 'annotations', annotations }] : []
  }

  #say(text: string): Delta[] {
    if (text === '') return []
    this.#soFar.addContent(text)
    this.#sent.add(text)
    return [{ type: 'text', text }]
  }
}
