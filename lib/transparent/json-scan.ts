/**
 * One pass over the bytes of a JSON object: it checks all of them and finds where each member lies, without building
 * values. Nothing recurses, so nesting costs no stack.
 * Source: RFC 8259.
 */
import { ProxyError } from '../errors.ts'

/** Offsets in bytes. A member reaches from behind the `{` or `,` before it up to the `,` or `}` after it. */
export interface MemberRange {
  start: number
  valueStart: number
  valueEnd: number
  stop: number
}

export interface ScannedObject {
  /** by unescaped name, in the order of the bytes; of members with one name only the last */
  members: Map<string, MemberRange>
  /** whether members had to be left out for their name */
  doubled: boolean
  /** the first byte behind the `{`, and the `}` */
  open: number
  close: number
}

/** Far beyond what any program writes; a body of nothing but brackets or names must not fill the memory. */
const maxDepth = 250_000
const maxMembers = 10_000

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const openList = 0x5b
const backslash = 0x5c
const closeList = 0x5d
const openObject = 0x7b
const closeObject = 0x7d

const simpleEscapes = new Set(Buffer.from('"\\/bfnrt'))
const literals = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), word]))

/** Throws ProxyError 400 `invalid_json`, which names the offset of the fault. */
export function scanObject(bytes: Buffer): ScannedObject {
  return new Scanner(bytes).document()
}

class Scanner {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  document(): ScannedObject {
    this.#space()
    if (this.#at === this.#bytes.length) throw refused('The request body is empty.')
    const isObject = this.#bytes[this.#at] === openObject
    const object = isObject ? this.#object() : this.#value()
    this.#space()
    if (this.#at < this.#bytes.length) throw this.#fault()
    if (!object) throw refused('The request body must be a JSON object.')
    return object
  }

  #object(): ScannedObject {
    const members = new Map<string, MemberRange>()
    const open = (this.#at += 1)
    let doubled = false
    this.#space()
    if (this.#take(closeObject)) return { members, doubled, open, close: open }
    for (let start = open; ; start = this.#at) {
      const [key, range] = this.#member(start)
      doubled = members.delete(key) || doubled
      members.set(key, range)
      if (members.size > maxMembers) throw refused(`The request has over ${maxMembers} members.`)
      if (this.#take(comma)) continue
      if (this.#take(closeObject)) return { members, doubled, open, close: range.stop }
      throw this.#fault()
    }
  }

  #member(start: number): [key: string, range: MemberRange] {
    this.#space()
    const keyStart = this.#at
    this.#string()
    const key = JSON.parse(this.#bytes.toString('utf8', keyStart, this.#at)) as string
    this.#colon()
    const valueStart = this.#at
    this.#value()
    const valueEnd = this.#at
    this.#space()
    return [key, { start, valueStart, valueEnd, stop: this.#at }]
  }

  /** Walks over one value; `awaited` holds the closing brackets of what is open. */
  #value(): void {
    const awaited: number[] = []
    for (;;) {
      if (this.#enters(awaited)) continue
      if (this.#leaves(awaited)) return
    }
  }

  /** Takes a scalar, an empty container, or the beginning of another; true when a value must follow. */
  #enters(awaited: number[]): boolean {
    const byte = this.#bytes[this.#at]
    if (byte !== openObject && byte !== openList) {
      this.#scalar(byte)
      return false
    }
    const close = byte === openObject ? closeObject : closeList
    this.#at += 1
    this.#space()
    if (this.#take(close)) return false
    if (awaited.push(close) > maxDepth) throw refused(`The request nests over ${maxDepth} levels.`)
    if (close === closeObject) this.#name()
    return true
  }

  /** Takes what stands behind a value: true when the outermost one has ended, false when another follows. */
  #leaves(awaited: number[]): boolean {
    for (let close = awaited.at(-1); close !== undefined; close = awaited.at(-1)) {
      this.#space()
      if (this.#take(comma)) {
        this.#space()
        if (close === closeObject) this.#name()
        return false
      }
      if (!this.#take(close)) throw this.#fault()
      awaited.pop()
    }
    return true
  }

  #name(): void {
    this.#string()
    this.#colon()
  }

  #colon(): void {
    this.#space()
    if (!this.#take(colon)) throw this.#fault()
    this.#space()
  }

  #scalar(byte: number | undefined): void {
    if (byte === quote) {
      this.#string()
      return
    }
    const word = byte === undefined ? undefined : literals.get(byte)
    if (word === undefined) this.#number()
    else this.#word(word)
  }

  #word(word: string): void {
    for (const letter of Buffer.from(word)) if (!this.#take(letter)) throw this.#fault()
  }

  #string(): void {
    if (!this.#take(quote)) throw this.#fault()
    const bytes = this.#bytes
    const { length } = bytes
    let at = this.#at
    for (;;) {
      // The loop that nearly all time is spent in: prompts are long strings.
      let byte = 0
      while (at < length && (byte = bytes[at]!) >= 0x20 && byte !== quote && byte !== backslash) at++
      this.#at = at
      if (at === length || byte < 0x20) throw this.#fault()
      if (byte === quote) break
      this.#escape()
      at = this.#at
    }
    this.#at += 1
  }

  #escape(): void {
    this.#at += 1
    if (simpleEscapes.has(this.#bytes[this.#at] ?? 0)) {
      this.#at += 1
      return
    }
    if (!this.#take(0x75)) throw this.#fault()
    for (const end = this.#at + 4; this.#at < end; this.#at += 1) {
      if (!isHex(this.#bytes[this.#at] ?? 0)) throw this.#fault()
    }
  }

  #number(): void {
    this.#take(0x2d)
    if (!this.#take(0x30)) this.#digits()
    if (this.#take(0x2e)) this.#digits()
    if (!this.#take(0x65) && !this.#take(0x45)) return
    if (!this.#take(0x2b)) this.#take(0x2d)
    this.#digits()
  }

  #digits(): void {
    if (!isDigit(this.#bytes[this.#at] ?? 0)) throw this.#fault()
    while (isDigit(this.#bytes[this.#at] ?? 0)) this.#at += 1
  }

  #space(): void {
    for (let byte = this.#bytes[this.#at]; isSpace(byte ?? 0); byte = this.#bytes[this.#at]) {
      this.#at += 1
    }
  }

  #take(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false
    this.#at += 1
    return true
  }

  #fault(): ProxyError {
    const broken = 'The request body is not valid JSON'
    return this.#at < this.#bytes.length
      ? refused(`${broken}: it breaks at position ${this.#at}.`)
      : refused(`${broken}: it ends too early, at position ${this.#at}.`)
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isHex(byte: number): boolean {
  const lower = byte | 0x20
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66)
}

function refused(what: string): ProxyError {
  return new ProxyError(400, 'invalid_json', `${what} Send a JSON object.`)
}
