/**
 * The tool calls of assistant messages as items, and the record of which of them have been
 * answered.
 */
import { isObject, type JsonObject } from '../../json/value.ts'
import type { ResponsesItem } from '../../wire/responses.ts'
import { wellFormed, writeJson } from '../../json/exact-json.ts'
import { isGiven, listAt, nameAt, objectAt, textAt } from '../../untrusted.ts'
import { safeToolId } from '../../neutral/tool-id.ts'
import { sentName } from '../../neutral/tool-name.ts'
import { partsOfType } from './parts.ts'

const maxIdLength = 64

export interface Call {
  /** as the client wrote it */
  id: string
  /** as the client wrote it */
  name: string
  kind: 'function' | 'custom'
  /**
   * `function_call` or `custom_tool_call`; never with an item id, which nobody upstream would find
   */
  item: ResponsesItem
  answered: boolean
}

/**
 * The id that goes upstream, the same for a call and its output; the API takes 1 to 64 characters.
 */
export function callId(id: string): string {
  return id.length > 0 && id.length <= maxIdLength ? id : safeToolId(id)
}

/**
 * The calls of an assistant message in order. `legacyId` names its `function_call`, which has no id
 * of its own.
 */
export function callsOf(message: JsonObject, place: string, legacyId: string): Call[] {
  const toolUses = partsOfType(message.content, 'tool_use', `${place}.content`)
  const listPlace = `${place}.tool_calls`
  const listed = isGiven(message.tool_calls) ? listAt(message.tool_calls, listPlace) : []
  const calls = [
    ...toolUses.map(({ part, at }) => toolUseCall(part, at)),
    ...listed.map((value, index) => chatCall(value, `${listPlace}[${index}]`)),
  ]
  if (!isGiven(message.function_call)) return calls
  const at = `${place}.function_call`
  return [...calls, functionCall(legacyId, objectAt(message.function_call, at), at)]
}

/** Which calls of a history wait for their output. */
export class OpenCalls {
  readonly #byId = new Map<string, Call[]>()
  readonly #byName = new Map<string, Call[]>()

  add(call: Call): void {
    stackOf(this.#byId, call.id).push(call)
    stackOf(this.#byName, call.name).push(call)
  }

  /** The latest open call of that id, which is then answered. */
  answerId(id: string): Call | undefined {
    return answerLatest(this.#byId.get(id))
  }

  /** The latest open call of that name, which is then answered; for `function` messages. */
  answerName(name: string): Call | undefined {
    return answerLatest(this.#byName.get(name))
  }
}

function stackOf(stacks: Map<string, Call[]>, key: string): Call[] {
  const stack = stacks.get(key) ?? []
  stacks.set(key, stack)
  return stack
}

/** A call stands in two stacks, so the other one may have answered it. */
function answerLatest(stack: Call[] = []): Call | undefined {
  let call = stack.pop()
  while (call?.answered) call = stack.pop()
  if (call) call.answered = true
  return call
}

function chatCall(value: unknown, place: string): Call {
  const call = objectAt(value, place)
  const id = textAt(call.id, `${place}.id`)
  const isCustom = call.type === 'custom' || (!isGiven(call.function) && isGiven(call.custom))
  if (!isCustom) {
    return functionCall(id, objectAt(call.function, `${place}.function`), `${place}.function`)
  }
  const at = `${place}.custom`
  const custom = objectAt(call.custom, at)
  const name = nameAt(custom.name, `${at}.name`)
  const input = isGiven(custom.input) ? textAt(custom.input, `${at}.input`) : ''
  const item = { type: 'custom_tool_call', call_id: callId(id), name: sentName(name), input }
  return { id, name, kind: 'custom', item, answered: false }
}

function functionCall(id: string, called: JsonObject, place: string): Call {
  return callWith(id, nameAt(called.name, `${place}.name`), argumentsText(called.arguments, place))
}

/** Some clients hand arguments back as the value that they have parsed. */
function argumentsText(value: unknown, place: string): string {
  if (!isGiven(value)) return ''
  const isParsed = isObject(value) || Array.isArray(value)
  return isParsed ? writeJson(value) : textAt(value, `${place}.arguments`)
}

function toolUseCall(part: JsonObject, place: string): Call {
  const input = isGiven(part.input) ? objectAt(part.input, `${place}.input`) : {}
  const id = textAt(part.id, `${place}.id`)
  return callWith(id, nameAt(part.name, `${place}.name`), writeJson(input))
}

/**
 * Arguments stay the text they are, JSON or not, but `{}` stands for those that mean none, and U+FFFD for a lone half of a
 * surrogate pair.
 */
function callWith(id: string, name: string, written: string): Call {
  const isNone = ['', 'null'].includes(written.trim())
  const item = {
    type: 'function_call',
    call_id: callId(id),
    name: sentName(name),
    arguments: isNone ? '{}' : wellFormed(written),
  }
  return { id, name, kind: 'function', item, answered: false }
}
