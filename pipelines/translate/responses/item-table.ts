/**
 * The items of one kind, found again by `output_index`: some upstreams change the item ids in every event. Only where an
 * event has no index, by id, else the latest item that is not done.
 */
import type { JsonObject } from '../../wire/chat.ts'
import { asName, asNumber, asObject } from '../wire-value.ts'

interface Item {
  done: boolean
}

export class ItemTable<T extends Item> {
  readonly all: T[] = []
  readonly #make: (outputIndex: number) => T
  readonly #byIndex = new Map<number, T>()
  readonly #byId = new Map<string, T>()

  constructor(make: (outputIndex: number) => T) {
    this.#make = make
  }

  /** The item that an event speaks about; a new one where no event spoke about it before. */
  of(event: JsonObject): T {
    const index = asNumber(event.output_index)
    const id = idOf(event)
    const found =
      index === undefined ? (this.#named(id) ?? this.#latest()) : this.#byIndex.get(index)
    return found ?? this.#add(index, id)
  }

  /** The item that an `added` event opens. An upstream that numbers every item 0 opens a new one after each that is done. */
  open(event: JsonObject): T {
    const index = asNumber(event.output_index)
    const id = idOf(event)
    const known = index === undefined ? this.#named(id) : this.#byIndex.get(index)
    const isRepeated = known && (!known.done || this.#named(id) === known)
    return isRepeated ? known : this.#add(index, id)
  }

  #named(id: string | undefined): T | undefined {
    return id === undefined ? undefined : this.#byId.get(id)
  }

  #latest(): T | undefined {
    const latest = this.all.at(-1)
    return latest?.done ? undefined : latest
  }

  #add(index: number | undefined, id: string | undefined): T {
    const item = this.#make(index ?? this.all.length)
    this.all.push(item)
    if (index !== undefined) this.#byIndex.set(index, item)
    if (id !== undefined) this.#byId.set(id, item)
    return item
  }
}

function idOf(event: JsonObject): string | undefined {
  return asName(event.item_id) ?? asName(asObject(event.item).id)
}
