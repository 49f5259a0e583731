/** A call of one of the client's tools. */
import type { Delta } from '../../neutral/delta.ts'
import { objectFrom, type JsonObject } from '../../json/value.ts'
import { JsonEnd, type AnswerSoFar } from '../../neutral/so-far.ts'
import { asJsonText, asName, ProtocolError, unreadable } from '../../wire-value.ts'
import type { Block, BlockEnd } from './block.ts'

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
      throw new ProtocolError('The upstream called a tool without naming it.')
    }
    const given = this.#given || (cut ? '' : '{}')
    const input = this.#hasInput ? [] : this.#input(given)
    if (!cut && !stopped && !this.#json.isWhole) {
      throw new ProtocolError('The upstream ended its answer in the middle of a tool call.')
    }
    return [...input, { type: 'tool-stop', index: this.#index }]
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
