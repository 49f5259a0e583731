/**
 * The items of one kind, found again by `output_index`: some upstreams change the item ids in every event. Only where an
 * event has no index, by id, else the latest item that is not done.
 */
import type { JsonObject } from '../../json/value.ts'
import { asIndex, asName, asObject } from '../../untrusted.ts'

interface Item {
  done: boolean
  /** how a call is named besides its item's id */
  readonly callId?: string | undefined
}

interface Slot<T> {
  item: T
  id: string | undefined
  index: number | undefined
}

export class ItemTable<T extends Item> {
  readonly #slots: Slot<T>[] = []
  readonly #make: (outputIndex: number) => T
  readonly #byIndex = new Map<number, T>()
  readonly #byId = new Map<string, T>()

  constructor(make: (outputIndex: number) => T) {
    this.#make = make
  }

  get all(): T[] {
    return this.#slots.map(({ item }) => item)
  }

  /** The item of an event; a new one where no event of it came before. */
  of(event: JsonObject): T {
    const index = asIndex(event.output_index, 'output_index')
    const id = idOf(event)
    const found =
      index === undefined ? (this.#named(id) ?? this.#latest()) : this.#byIndex.get(index)
    return found ?? this.add(index, id)
  }

  /** The item that an `added` event opens. An upstream that numbers every item 0 opens a new one after each that is done. */
  open(event: JsonObject): T {
    const index = asIndex(event.output_index, 'output_index')
    const id = idOf(event)
    const known = index === undefined ? this.#named(id) : this.#byIndex.get(index)
    const isRepeated = known && (!known.done || this.#named(id) === known)
    return isRepeated ? known : this.add(index, id)
  }

  add(index: number | undefined, id: string | undefined): T {
    const item = this.#make(index ?? this.#slots.length)
    this.#slots.push({ item, id, index })
    if (index !== undefined) this.#byIndex.set(index, item)
    if (id !== undefined) this.#byId.set(id, item)
    return item
  }

  /**
   * Which item each entry of the last event's list is: the one of its call id, else of its own id, else the first that is
   * left and `fits`. Ids may change or be the same for all; positions in that list need not be those of the stream, so
   * that of an entry only chooses between equals. Entries that are no known item have none.
   */
  match(
    entries: ReadonlyMap<number, JsonObject>,
    fits: (item: T, entry: JsonObject) => boolean,
  ): Map<JsonObject, T> {
    const left = new Set(this.#slots)
    const matched = new Map<JsonObject, T>()
    const pairAt = (isSame: (slot: Slot<T>, entry: JsonObject, position: number) => boolean) => {
      for (const [position, entry] of entries) {
        if (left.size === 0) return
        if (matched.has(entry)) continue
        const slot = firstOf(left, (one) => isSame(one, entry, position))
        if (!slot) continue
        left.delete(slot)
        matched.set(entry, slot.item)
      }
    }
    const pair = (isSame: (slot: Slot<T>, entry: JsonObject) => boolean) => {
      pairAt((slot, entry, position) => slot.index === position && isSame(slot, entry))
      pairAt(isSame)
    }
    pair(({ item }, { call_id: id }) => item.callId !== undefined && item.callId === asName(id))
    pair((slot, { id }) => slot.id !== undefined && slot.id === asName(id))
    pair(({ item }, entry) => fits(item, entry))
    return matched
  }

  #named(id: string | undefined): T | undefined {
    return id === undefined ? undefined : this.#byId.get(id)
  }

  #latest(): T | undefined {
    const latest = this.#slots.at(-1)?.item
    return latest?.done ? undefined : latest
  }
}

function firstOf<V>(all: Iterable<V>, isIt: (one: V) => boolean): V | undefined {
  for (const one of all) if (isIt(one)) return one
  return undefined
}

function idOf(event: JsonObject): string | undefined {
  return asName(event.item_id) ?? asName(asObject(event.item).id)
}
