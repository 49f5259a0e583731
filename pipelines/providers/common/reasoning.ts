/**
 * Reasoning of a chat answer: in a field of its own, as entries of `reasoning_details`, as parts of the content, or as a tagged
 * beginning of the text. What comes together is one block, and its seal says in which field it goes back.
 */
import { isObject, type JsonObject } from '../../json/value.ts'
import type { Delta } from '../../neutral/delta.ts'
import { GrowingText } from '../../neutral/growing-text.ts'
import { makers, type ReasoningField, type Seal } from '../../neutral/reasoning.ts'
import { ReasoningSoFar, SentText, type AnswerSoFar } from '../../neutral/so-far.ts'
import { asLabel, asName, asText } from '../../untrusted.ts'

/** Names chat reasoning where the registry of reasoning formats has no name. */
export const maker = makers.common

/** Many servers send the same reasoning in two of them; the first that has text counts. */
const fields = ['reasoning_content', 'reasoning', 'reasoning_text'] as const

interface Block {
  block: ReasoningSoFar
  field: ReasoningField
  readonly text: GrowingText
  entries: JsonObject[]
}

export class ReasoningSoFarOfChat {
  readonly #soFar: AnswerSoFar
  readonly #model: string
  /** the field that counts, with what came in it */
  #field: { name: (typeof fields)[number]; sent: SentText } | undefined
  #open: Block | undefined
  #blocks = 0

  constructor(soFar: AnswerSoFar, model: string) {
    this.#soFar = soFar
    this.#model = model
  }

  /** Whether any came in a field of its own. */
  get hasField(): boolean {
    return this.#field !== undefined
  }

  /** Whether none has come in any form. */
  get isEmpty(): boolean {
    return this.#blocks === 0
  }

  /** What came of the block that is open. */
  get openText(): string {
    return this.#open?.text.toString() ?? ''
  }

  /** Whether a delta may hold some. */
  isIn(delta: JsonObject): boolean {
    return (
      Boolean(delta.reasoning_content) ||
      Boolean(delta.reasoning) ||
      Boolean(delta.reasoning_text) ||
      Boolean(delta.reasoning_details)
    )
  }

  /** In: a delta, or a message, of which what came before is left out. */
  add(delta: JsonObject, isWhole: boolean, deltas: Delta[]): void {
    const isRepeated = isWhole && this.#blocks > 0
    this.#addField(delta, isWhole, deltas)
    if (isRepeated || !Array.isArray(delta.reasoning_details)) return
    for (const entry of delta.reasoning_details.filter(isObject)) this.#addEntry(entry, deltas)
  }

  /** Reasoning that stood in the content. */
  inline(text: string, deltas: Delta[]): void {
    if (text !== '') this.#say('inline', text, deltas)
  }

  /** Something else comes. */
  close(deltas: Delta[]): void {
    const open = this.#open
    this.#open = undefined
    if (open) deltas.push(...open.block.stop(open.text.toString(), sealOf(open)))
  }

  #addField(delta: JsonObject, isWhole: boolean, deltas: Delta[]): void {
    const name = this.#field?.name ?? fields.find((one) => asText(delta[one], one) !== '')
    if (name === undefined) return
    const text = asText(delta[name], name)
    this.#field ??= { name, sent: new SentText() }
    const { sent } = this.#field
    const rest = isWhole ? sent.restOf(text) : text
    if (rest === '') return
    sent.add(rest)
    this.#say(name, rest, deltas)
  }

  #say(field: ReasoningField, text: string, deltas: Delta[]): void {
    const open = this.#blockFor(field, deltas)
    open.text.add(text)
    deltas.push(...open.block.piece(text, false))
  }

  /** The text of an entry is shown only where no field of its own brings it. */
  #addEntry(entry: JsonObject, deltas: Delta[]): void {
    const text = this.#field ? '' : asLabel(entry.text) || asLabel(entry.summary)
    addEntry(this.#blockFor('reasoning_details', deltas).entries, entry)
    if (text !== '') this.#say('reasoning_details', text, deltas)
  }

  /** Reasoning in the text is a block of its own. */
  #blockFor(field: ReasoningField, deltas: Delta[]): Block {
    const before = this.#open
    if (before && (before.field === 'inline') === (field === 'inline')) return before
    this.close(deltas)
    const origin = { index: this.#blocks, maker, model: this.#model }
    this.#blocks += 1
    const block = new ReasoningSoFar('raw', origin, this.#soFar)
    this.#open = { block, field, text: new GrowingText(), entries: [] }
    return this.#open
  }
}

function sealOf({ field, entries }: Block): Seal {
  return entries.length > 0 ? { field: 'reasoning_details', entries } : { field }
}

const texts = ['text', 'summary', 'data'] as const

/**
 * A stream brings an entry in pieces, which have its type and its index. An object in their place says nothing: that of the event
 * before may be the same one.
 */
function addEntry(entries: JsonObject[], entry: JsonObject): void {
  const last = entries.at(-1)
  const isPiece =
    last !== undefined &&
    asName(last.type) === asName(entry.type) &&
    asName(last.index) === asName(entry.index) &&
    (typeof last.id !== 'string' || typeof entry.id !== 'string' || last.id === entry.id) &&
    !(typeof last.signature === 'string' && last.signature !== '')
  if (!isPiece) {
    entries.push({ ...entry })
    return
  }
  for (const [name, value] of Object.entries(entry)) {
    const isText = texts.some((one) => one === name) && typeof value === 'string'
    if (isText) last[name] = asLabel(last[name]) + value
    else if (value !== null && value !== undefined) last[name] = value
  }
}
