/**
 * Tool calls of a chat answer. In chat each piece names its call by `index` and the first one by `id`, too; what servers make of
 * that differs: every call with index 0, no index, no ids, the name with every piece, the arguments as an object or once more
 * at the end.
 */
import type { Delta } from '../../neutral/delta.ts'
import type { JsonObject } from '../../json/value.ts'
import { objectTextIn } from '../../neutral/arguments.ts'
import { JsonEnd, type AnswerSoFar } from '../../neutral/so-far.ts'
import {
  asIndex,
  asName,
  endedInCall,
  entriesOf,
  isGiven,
  partOf,
  unreadable,
  unnamedCall,
} from '../../untrusted.ts'

export class Calls {
  readonly #soFar: AnswerSoFar
  /** ids that a call of this answer must not have; those of its calls are added */
  readonly #takenIds: Set<string>
  readonly #all: Call[] = []
  /** the latest call of each index */
  readonly #byIndex = new Map<number, Call>()
  readonly #byId = new Map<string, Call>()

  /** `takenIds`: of the calls in the conversation. */
  constructor(soFar: AnswerSoFar, takenIds: Iterable<string>) {
    this.#soFar = soFar
    this.#takenIds = new Set(takenIds)
  }

  /** In: `tool_calls` of a delta or a message. */
  add(value: unknown): Delta[] {
    const entries = entriesOf(value, 'tool_calls', noCall)
    const [only] = entries
    if (only && entries.length === 1) return this.#entry(only)
    return entries.flatMap((entry) => this.#entry(entry))
  }

  /** Whether a call has begun and its arguments have not come to their end. */
  get isInMiddle(): boolean {
    return this.#all.some((call) => call.isInMiddle)
  }

  /** The answer has ended. `cut`: before the model did. Throws ProtocolError for arguments that no tool is named for. */
  close(cut: boolean): Delta[] {
    return this.#all.flatMap((call) => call.close(cut))
  }

  #entry(entry: JsonObject): Delta[] {
    if (members.every((member) => entry[member] === undefined)) throw unreadable('tool_calls')
    // some servers leave the `function` around name and arguments out
    const called = isGiven(entry.function) ? partOf(entry.function, 'tool_calls') : entry
    const piece: Piece = {
      index: asIndex(entry.index),
      id: asName(entry.id),
      name: asName(called.name),
      input: called.arguments,
    }
    const known = this.#knownCall(piece)
    if (known) return known.add(piece)
    const call = this.#begin(piece)
    const whole = this.#all.flatMap((other) => (other === call ? [] : other.closeIfWhole()))
    return [...whole, ...call.add(piece)]
  }

  /** Undefined where the piece begins a call. */
  #knownCall({ index, id, name, input }: Piece): Call | undefined {
    const known = index === undefined ? this.#all.at(-1) : this.#byIndex.get(index)
    if (!known) return undefined
    const byId = id === undefined ? undefined : this.#byId.get(id)
    if (byId) return byId
    if (id !== undefined && (index === undefined || known.upstreamId !== undefined)) {
      // some servers make an id for every piece
      return known.goesOnWith(name) ? known : undefined
    }
    if (index === undefined) return name === undefined ? known : undefined
    if (id !== undefined || name === undefined || !hasInput(input)) return known
    return known.isWhole || known.isNamedOtherThan(name) ? undefined : known
  }

  #begin({ index, id }: Piece): Call {
    const call = new Call(id, this.#soFar, this.#takenIds)
    this.#all.push(call)
    if (index !== undefined) this.#byIndex.set(index, call)
    if (id !== undefined && !this.#byId.has(id)) this.#byId.set(id, call)
    return call
  }
}

/** What a piece of a call has at least one of. */
const members = ['function', 'index', 'id', 'name', 'arguments', 'type'] as const

function noCall(): never {
  throw unreadable('tool_calls')
}

interface Piece {
  index: number | undefined
  id: string | undefined
  name: string | undefined
  /** text or the value itself */
  input: unknown
}

function hasInput(input: unknown): boolean {
  return isGiven(input) && input !== ''
}

/** What some servers have in place of arguments until these come, or where there are none (claude-code-proxy #81). */
const placeholder = '{}'
const isPlaceholder = /^\s*(?:\{\s*\}|null|None|undefined)\s*$/
/** The same, and the arguments behind it at once. */
const inFront = /^\s*\{\s*\}\s*(?=\{)/

class Call {
  readonly upstreamId: string | undefined
  readonly #soFar: AnswerSoFar
  readonly #takenIds: Set<string>
  readonly #json = new JsonEnd()
  #name: string | undefined
  #isObject = false
  #hasInput = false
  #announced = ''
  /** pieces that came before the name */
  #held = ''
  /** arguments that began as a string: until its end nobody knows whether an object is in it */
  #quoted: { text: string; end: JsonEnd } | undefined
  #index: number | undefined
  #isClosed = false

  constructor(upstreamId: string | undefined, soFar: AnswerSoFar, takenIds: Set<string>) {
    this.upstreamId = upstreamId
    this.#soFar = soFar
    this.#takenIds = takenIds
  }

  /** The arguments are a whole object, so that nothing can follow. */
  get isWhole(): boolean {
    return this.#isObject && this.#json.isWhole
  }

  get isInMiddle(): boolean {
    return this.#quoted !== undefined || (this.#hasInput && this.#isObject && !this.#json.isWhole)
  }

  /** Whether a piece without a name, or with its own, is surely no other call. */
  goesOnWith(name: string | undefined): boolean {
    if (name === undefined) return !this.isWhole
    return this.isInMiddle && !this.isNamedOtherThan(name)
  }

  isNamedOtherThan(name: string): boolean {
    return this.#name !== undefined && name !== this.#name
  }

  add({ name, input }: Piece): Delta[] {
    if (name === undefined || this.#index !== undefined) return this.#input(input)
    return [...this.#start(name), ...this.#input(input)]
  }

  closeIfWhole(): Delta[] {
    return this.isWhole ? this.#stop() : []
  }

  close(cut: boolean): Delta[] {
    if (!cut && this.isInMiddle) throw endedInCall()
    const quoted = this.#endQuote()
    if (this.#index === undefined) {
      if (cut || (!this.#hasInput && this.#announced === '')) return []
      throw unnamedCall()
    }
    const isEmpty = !this.#hasInput && (!cut || this.#announced !== '')
    const input = isEmpty ? this.#emit(this.#announced || placeholder) : []
    // the client must not take a call for whole that was cut
    const rest = [...quoted, ...input]
    return cut && !this.isWhole && !isEmpty ? rest : [...rest, ...this.#stop()]
  }

  #start(name: string): Delta[] {
    const index = this.#soFar.nextTool()
    this.#index = index
    this.#name = name
    const id = this.#idFor(index)
    const held = this.#held
    this.#held = ''
    return [
      ...this.#soFar.closeBlock(),
      { type: 'tool-start', index, kind: 'function', id, name },
      ...(held === '' ? [] : [{ type: 'tool-input' as const, index, text: held }]),
    ]
  }

  /**
   * Servers that count their ids anew in every answer would have two calls of one id in a conversation. Some count the answers
   * so, too.
   */
  #idFor(index: number): string {
    const made = this.#soFar.callId(index)
    let id = this.upstreamId ?? made
    for (let count = 0; this.#takenIds.has(id); count++)
      id = count === 0 ? made : `${made}_${count}`
    this.#takenIds.add(id)
    return id
  }

  #input(input: unknown): Delta[] {
    // once more what is there already
    if (this.isWhole) return []
    const text = this.#json.textOf(input)
    if (text === '') return []
    if (this.#quoted) return this.#quote(text)
    return this.#hasInput ? this.#emit(text) : this.#firstInput(text)
  }

  /** Some models write the object of the arguments as a string of JSON once more. */
  #quote(piece: string): Delta[] {
    const quoted = (this.#quoted ??= { text: '', end: new JsonEnd() })
    quoted.text += piece
    quoted.end.add(piece)
    return quoted.end.isWhole ? this.#endQuote() : []
  }

  #endQuote(): Delta[] {
    const quoted = this.#quoted
    this.#quoted = undefined
    return quoted ? this.#emit(objectTextIn(quoted.text) ?? quoted.text) : []
  }

  /** What is empty waits for what may follow. */
  #firstInput(text: string): Delta[] {
    const begun = text.trimStart()
    if (begun.startsWith('"')) return this.#quote(text)
    const whole = begun.startsWith('{') ? text : this.#announced + text
    if (isPlaceholder.test(whole)) {
      this.#announced = placeholder
      return []
    }
    return this.#emit(whole.replace(inFront, ''))
  }

  #emit(text: string): Delta[] {
    if (!this.#hasInput && text.trim() !== '') {
      this.#hasInput = true
      this.#isObject = text.trimStart().startsWith('{')
    }
    const whole = text.slice(0, this.#json.addObject(text))
    if (this.#index !== undefined) return [{ type: 'tool-input', index: this.#index, text: whole }]
    this.#held += whole
    return []
  }

  #stop(): Delta[] {
    if (this.#isClosed || this.#index === undefined) return []
    this.#isClosed = true
    return [{ type: 'tool-stop', index: this.#index }]
  }
}
