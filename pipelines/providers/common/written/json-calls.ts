/** Calls that a model writes as JSON: an object with a name and arguments, or a list of them. */
import { isObject, valueIn, writeJson, type JsonObject } from '../../../json/value.ts'
import type { WrittenCall, WrittenTools } from '../../../neutral/written-tools.ts'
import type { Steps, TextReader } from './reader.ts'

/**
 * An answer that is nothing but calls in JSON, in a fence or not: what else it could be, nobody but the model knows, so that it
 * has to be all of the answer, and its members no others than a call has.
 */
export function* bareCalls(
  reader: TextReader,
  tools: WrittenTools,
): Steps<WrittenCall[] | undefined> {
  const isFenced = yield* reader.passes('```')
  if (isFenced && !(yield* reader.passes('\n')) && !(yield* reader.passesOne(fences)))
    return undefined
  const calls: WrittenCall[] = []
  let next = yield* reader.space()
  while (next === '{' || next === '[') {
    const more = yield* jsonCalls(reader, tools, isBareCall)
    if (!more) return undefined
    calls.push(...more)
    next = yield* reader.space()
    if (!(yield* reader.passesOne([';', ',']))) continue
    next = yield* reader.space()
  }
  if (isFenced && !(yield* reader.passes('```'))) return undefined
  return (yield* reader.space()) === '' && calls.length > 0 ? calls : undefined
}

const fences = ['json\n', 'json\r\n', 'tool_call\n', 'tool_code\n', '\r\n']

/** Calls as JSON, all of tools of the request. Of text that begins otherwise nothing more is waited for. */
export function* jsonCalls(
  reader: TextReader,
  tools: WrittenTools,
  isCall: (value: JsonObject) => boolean = () => true,
): Steps<WrittenCall[] | undefined> {
  if (!(yield* beginsCall(reader, tools))) return undefined
  const text = yield* reader.json()
  const value = text === undefined ? undefined : valueOf(text)
  const all: unknown[] = Array.isArray(value) ? value : [value]
  const calls: WrittenCall[] = []
  for (const one of all) {
    const call = isObject(one) && isCall(one) ? callFrom(one, tools) : undefined
    if (!call) return undefined
    calls.push(call)
  }
  return calls.length > 0 ? calls : undefined
}

const nameMembers = ['name', 'function', 'tool_name', 'tool'] as const
const inputMembers = ['arguments', 'parameters', 'args', 'input', 'tool_input'] as const
const firstMembers = new Set<string>([...nameMembers, ...inputMembers, 'type', 'id'])

/** Whether the first member is one of a call, and names a tool where it is the name. Nothing is passed. */
function* beginsCall(reader: TextReader, tools: WrittenTools): Steps<boolean> {
  reader.mark()
  const isCall = yield* looksLikeCall(reader, tools)
  reader.back()
  return isCall
}

function* looksLikeCall(reader: TextReader, tools: WrittenTools): Steps<boolean> {
  while ((yield* reader.space()) === '[') reader.skip(1)
  if (!(yield* reader.passes('{'))) return false
  yield* reader.space()
  if (!(yield* reader.passes('"'))) return false
  const member = yield* reader.name('"')
  if (member === undefined || !firstMembers.has(member)) return false
  reader.skip(1)
  yield* reader.space()
  if (!(yield* reader.passes(':'))) return false
  const isName = nameMembers.some((one) => one === member)
  if ((yield* reader.space()) !== '"' || !isName) return true
  reader.skip(1)
  return tools.named((yield* reader.name('"')) ?? '') !== undefined
}

function callFrom(value: JsonObject, tools: WrittenTools): WrittenCall | undefined {
  // as it stands in an answer of the API
  const called = isObject(value.function) ? value.function : value
  const written = nameMembers.map((member) => called[member]).find((one) => typeof one === 'string')
  const name = tools.named(typeof written === 'string' ? written : '')
  if (name === undefined) return undefined
  const input = inputMembers.map((member) => called[member]).find((one) => one !== undefined) ?? {}
  if (typeof input !== 'string' && !isObject(input)) return undefined
  return { name, arguments: typeof input === 'string' ? input : writeJson(input) }
}

const bareMembers = new Set(['name', 'arguments', 'parameters', 'type', 'id'])

function isBareCall(value: JsonObject): boolean {
  if (isObject(value.function)) return value.type === 'function'
  const { arguments: input = value.parameters } = value
  return isObject(input) && Object.keys(value).every((member) => bareMembers.has(member))
}

/** The text of an object as JSON; undefined for any other. */
export function argumentsText(text: string | undefined): string | undefined {
  const value = text === undefined ? undefined : valueOf(text)
  return isObject(value) ? writeJson(value) : undefined
}

/** Models write the lines of a file into a string as they are. */
function valueOf(text: string): unknown {
  return valueIn(text) ?? valueIn(text.replaceAll(strings, escaped))
}

const strings = /"(?:[^"\\]|\\[^])*"/g
/** below the space */
const controls = /[^ -\uffff]/g

function escaped(string: string): string {
  return string.replaceAll(controls, (control) => JSON.stringify(control).slice(1, -1))
}
