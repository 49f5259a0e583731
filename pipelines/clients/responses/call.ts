/** The items of a Responses answer in which tools are called. */
import { objectFrom } from '../../json/value.ts'
import type { DeltaOf } from '../../neutral/delta.ts'
import type { ResponsesItem } from '../../wire/responses.ts'
import { builtInItem } from './built-in-tools.ts'
import type { EmitPiece, Events } from './events.ts'
import { GrowingText } from '../../neutral/growing-text.ts'
import type { ItemPlace } from './message.ts'

/** `isPlain`: the client, which let its provider encrypt arguments, has to be told that none are. */
type Start = DeltaOf<'tool-start'> & { isPlain: boolean }

/** Gives an item its place in the output, behind all that have one. */
export type Placed = (prefix: string) => ItemPlace

/** One call, of a function or of a tool that takes text, whose item opens at once, or of one of the API's own tools. */
export class CallItem {
  /** its last piece has come, as far as is known */
  hasEnded = false
  readonly #start: Start
  readonly #input = new GrowingText()
  readonly #events: Events | undefined
  readonly #placed: Placed
  #open: { place: ItemPlace; emit: EmitPiece | undefined } | undefined

  constructor(start: Start, placed: Placed, events: Events | undefined) {
    this.#start = start
    this.#placed = placed
    this.#events = events
    if (start.builtIn === undefined) this.#openItem()
  }

  add(text: string): void {
    if (text === '') return
    this.#input.add(text)
    this.#open?.emit?.(text)
  }

  /**
   * Whether an answer that was cut may have been cut in this call. Of text nobody can know; a cut object does not parse.
   * `isLast`: no other call had a later piece.
   */
  isCut(isLast: boolean): boolean {
    if (this.#start.kind === 'custom') return isLast
    const written = this.#input.toString()
    return objectFrom(written) === undefined && (written !== '' || !this.hasEnded)
  }

  /** The place in the output and the whole item. */
  finish(): { place: ItemPlace; item: ResponsesItem } {
    const { builtIn, id, kind } = this.#start
    const own = builtIn === undefined ? undefined : builtInItem(builtIn, id, this.#input.toString())
    if (own) return this.#finishOwn(own)
    const { place } = this.#openItem()
    if (kind === 'function' && this.#input.toString() === '') this.add('{}')
    const { name } = this.#start
    const input = this.#input.toString()
    if (kind === 'custom') {
      this.#events?.emit('response.custom_tool_call_input.done', { ...place, input })
    } else {
      const members = { ...place, name, arguments: input }
      this.#events?.emit('response.function_call_arguments.done', members)
    }
    const item = this.#item(place, input, 'completed')
    const { output_index } = place
    this.#events?.emit('response.output_item.done', { output_index, item })
    return { place, item }
  }

  /** The same of a call that was cut: no event has it, since clients would run it. */
  cutOff(): { place: ItemPlace; item: ResponsesItem } {
    const place = this.#open?.place ?? this.#placed(prefixes.function)
    return { place, item: this.#item(place, this.#input.toString(), 'incomplete') }
  }

  #finishOwn(own: ResponsesItem): { place: ItemPlace; item: ResponsesItem } {
    const place = this.#placed(ownPrefixes.get(own.type) ?? prefixes.function)
    const { item_id: id, output_index } = place
    const item = { id, ...own }
    const begun = { ...item, status: 'in_progress' }
    this.#events?.emit('response.output_item.added', { output_index, item: begun })
    this.#events?.emit('response.output_item.done', { output_index, item })
    return { place, item }
  }

  /** An API's own tool whose arguments the client could not run is called like a function. */
  #openItem() {
    if (this.#open) return this.#open
    const { id, kind } = this.#start
    const place = this.#placed(prefixes[kind])
    const { output_index } = place
    const item = this.#item(place, '', 'in_progress')
    this.#events?.emit('response.output_item.added', { output_index, item })
    const emit =
      kind === 'custom'
        ? this.#events?.pieces('response.custom_tool_call_input.delta', { ...place, call_id: id })
        : this.#events?.pieces('response.function_call_arguments.delta', place)
    this.#open = { place, emit }
    const before = this.#input.toString()
    if (before !== '') emit?.(before)
    return this.#open
  }

  #item({ item_id }: ItemPlace, input: string, status: string): ResponsesItem {
    const { kind, id, name, namespace, isPlain } = this.#start
    return {
      id: item_id,
      type: kind === 'custom' ? 'custom_tool_call' : 'function_call',
      call_id: id,
      name,
      ...(namespace !== undefined && { namespace }),
      ...(kind === 'custom' ? { input } : { arguments: input }),
      ...(isPlain && { encrypted_function_args: [] }),
      status,
    }
  }
}

const prefixes = { function: 'fc', custom: 'ctc' }
const ownPrefixes = new Map([
  ['local_shell_call', 'lsh'],
  ['shell_call', 'sh'],
  ['apply_patch_call', 'apc'],
  ['tool_search_call', 'tsc'],
])
