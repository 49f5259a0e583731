/**
 * A call of one of the client's tools: a function with arguments, or a custom tool with free input.
 * It starts once its id and name are known, and stops once its arguments are whole. What is missing then waits for the last
 * event, which shows every item whole: some upstreams have the arguments nowhere else.
 */
import type { Delta } from '../../neutral/delta.ts'
import type { JsonObject } from '../../json/value.ts'
import { JsonEnd, SentText, isWholeJson, type AnswerSoFar } from '../../neutral/so-far.ts'
import { asJsonText, asName, asText, endedInCall, unnamedCall } from '../../untrusted.ts'

export class CallItem {
  /** whether the item's `done` event came */
  done = false
  callId: string | undefined
  name: string | undefined
  readonly #answer: AnswerSoFar
  #itemId: string | undefined
  #namespace: string | undefined
  #kind: 'function' | 'custom' = 'function'
  #index: number | undefined
  readonly #sent = new SentText()
  readonly #json = new JsonEnd()
  /** pieces that came before the name */
  #held = ''
  /** whole arguments of the announcement: a placeholder if any follow */
  #announced = ''
  #stopped = false
  /** by the event that came last */
  #state: 'open' | 'whole' | 'incomplete' = 'open'

  constructor(answer: AnswerSoFar) {
    this.#answer = answer
  }

  /** In: the item as it is announced. The id and name of the first event stay, even if a later event shows others. */
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

  /** In: the item as the last event shows it. In an answer that was cut a call is whole only if its status is. */
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
      throw unnamedCall()
    }
    const rest = this.#add(this.#sent.length > 0 ? '' : this.#missing(cut))
    const json = this.#json
    const isInMiddle = this.#state === 'open' ? !json.isWhole : json.isCut
    if (!cut && this.#kind === 'function' && isInMiddle) throw endedInCall()
    this.callId ??= this.#itemId ?? this.#answer.callId(this.#answer.tools)
    return [...rest, ...this.#start(), ...this.#stop()]
  }

  /** The arguments of a call that had none in any event but its first. */
  #missing(cut: boolean): string {
    if (this.#kind === 'custom' || this.#announced !== '') return this.#announced
    const isWhole = this.#state === 'whole' || (this.#state === 'open' && !cut)
    return isWhole ? '{}' : ''
  }

  /** What is known stays. */
  #meet(item: JsonObject): void {
    this.callId ??= asName(item.call_id)
    this.name ??= asName(item.name)
    this.#itemId ??= asName(item.id)
    this.#namespace ??= asName(item.namespace)
    if (item.type === 'custom_tool_call') this.#kind = 'custom'
  }

  #start(): Delta[] {
    const [id, name, held] = [this.callId, this.name, this.#held]
    if (this.#index !== undefined || id === undefined || name === undefined) return []
    this.#index = this.#answer.nextTool()
    this.#held = ''
    const [index, kind, namespace] = [this.#index, this.#kind, this.#namespace]
    const deltas: Delta[] = [
      ...this.#answer.closeBlock(),
      { type: 'tool-start', index, kind, id, name, ...(namespace !== undefined && { namespace }) },
    ]
    if (held !== '') deltas.push({ type: 'tool-input', index, text: held })
    return deltas
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
