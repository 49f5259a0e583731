/**
 * A call of one of the client's tools: a function with arguments, or a custom tool with free input.
 * It is told once its id and name are known, and ended once its arguments are whole. What is missing then waits for the
 * last event, which shows every item whole: some upstreams have the arguments nowhere else.
 */
import type { Delta } from '../../neutral/delta.ts'
import type { JsonObject } from '../../json/value.ts'
import { JsonEnd, SentText, isWholeJson, type AnswerSoFar } from '../../neutral/so-far.ts'
import { asJsonText, asName, asText, ProtocolError } from '../../wire-value.ts'

export class CallItem {
  /** whether an event said that this call is over */
  done = false
  callId: string | undefined
  name: string | undefined
  readonly #soFar: AnswerSoFar
  #itemId: string | undefined
  #kind: 'function' | 'custom' = 'function'
  #index: number | undefined
  readonly #sent = new SentText()
  readonly #json = new JsonEnd()
  /** pieces that came before the name */
  #held = ''
  /** whole arguments of the announcement: a placeholder if any follow */
  #announced = ''
  #stopped = false
  /** what the upstream said of it last */
  #state: 'open' | 'whole' | 'incomplete' = 'open'

  constructor(soFar: AnswerSoFar) {
    this.#soFar = soFar
  }

  /** In: the item as it is announced. The id and name told here stay, even if a later event shows others. */
  added(item: JsonObject): Delta[] {
    this.#meet(item)
    const input = this.#inputOf(item)
    if (this.#kind === 'custom' || !isWholeJson(input)) {
      return [...this.#add(this.#sent.restOf(input)), ...this.#start()]
    }
    this.#announced = input
    return this.#start()
  }

  piece(value: unknown): Delta[] {
    return this.#add(this.#kind === 'custom' ? asText(value, 'input') : this.#json.textOf(value))
  }

  /** In: an event with the whole arguments or input, and perhaps more. */
  whole(event: JsonObject, value: unknown): Delta[] {
    this.#state = 'whole'
    this.#meet({ name: event.name, call_id: event.call_id })
    return [...this.#add(this.#sent.restOf(this.#inputFrom(value))), ...this.#start()]
  }

  /** In: the item as its `done` event shows it. */
  finish(item: JsonObject): Delta[] {
    this.done = true
    return this.#stopped ? [] : this.complete(item, false)
  }

  /** In: the item as the last event shows it. In an answer that was cut a call is whole only if it says so. */
  complete(item: JsonObject, cut: boolean): Delta[] {
    this.#meet(item)
    if (item.status === 'completed' || !cut) {
      this.#state = item.status === 'incomplete' ? 'incomplete' : 'whole'
    }
    if (this.#stopped && this.#kind === 'function') return []
    const rest = [...this.#add(this.#sent.restOf(this.#inputOf(item))), ...this.#start()]
    const isOver = this.#sent.length > 0 && (this.#kind === 'custom' || this.#json.isWhole)
    return isOver ? [...rest, ...this.#stop()] : rest
  }

  /** The answer has ended. `cut`: before the model did, so nothing must make this call look whole. */
  close(cut: boolean): Delta[] {
    if (this.#stopped) return []
    if (this.name === undefined) {
      if (cut) return []
      throw new ProtocolError('The upstream called a tool without naming it.')
    }
    const rest = this.#add(this.#sent.length > 0 ? '' : this.#unsaid(cut))
    if (!cut && this.#state === 'open' && this.#kind === 'function' && !this.#json.isWhole) {
      throw new ProtocolError('The upstream ended its answer in the middle of a tool call.')
    }
    this.callId ??= this.#itemId ?? this.#soFar.callId(this.#soFar.tools)
    return [...rest, ...this.#start(), ...this.#stop()]
  }

  /** The arguments of a call that had none in any event but its first. */
  #unsaid(cut: boolean): string {
    if (this.#kind === 'custom' || this.#announced !== '') return this.#announced
    const isWhole = this.#state === 'whole' || (this.#state === 'open' && !cut)
    return isWhole ? '{}' : ''
  }

  /** What is known stays. */
  #meet(item: JsonObject): void {
    this.callId ??= asName(item.call_id)
    this.name ??= asName(item.name)
    this.#itemId ??= asName(item.id)
    if (item.type === 'custom_tool_call') this.#kind = 'custom'
  }

  #start(): Delta[] {
    const [id, name, held] = [this.callId, this.name, this.#held]
    if (this.#index !== undefined || id === undefined || name === undefined) return []
    this.#index = this.#soFar.nextTool()
    this.#held = ''
    const start: Delta = { type: 'tool-start', index: this.#index, kind: this.#kind, id, name }
    return held === '' ? [start] : [start, { type: 'tool-input', index: this.#index, text: held }]
  }

  #add(text: string): Delta[] {
    if (text === '') return []
    this.#sent.add(text)
    this.#json.add(text)
    if (this.#index !== undefined) return [{ type: 'tool-input', index: this.#index, text }]
    this.#held += text
    return []
  }

  #stop(): Delta[] {
    if (this.#stopped || this.#index === undefined) return []
    this.#stopped = true
    return [{ type: 'tool-stop', index: this.#index }]
  }

  #inputOf(item: JsonObject): string {
    return this.#inputFrom(this.#kind === 'custom' ? item.input : item.arguments)
  }

  #inputFrom(value: unknown): string {
    return this.#kind === 'custom' ? asText(value, 'input') : asJsonText(value)
  }
}
