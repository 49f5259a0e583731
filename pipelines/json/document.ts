/**
 * A JSON object whose top-level members can be replaced without touching any other byte: values are spliced, never
 * re-serialised, so that the client's own blocks, numbers and spaces stay as they were (prompt caches depend on it).
 */
import { checkDepth, checkText, refuseJson } from './request-body.ts'
import { parseExact, writeJson } from './value.ts'
import {
  firstItem,
  openBrace,
  topLevelMembers,
  type Member,
  type Noticed,
  type Place,
} from './scan.ts'

/** Bytes that others take the place of. */
export interface Splice extends Place {
  by: readonly Buffer[]
}

export class JsonDocument {
  readonly #bytes: Buffer
  /** the request body that holds the document */
  readonly #body: Buffer
  readonly #members: Member[]
  /** values that were asked for */
  readonly #values = new Map<string, unknown>()
  /** what members become: JSON text, or undefined for those taken out */
  readonly #edits = new Map<string, Buffer | undefined>()
  /** a change inside the value of a member that is not edited itself; offsets count from the beginning of the value */
  readonly #inner = new Map<string, Splice>()
  /** where each name counts: readers differ on equal keys, so what was checked, the last one, is all that is sent */
  readonly #last: Map<string, Member>
  /** what there was in the bytes that were parsed, whatever was set since */
  readonly noticed: Readonly<Noticed>

  private constructor(bytes: Buffer, body: Buffer, members: Member[], noticed: Noticed) {
    this.#bytes = bytes
    this.#body = body
    this.#members = members
    this.noticed = noticed
    this.#last = new Map()
    for (const member of members) this.#last.set(member.name, member)
  }

  /**
   * `body`: of an object inside a request's body, that body, for errors. Throws ProxyError 400 `invalid_json`; what is broken
   * deep inside is left for the upstream to refuse.
   */
  static parse(bytes: Buffer, body = bytes): JsonDocument {
    checkText(bytes)
    const noticed = { seal: false }
    const members = topLevelMembers(bytes, noticed)
    return new JsonDocument(bytes, body, members ?? refuseJson(body), noticed)
  }

  /** The value as it came, whatever was set since; not to be changed. Throws ProxyError 400 where it is broken. */
  get(name: string): unknown {
    if (this.#values.has(name)) return this.#values.get(name)
    const raw = this.raw(name)
    const value = raw && this.#parsed(raw)
    this.#values.set(name, value)
    return value
  }

  #parsed(raw: Buffer, parse: (text: string) => unknown = JSON.parse): unknown {
    try {
      return parse(raw.toString('utf8'))
    } catch {
      return refuseJson(this.#body)
    }
  }

  /** Whether such a text is anywhere in the bytes, as it would be written without escapes. */
  mentions(text: string): boolean {
    return this.#bytes.includes(text)
  }

  /**
   * Puts in the place of a value, as it was set last, what `change` makes of it, where that is not undefined; from then on that is
   * the value. The digits of numbers stay. Throws as `set` does.
   */
  change(name: string, change: (value: unknown) => unknown): void {
    const raw = this.#written(name)
    if (!raw) return
    checkDepth(raw)
    const changed = change(this.#parsed(raw, parseExact))
    if (changed === undefined) return
    this.setRaw(name, Buffer.from(writeJson(changed)))
    this.#values.set(name, changed)
  }

  /** The same for the items of a list; what is none stays. Returns whether any of them changed. */
  changeItems(name: string, change: (items: readonly unknown[]) => readonly unknown[]): boolean {
    let isChanged = false
    this.change(name, (items) => {
      if (!Array.isArray(items)) return undefined
      const changed = change(items)
      isChanged = changed.length !== items.length || changed.some((item, at) => item !== items[at])
      return isChanged ? changed : undefined
    })
    return isChanged
  }

  /** The value's own bytes. */
  raw(name: string): Buffer | undefined {
    const member = this.#last.get(name)
    return member && this.#bytes.subarray(member.valueStart, member.valueEnd)
  }

  /**
   * Throws ProxyError 400 where a part of the document itself, nested too deeply to be written anew, is in the value: what
   * is not touched may be as deep as it likes.
   */
  set(name: string, value: unknown): void {
    const old = this.raw(name)
    if (old) checkDepth(old)
    this.setRaw(name, Buffer.from(JSON.stringify(value)))
  }

  /** `json` must be one JSON value. */
  setRaw(name: string, json: Buffer): void {
    this.#edits.set(name, json)
  }

  /** Takes out those that there are. Throws ProxyError 400 where such a value is broken. */
  delete(...names: string[]): void {
    for (const name of names) {
      if (this.get(name) !== undefined || this.#edits.has(name)) this.#edits.set(name, undefined)
    }
  }

  /** The first item of a list as a document, where that is an object. Throws ProxyError 400 where it is broken. */
  first(name: string): JsonDocument | undefined {
    const list = this.#written(name)
    const place = list && firstItem(list)
    if (!place || list[place.from] !== openBrace) return undefined
    return JsonDocument.parse(list.subarray(place.from, place.to), this.#body)
  }

  /** Puts the first item of a list, changed, in its place. */
  setFirst(name: string, item: JsonDocument): void {
    const place = firstItem(this.#written(name)!)!
    this.#splice(name, { ...place, by: item.pieces() })
  }

  /** Puts a value in front of the items of a list. Returns whether it did: an empty list, and what is none, stay as they are. */
  prepend(name: string, value: unknown): boolean {
    const list = this.#written(name)
    if (!list || !firstItem(list)) return false
    this.#splice(name, { from: 1, to: 1, by: [Buffer.from(`${JSON.stringify(value)},`)] })
    return true
  }

  /** The value as it goes out, except for splices. */
  #written(name: string): Buffer | undefined {
    return this.#edits.has(name) ? this.#edits.get(name) : this.raw(name)
  }

  #splice(name: string, splice: Splice): void {
    const json = this.#edits.get(name)
    if (!json) this.#inner.set(name, splice)
    else {
      const { from, to, by } = splice
      this.#edits.set(name, Buffer.concat([json.subarray(0, from), ...by, json.subarray(to)]))
    }
  }

  /**
   * The document as it came, with changes inside a value that it has, as one that others may change further. `splices`: in
   * order; their offsets count from the beginning of the value.
   */
  spliced(name: string, splices: readonly Splice[]): JsonDocument {
    const { valueStart } = this.#last.get(name)!
    const pieces: Buffer[] = []
    let at = 0
    for (const { from, to, by } of splices) {
      pieces.push(this.#bytes.subarray(at, valueStart + from), ...by)
      at = valueStart + to
    }
    pieces.push(this.#bytes.subarray(at))
    return JsonDocument.parse(Buffer.concat(pieces), this.#body)
  }

  /** Also where a member stands twice, of which one goes out. */
  get isChanged(): boolean {
    const hasEdits = this.#edits.size > 0 || this.#inner.size > 0
    return hasEdits || this.#last.size !== this.#members.length
  }

  /**
   * The document with its changes, in pieces of the bytes that were parsed and what comes between: a large body is not
   * copied. Without any change the very bytes that were parsed.
   */
  pieces(): Buffer[] {
    if (!this.isChanged) return [this.#bytes]
    const pieces: Buffer[] = []
    let at = 0
    for (const { from, to, by } of this.#splices()) {
      pieces.push(this.#bytes.subarray(at, from), ...by)
      at = to
    }
    pieces.push(this.#bytes.subarray(at))
    return pieces
  }

  /** In the order of the bytes: new members first, behind the opening brace. */
  #splices(): Splice[] {
    const kept = this.#members.map((member) => this.#isKept(member))
    const splices = this.#insertions(kept.includes(true))
    for (const [index, member] of this.#members.entries()) {
      const json = this.#edits.get(member.name)
      const inner = this.#inner.get(member.name)
      const { valueStart, valueEnd } = member
      if (!kept[index]) splices.push(this.#removal(index, kept))
      else if (json) splices.push({ from: valueStart, to: valueEnd, by: [json] })
      else if (inner) {
        splices.push({ from: valueStart + inner.from, to: valueStart + inner.to, by: inner.by })
      }
    }
    return splices
  }

  #insertions(hasOthers: boolean): Splice[] {
    const added: Buffer[] = []
    for (const [name, json] of this.#edits) {
      if (this.#last.has(name) || !json) continue
      if (added.length > 0) added.push(Buffer.from(','))
      added.push(Buffer.from(`${JSON.stringify(name)}:`), json)
    }
    if (added.length === 0) return []
    if (hasOthers) added.push(Buffer.from(','))
    const from = this.#bytes.indexOf('{') + 1
    return [{ from, to: from, by: added }]
  }

  /** A member goes with the comma before it; where nothing is kept before it, with the one behind it. */
  #removal(index: number, kept: boolean[]): Splice {
    const { keyStart, valueEnd } = this.#members[index]!
    if (kept.slice(0, index).includes(true)) {
      return { from: this.#members[index - 1]!.valueEnd, to: valueEnd, by: [] }
    }
    return { from: keyStart, to: this.#members[index + 1]?.keyStart ?? valueEnd, by: [] }
  }

  #isKept(member: Member): boolean {
    if (this.#last.get(member.name) !== member) return false
    return !this.#edits.has(member.name) || this.#edits.get(member.name) !== undefined
  }
}
