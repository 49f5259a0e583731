/** A call of one of the client's tools: a function with arguments, or a custom tool with free input. */
import type { Delta } from '../../delta.ts'
import type { JsonObject } from '../../wire/chat.ts'
import type { AnswerSoFar } from '../answer-so-far.ts'
import { asName, asText } from '../wire-value.ts'
import { restOf } from './rest.ts'

export class CallItem {
  done = false
  readonly #soFar: AnswerSoFar
  #kind: 'function' | 'custom' = 'function'
  #index: number | undefined
  #sent = ''

  constructor(soFar: AnswerSoFar) {
    this.#soFar = soFar
  }

  /** The id and name told here stay, even if the `done` event shows others. */
  added(item: JsonObject): Delta[] {
    const [id, name] = [asName(item.call_id), asName(item.name)]
    if (id === undefined || name === undefined) return []
    return [...this.#start(item, id, name), ...this.#add(restOf(inputOf(item), this.#sent))]
  }

  piece(value: unknown): Delta[] {
    return this.#add(asText(value))
  }

  /** In: the whole arguments or input. */
  whole(value: unknown): Delta[] {
    return [...this.#add(restOf(asText(value), this.#sent)), ...this.#empty()]
  }

  /** In: the item as its `done` event shows it. */
  finish(item: JsonObject): Delta[] {
    if (this.done) return []
    const id = asName(item.call_id) ?? asName(item.id) ?? `call_${this.#soFar.tools}`
    const start = this.#start(item, id, asText(item.name))
    const rest = this.#add(restOf(inputOf(item), this.#sent))
    return [...start, ...rest, ...this.close(item.status === 'incomplete')]
  }

  /** `cut`: the answer ended before the call did, so nothing must make it look whole. */
  close(cut: boolean): Delta[] {
    if (this.done || this.#index === undefined) return []
    this.done = true
    const empty = cut ? [] : this.#empty()
    return [...empty, { type: 'tool-stop', index: this.#index }]
  }

  #start(item: JsonObject, id: string, name: string): Delta[] {
    if (this.#index !== undefined) return []
    this.#kind = item.type === 'custom_tool_call' ? 'custom' : 'function'
    this.#index = this.#soFar.nextTool()
    return [{ type: 'tool-start', index: this.#index, kind: this.#kind, id, name }]
  }

  /** A piece of a call whose name is not known yet waits for the `done` event, which has the whole. */
  #add(text: string): Delta[] {
    if (text === '' || this.#index === undefined) return []
    this.#sent += text
    return [{ type: 'tool-input', index: this.#index, text }]
  }

  #empty(): Delta[] {
    return this.#kind === 'function' && this.#sent === '' ? this.#add('{}') : []
  }
}

function inputOf(item: JsonObject): string {
  return asText(item.type === 'custom_tool_call' ? item.input : item.arguments)
}
