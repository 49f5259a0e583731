/** The parts of one answer, in the order in which they come: text, thoughts, signatures and calls. */
import type { JsonObject } from '../../json/value.ts'
import type { Delta } from '../../neutral/delta.ts'
import { GrowingText } from '../../neutral/growing-text.ts'
import {
  ReasoningSoFar,
  TextBlockSoFar,
  type AnswerSoFar,
  type ReasoningOrigin,
} from '../../neutral/so-far.ts'
import {
  asName,
  asObject,
  asText,
  endedInCall,
  partOf,
  ProtocolError,
  unnamedCall,
} from '../../untrusted.ts'
import { Call } from './answer-call.ts'
import { TextOffsets } from './grounding.ts'
import { maker } from './thinking.ts'

export class AnswerParts {
  readonly offsets: TextOffsets
  readonly #answer: AnswerSoFar
  readonly #model: string
  readonly #text: TextBlockSoFar
  /** of the calls so far */
  readonly #ids = new Set<string>()
  #blocks = 0
  #images = 0
  #thought: { block: ReasoningSoFar; text: GrowingText } | undefined
  /** whose arguments are still to come */
  #call: Call | undefined
  /** whole as it stands, without arguments: some servers send these in a part of their own behind it */
  #bare: Call | undefined

  constructor(answer: AnswerSoFar, upstreamModel: string) {
    this.#answer = answer
    this.#model = upstreamModel
    this.#text = new TextBlockSoFar(answer)
    this.offsets = new TextOffsets(answer)
  }

  /** Whether there is anything that a client would get as the answer. */
  get hasContent(): boolean {
    return this.#answer.content > 0 || this.#answer.tools > 0 || this.#images > 0
  }

  /** One event's parts; `logprobs`: of the tokens of its text. */
  add(parts: readonly JsonObject[], logprobs: unknown[] | undefined, deltas: Delta[]): void {
    let rest = logprobs
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index]!
      if (part.functionCall !== undefined) {
        deltas.push(...this.#callPart(part))
        continue
      }
      const text = asText(part.text)
      if (text !== '' || part.thoughtSignature !== undefined || part.inlineData !== undefined) {
        deltas.push(...this.#endBare())
      }
      const isThought = part.thought === true
      this.offsets.begin(index, isThought)
      if (text !== '') {
        deltas.push(...(isThought ? this.#think(text) : this.#say(text, rest)))
        if (!isThought) rest = undefined
      }
      if (part.inlineData !== undefined && !isThought) deltas.push(...this.#show(part.inlineData))
      if (part.thoughtSignature !== undefined) deltas.push(...this.#sign(part))
    }
  }

  /** `cut`: the answer ended before the model did. Throws ProtocolError where a call is open all the same. */
  end(cut: boolean): Delta[] {
    const deltas = [...this.#endBare(), ...this.#endThought()]
    const call = this.#call
    this.#call = undefined
    if (!call) return deltas
    if (!cut) throw endedInCall()
    return [...deltas, ...this.#emitCall(call, true)]
  }

  #say(text: string, logprobs: unknown[] | undefined): Delta[] {
    const ended = this.#thought ? this.#endThought() : []
    const piece = this.#text.piece(text, logprobs)
    this.offsets.add(text)
    return ended.length > 0 ? [...ended, ...piece] : piece
  }

  /** A picture; for sound nobody has a place. */
  #show(value: unknown): Delta[] {
    const { mimeType, data } = asObject(value)
    const mediaType = asName(mimeType) ?? ''
    if (!mediaType.startsWith('image/') || typeof data !== 'string' || data === '') return []
    this.#images += 1
    return [...this.#endThought(), { type: 'image', mediaType, base64: data }]
  }

  /** Nobody takes thoughts back, so their text ends without a seal. */
  #think(text: string): Delta[] {
    this.#thought ??= {
      block: new ReasoningSoFar('thinking', this.#origin(), this.#answer),
      text: new GrowingText(),
    }
    this.#thought.text.add(text)
    return this.#thought.block.piece(text, false)
  }

  #endThought(): Delta[] {
    const thought = this.#thought
    this.#thought = undefined
    return thought?.block.stop(thought.text.toString()) ?? []
  }

  /** A signature of what is no call belongs to the text in front of it. */
  #sign(part: JsonObject): Delta[] {
    const data = asName(part.thoughtSignature)
    if (data === undefined) return []
    const block = new ReasoningSoFar('thinking', this.#origin(), this.#answer)
    return [...this.#endThought(), ...block.stop('', { data, on: 'text' })]
  }

  #origin(): ReasoningOrigin {
    const index = this.#blocks
    this.#blocks += 1
    return { index, maker, model: this.#model }
  }

  /** A part without a name goes on with the call before it. */
  #callPart(part: JsonObject): Delta[] {
    const called = partOf(part.functionCall, 'functionCall')
    const isNew = asName(called.name) !== undefined
    if (isNew && this.#call) {
      throw new ProtocolError('The upstream began a tool call inside another.')
    }
    const ended = isNew ? this.#endBare() : []
    const before = this.#call ?? this.#bare
    if (!isNew && !before) throw unnamedCall()
    const call = before ?? new Call()
    call.add(called, part.thoughtSignature)
    const isOpen = called.willContinue === true
    this.#call = isOpen ? call : undefined
    this.#bare = !isOpen && call.isBare ? call : undefined
    return isOpen || this.#bare ? ended : [...ended, ...this.#emitCall(call, false)]
  }

  /** Something else comes, so that nothing follows. */
  #endBare(): Delta[] {
    const bare = this.#bare
    this.#bare = undefined
    return bare ? this.#emitCall(bare, false) : []
  }

  #emitCall(call: Call, cut: boolean): Delta[] {
    const before = [...this.#endThought(), ...this.#answer.closeBlock()]
    const at = this.#answer.place()
    const index = this.#answer.nextTool()
    const isOwnId = call.id === undefined || this.#ids.has(call.id)
    const id = isOwnId ? this.#answer.callId(index) : call.id!
    this.#ids.add(id)
    const { signature } = call
    const seal = { data: signature ?? '', on: 'call' as const, ...(!isOwnId && { id }) }
    const reasoning = { kind: 'thinking' as const, text: '', ...this.#origin(), at, seal }
    return [
      ...before,
      {
        type: 'tool-start',
        index,
        kind: 'function',
        id,
        name: call.name,
        ...(signature !== undefined && { reasoning }),
      },
      { type: 'tool-input', index, text: call.input(cut) },
      { type: 'tool-stop', index },
    ]
  }
}
