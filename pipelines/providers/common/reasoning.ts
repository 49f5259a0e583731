/**
 * Reasoning of a chat answer: in a field of its own, as entries of `reasoning_details`, as parts of the content, or as a tagged
 * beginning of the text. What comes together is one block, and its seal says in which field it goes back.
 */
import { isObject, type JsonObject } from '../../json/value.ts'
import type { Delta } from '../../neutral/delta.ts'
import { makers, type ReasoningField, type Seal } from '../../neutral/reasoning.ts'
import { ReasoningSoFar, SentText, type AnswerSoFar } from '../../neutral/so-far.ts'
import { asLabel, asText } from '../../untrusted.ts'

/** Names chat reasoning where the registry of reasoning formats has no name. */
export const maker = makers.common

/** Many servers send the same reasoning in two of them; the first that has text counts. */
const fields = ['reasoning_content', 'reasoning', 'reasoning_text'] as const

interface Block {
  block: ReasoningSoFar
  field: ReasoningField
  text: string
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

  get isOpen(): boolean {
    return this.#open !== undefined
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
  add(delta: JsonObject, isWhole: boolean): Delta[] {
    const isRepeated = isWhole && this.#blocks > 0
    const shown = this.#fieldText(delta, isWhole)
    const deltas = shown === undefined ? [] : this.#piece(shown.field, shown.text)
    const entries = isRepeated ? [] : entriesIn(delta.reasoning_details)
    return [...deltas, ...entries.flatMap((entry) => this.#entry(entry))]
  }

  /** Reasoning that stood in the content. */
  inline(text: string): Delta[] {
    return text === '' ? [] : this.#piece('inline', text)
  }

  /** Something else comes. */
  close(): Delta[] {
    const open = this.#open
    this.#open = undefined
    if (!open) return []
    return open.block.stop(open.text, sealOf(open))
  }

  #fieldText(delta: JsonObject, isWhole: boolean) {
    const names = this.#field ? [this.#field.name] : fields
    for (const name of names) {
      const text = asText(delta[name], name)
      if (text === '') continue
      this.#field ??= { name, sent: new SentText() }
      const { sent } = this.#field
      const rest = isWhole ? sent.restOf(text) : text
      sent.add(rest)
      return rest === '' ? undefined : { field: name, text: rest }
    }
    return undefined
  }

  #piece(field: ReasoningField, text: string): Delta[] {
    const { deltas, open } = this.#blockFor(field)
    open.text += text
    return [...deltas, ...open.block.piece(text, false)]
  }

  /** The text of an entry is shown only where no field of its own brings it. */
  #entry(entry: JsonObject): Delta[] {
    const text = this.#field ? '' : asLabel(entry.text) || asLabel(entry.summary)
    const { deltas, open } = this.#blockFor('reasoning_details')
    addEntry(open.entries, entry)
    if (text === '') return deltas
    open.text += text
    return [...deltas, ...open.block.piece(text, false)]
  }

  /** Reasoning in the text is a block of its own. */
  #blockFor(field: ReasoningField): { deltas: Delta[]; open: Block } {
    const before = this.#open
    if (before && (before.field === 'inline') === (field === 'inline')) {
      return { deltas: [], open: before }
    }
    const deltas = this.close()
    const origin = { index: this.#blocks, maker, model: this.#model }
    this.#blocks += 1
    const block = new ReasoningSoFar('raw', origin, this.#soFar)
    this.#open = { block, field, text: '', entries: [] }
    return { deltas, open: this.#open }
  }
}

function sealOf({ field, entries }: Block): Seal {
  return entries.length > 0 ? { field: 'reasoning_details', entries } : { field }
}

function entriesIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

const texts = ['text', 'summary', 'data'] as const

/** A stream brings an entry in pieces, which have its type and its index. */
function addEntry(entries: JsonObject[], entry: JsonObject): void {
  const last = entries.at(-1)
  const isPiece =
    last !== undefined &&
    last.type === entry.type &&
    last.index === entry.index &&
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

const tags = ['<think>', '<thinking>', '<thought>'] as const
/** White space in front of a tag that is waited for, characters. */
const maxSpace = 256

export interface TextPiece {
  kind: 'text' | 'reasoning'
  text: string
}

/**
 * Takes reasoning out of a text that begins with one of the tags; anywhere else tags are text, since models write about them.
 * Held back is at most what may be a tag.
 */
export class TaggedText {
  #state: 'start' | 'inside' | 'behind' | 'text' = 'start'
  #held = ''
  #end = ''

  push(text: string): TextPiece[] {
    if (this.#state === 'text') return text === '' ? [] : [{ kind: 'text', text }]
    const pieces: TextPiece[] = []
    let rest: string | undefined = this.#held + text
    this.#held = ''
    while (rest !== undefined) rest = this.#step(rest, pieces)
    return pieces
  }

  /** No tag is looked for any more: reasoning came elsewhere, or the text has ended. */
  flush(): TextPiece[] {
    const held = this.#held
    this.#held = ''
    const kind = this.#state === 'inside' ? 'reasoning' : 'text'
    if (this.#state === 'start' || this.#state === 'behind') this.#state = 'text'
    return held === '' ? [] : [{ kind, text: held }]
  }

  /** What is left for another state; undefined when all is done. */
  #step(text: string, pieces: TextPiece[]): string | undefined {
    switch (this.#state) {
      case 'start':
        return this.#look(text)
      case 'inside':
        return this.#think(text, pieces)
      case 'behind': {
        const said = text.replace(/^[\r\n]+/, '')
        if (said === '') return undefined
        this.#state = 'text'
        return said
      }
      case 'text':
        if (text !== '') pieces.push({ kind: 'text', text })
        return undefined
      default:
        return this.#state satisfies never
    }
  }

  #look(text: string): string | undefined {
    const begun = text.trimStart()
    const tag = tags.find((one) => begun.startsWith(one))
    if (tag) {
      this.#state = 'inside'
      this.#end = `</${tag.slice(1)}`
      return begun.slice(tag.length)
    }
    const mayBe =
      tags.some((one) => one.startsWith(begun)) && text.length - begun.length <= maxSpace
    if (!mayBe) {
      this.#state = 'text'
      return text
    }
    this.#held = text
    return undefined
  }

  #think(text: string, pieces: TextPiece[]): string | undefined {
    const at = text.indexOf(this.#end)
    const until = at === -1 ? text.length - partLength(text, this.#end) : at
    if (until > 0) pieces.push({ kind: 'reasoning', text: text.slice(0, until) })
    if (at === -1) {
      this.#held = text.slice(until)
      return undefined
    }
    this.#state = 'behind'
    return text.slice(at + this.#end.length)
  }
}

/** How much of the text's end may be the beginning of the tag. */
function partLength(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length
  }
  return 0
}
