/**
 * A call of one of the client's tools. It comes in one part, or from some servers in several, each with pieces of the
 * arguments and the path at which they stand. Source: Vertex AI API reference "FunctionCall", "PartialArg", read 2026-11.
 */
import { isObject, objectFrom, type JsonObject } from '../../json/value.ts'
import { asJsonText, asName, asObjects, partOf, unreadable } from '../../untrusted.ts'

/** Where Gemini keeps the declared functions, for itself; now and then it calls one by the whole name. */
const ownSpace = /^default_api[.:]/

export class Call {
  name = ''
  /** the model's, where it gave one */
  id: string | undefined
  signature: string | undefined
  #args: JsonObject | undefined

  /** A part of the call: `functionCall`, and the signature beside it. Throws ProtocolError for arguments that are unreadable. */
  add(called: JsonObject, signature: unknown): void {
    this.name ||= asName(called.name)?.replace(ownSpace, '') ?? ''
    this.id ??= asName(called.id)
    this.signature ??= asName(signature)
    const { args, partialArgs } = called
    const given = typeof args === 'string' ? objectIn(args) : partOf(args, 'args')
    if (Object.keys(given).length > 0) this.#args = { ...this.#args, ...given }
    for (const partial of asObjects(partialArgs)) this.#addPartial(partial)
  }

  /** Whether it has no arguments so far. */
  get isBare(): boolean {
    return this.#args === undefined
  }

  /** The arguments as JSON. Of a call that was cut they do not end, so that they cannot pass for whole. */
  input(cut: boolean): string {
    const json = asJsonText(this.#args ?? {})
    return cut ? json.slice(0, -1) : json
  }

  #addPartial(partial: JsonObject): void {
    const steps = stepsOf(asName(partial.jsonPath) ?? '')
    this.#args ??= {}
    let holder: unknown = this.#args
    for (const [index, step] of steps.entries()) {
      const next = steps[index + 1]
      if (next === undefined) write(holder, step, partial)
      else holder = holderAt(holder, step, typeof next === 'number' ? [] : {})
    }
  }
}

/** Some servers write the arguments as JSON text, as it is in chat. */
function objectIn(text: string): JsonObject {
  const value = text === '' ? {} : objectFrom(text)
  if (!value) throw unreadable('args')
  return value
}

type Step = string | number

/** A name in dots or in brackets, or a place in a list. */
const stepPattern = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y
/** No list of arguments is longer; a place beyond would only fill memory. */
const maxPlace = 10_000

/** The steps of a path such as `$.files[0].name`. */
function stepsOf(path: string): Step[] {
  const steps: Step[] = []
  let at = path.startsWith('$') ? 1 : 0
  while (at < path.length) {
    stepPattern.lastIndex = at
    const match = stepPattern.exec(path)
    if (!match) throw unreadable('the path of an argument')
    const [whole, dotted, place, single, double] = match
    const quoted = single ?? double
    if (place !== undefined) steps.push(Number(place))
    else steps.push(dotted ?? quoted?.replaceAll(/\\(.)/g, '$1') ?? '')
    at += whole.length
  }
  const isFar = steps.some((step) => typeof step === 'number' && step > maxPlace)
  if (steps.length === 0 || isFar) throw unreadable('the path of an argument')
  return steps
}

/** What the holder has at the step; `empty` is put there where it has nothing. */
function holderAt(holder: unknown, step: Step, empty: unknown): unknown {
  const known = valueAt(holder, step)
  if (known !== undefined) return known
  put(holder, step, empty)
  return empty
}

/** Text is added to what was there before, any other value takes its place. */
function write(holder: unknown, step: Step, partial: JsonObject): void {
  const { stringValue, numberValue, boolValue } = partial
  const known = valueAt(holder, step)
  if (typeof stringValue === 'string') {
    put(holder, step, typeof known === 'string' ? known + stringValue : stringValue)
  } else if (numberValue !== undefined) put(holder, step, numberValue)
  else if (boolValue !== undefined) put(holder, step, boolValue)
  else if ('nullValue' in partial) put(holder, step, null)
}

function valueAt(holder: unknown, step: Step): unknown {
  if (typeof step === 'number') return Array.isArray(holder) ? (holder[step] as unknown) : undefined
  return isObject(holder) && Object.hasOwn(holder, step) ? holder[step] : undefined
}

function put(holder: unknown, step: Step, value: unknown): void {
  if (Array.isArray(holder) && typeof step === 'number') holder[step] = value
  else if (isObject(holder) && typeof step === 'string') define(holder, step, value)
  else throw unreadable('the path of an argument')
}

/** Also under a name such as `__proto__`. */
function define(holder: JsonObject, name: string, value: unknown): void {
  Object.defineProperty(holder, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}
