/** One part of a message: text with log probabilities and URL citations, or a refusal. */
import type { Delta } from '../../neutral/delta.ts'
import type { JsonObject } from '../../json/value.ts'
import type { UrlCitation } from '../../wire/chat.ts'
import { SentText, type AnswerSoFar } from '../../neutral/so-far.ts'
import { asLabel, asNumber, asObject, asObjects, asText } from '../../wire-value.ts'

export class TextPart {
  readonly #soFar: AnswerSoFar
  /** the code points of content before this part */
  #offset: number | undefined
  readonly #sent = new SentText()
  #sentLogprobs = 0
  readonly #cited = new Set<number>()

  constructor(soFar: AnswerSoFar) {
    this.#soFar = soFar
  }

  /** In: an `output_text.delta` event. */
  piece({ delta, logprobs }: JsonObject): Delta[] {
    return this.#say(asText(delta), Array.isArray(logprobs) ? logprobs : [])
  }

  /** In: the whole part, or an `output_text.done` event, which is worded like one. */
  whole(part: JsonObject): Delta[] {
    return this.complete(part, this.restOf(part))
  }

  /** What of a whole part was not told here. */
  restOf({ text }: JsonObject): string {
    return this.#sent.restOf(asText(text))
  }

  /** `rest`: what is to be told of the whole part. */
  complete({ logprobs, annotations }: JsonObject, rest: string): Delta[] {
    const newLogprobs = Array.isArray(logprobs) ? logprobs.slice(this.#sentLogprobs) : []
    return [...this.#say(rest, newLogprobs), ...this.#cite(asObjects(annotations).entries())]
  }

  /** In: an `output_text.annotation.added` event. */
  cite({ annotation, annotation_index: index }: JsonObject): Delta[] {
    return this.#cite([[asNumber(index) ?? this.#cited.size, asObject(annotation)]])
  }

  #say(text: string, logprobs: unknown[]): Delta[] {
    if (text === '') return []
    this.#offset ??= this.#soFar.content
    this.#soFar.addContent(text)
    this.#soFar.sent.add(text)
    this.#sent.add(text)
    this.#sentLogprobs += logprobs.length
    return [{ type: 'text', text, ...(logprobs.length > 0 && { logprobs }) }]
  }

  #cite(annotations: Iterable<[number, JsonObject]>): Delta[] {
    const offset = this.#offset ?? this.#soFar.content
    const added: UrlCitation[] = []
    for (const [index, annotation] of annotations) {
      if (this.#cited.has(index)) continue
      this.#cited.add(index)
      if (annotation.type === 'url_citation') added.push(citationOf(annotation, offset))
    }
    return added.length > 0 ? [{ type: 'annotations', annotations: added }] : []
  }
}

function citationOf(annotation: JsonObject, offset: number): UrlCitation {
  const { start_index: start, end_index: end, title, url } = annotation
  return {
    type: 'url_citation',
    url_citation: {
      start_index: offset + (asNumber(start) ?? 0),
      end_index: offset + (asNumber(end) ?? 0),
      title: asLabel(title),
      url: asLabel(url),
    },
  }
}

export class RefusalPart {
  readonly #sent = new SentText()

  piece(value: unknown): Delta[] {
    const text = asText(value, 'refusal')
    if (text === '') return []
    this.#sent.add(text)
    return [{ type: 'refusal', text }]
  }

  whole(value: unknown): Delta[] {
    return this.piece(this.#sent.restOf(asText(value, 'refusal')))
  }
}
