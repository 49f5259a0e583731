/**
 * A JSON object whose bytes stay as they came, save for the members that are changed: signatures, cache keys and numbers
 * of a client do not survive parsing and serialising, and most of a request need not be parsed at all.
 */
import { isUtf8 } from 'node:buffer'
import { isDeepStrictEqual } from 'node:util'
import { badRequest, ProxyError } from '../errors.ts'
import { scanObject, type MemberRange } from './json-scan.ts'

const nothing = Buffer.from('{}')

export class JsonDocument {
  readonly #bytes: Buffer
  readonly #open: number
  readonly #close: number
  /** `undefined` for a member that was not there before */
  readonly #members: Map<string, MemberRange | undefined>
  readonly #replaced = new Map<string, Buffer>()
  readonly #parsed = new Map<string, unknown>()
  #changed: boolean

  private constructor(bytes: Buffer) {
    const { members, doubled, open, close } = scanObject(bytes)
    this.#bytes = bytes
    this.#open = open
    this.#close = close
    this.#members = members
    // Of members with one name JSON.parse takes the last and others the first: what was checked is all that is sent.
    this.#changed = doubled
  }

  /** Throws ProxyError 400 `invalid_json` for anything but one JSON object in UTF-8. */
  static parse(bytes: Buffer): JsonDocument {
    if (isUtf8(bytes)) return new JsonDocument(bytes)
    throw new ProxyError(
      400,
      'invalid_json',
      'The request body is not valid UTF-8. Send a JSON object encoded in UTF-8.',
    )
  }

  get changed(): boolean {
    return this.#changed
  }

  /** The value of a member, parsed when first asked for; `undefined` when there is none. Not to be changed. */
  get(key: string): unknown {
    if (!this.#parsed.has(key)) {
      const raw = this.raw(key)
      this.#parsed.set(key, raw && (JSON.parse(raw.toString()) as unknown))
    }
    return this.#parsed.get(key)
  }

  /** The bytes of a member's value. */
  raw(key: string): Buffer | undefined {
    const range = this.#members.get(key)
    return this.#replaced.get(key) ?? (range && this.#between(range.valueStart, range.valueEnd))
  }

  /** Gives a member a value; one that it already has keeps its bytes. */
  set(key: string, value: unknown): void {
    if (this.#members.has(key) && isDeepStrictEqual(this.get(key), value)) return
    this.setRaw(key, serialised(key, value))
  }

  /** Gives a member a value that is JSON already. A new member goes to the end. */
  setRaw(key: string, json: string | Buffer[]): void {
    if (!this.#members.has(key)) this.#members.set(key, undefined)
    this.#replaced.set(key, typeof json === 'string' ? Buffer.from(json) : Buffer.concat(json))
    this.#parsed.delete(key)
    this.#changed = true
  }

  delete(key: string): void {
    if (!this.#members.delete(key)) return
    this.#replaced.delete(key)
    this.#parsed.delete(key)
    this.#changed = true
  }

  /** Puts an element in front of a member that is an array. */
  prepend(key: string, element: unknown): void {
    const list = this.raw(key)
    if (!list) return
    const rest = list.subarray(1)
    const separator = rest.toString().trimStart() === ']' ? '' : ','
    this.setRaw(key, [Buffer.from(`[${serialised(key, element)}${separator}`), rest])
  }

  /** Changes members of a member that is an object; one that is absent or `null` counts as empty. */
  edit(key: string, change: (inner: JsonDocument) => void): void {
    const inner = new JsonDocument(this.get(key) === null ? nothing : (this.raw(key) ?? nothing))
    change(inner)
    if (inner.changed) this.setRaw(key, [inner.bytes()])
  }

  /** The object with its changes; without any the very buffer that was parsed. */
  bytes(): Buffer {
    if (!this.#changed) return this.#bytes
    const pieces = [this.#between(0, this.#open)]
    for (const [key, range] of this.#members) {
      if (pieces.length > 1) pieces.push(Buffer.from(','))
      pieces.push(...this.#member(key, range))
    }
    return Buffer.concat([...pieces, this.#between(this.#close, this.#bytes.length)])
  }

  #member(key: string, range: MemberRange | undefined): Buffer[] {
    const replaced = this.#replaced.get(key)
    if (!range) return [Buffer.from(`${JSON.stringify(key)}:`), replaced!]
    const { start, valueStart, valueEnd, stop } = range
    if (!replaced) return [this.#between(start, stop)]
    return [this.#between(start, valueStart), replaced, this.#between(valueEnd, stop)]
  }

  #between(start: number, end: number): Buffer {
    return this.#bytes.subarray(start, end)
  }
}

/** JSON.parse takes any depth, JSON.stringify does not. */
function serialised(key: string, value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    throw badRequest('invalid_json', key, `\`${key}\` is nested too deeply. Flatten it.`)
  }
}
