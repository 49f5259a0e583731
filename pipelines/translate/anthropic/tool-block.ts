/** A call of one of the client's tools. */
import type { Delta } from '../../delta.ts'
import type { JsonObject } from '../../wire/chat.ts'
import { writeJson } from '../../wire/exact-json.ts'
import type { AnswerSoFar } from '../answer-so-far.ts'
import { asName, asObject, asText } from '../wire-value.ts'
import type { Block } from './blocks.ts'

export class ToolBlock implements Block {
  readonly id: string
  readonly #name: string
  readonly #given: JsonObject
  readonly #index: number
  #hasInput = false

  constructor(block: JsonObject, soFar: AnswerSoFar) {
    this.#index = soFar.nextTool()
    this.id = asName(block.id) ?? `call_${this.#index}`
    this.#name = asText(block.name)
    this.#given = asObject(block.input)
  }

  begin(): Delta[] {
    const { id } = this
    return [{ type: 'tool-start', index: this.#index, kind: 'function', id, name: this.#name }]
  }

  delta(delta: JsonObject): Delta[] {
    return delta.type === 'input_json_delta' ? this.#input(asText(delta.partial_json)) : []
  }

  /**
   * The start event's input is `{}` where the arguments follow in pieces: sent before them it would spoil them, so it
   * counts only when none came. A call that was cut gets nothing that would make it look whole.
   */
  end(cut: boolean): Delta[] {
    const hasGiven = Object.keys(this.#given).length > 0
    const missing = !this.#hasInput && (hasGiven || !cut)
    const input = missing ? this.#input(writeJson(this.#given)) : []
    return [...input, { type: 'tool-stop', index: this.#index }]
  }

  #input(text: string): Delta[] {
    if (text === '') return []
    this.#hasInput = true
    return [{ type: 'tool-input', index: this.#index, text }]
  }
}
