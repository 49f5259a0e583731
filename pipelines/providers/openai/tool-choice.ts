/** Which tool the model may or must call, in the flat form of Responses. */
import { badRequest } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type { ResponsesRequest } from '../../wire/responses.ts'
import { isGiven, listAt, nameAt, objectAt } from '../../untrusted.ts'
import { sentName, type OwnNames } from '../../neutral/tool-name.ts'
import { flag } from './flag.ts'
import { declaredTools } from './tools.ts'

interface Tooling {
  fields: Pick<ResponsesRequest, 'tools' | 'tool_choice' | 'parallel_tool_calls'>
  ownNames: OwnNames
  /** names for `x-droid2api-dropped` */
  dropped: string[]
}

/**
 * What clients that mix dialects write for a word: Anthropic's `{type: "any"}`, or `{type:
 * "auto"}`.
 */
const words = new Map<unknown, string>([
  ['auto', 'auto'],
  ['none', 'none'],
  ['required', 'required'],
  ['any', 'required'],
])

/**
 * `tools`, `tool_choice` and `parallel_tool_calls`; nothing where no tool is declared. Throws a 400
 * for undeclared names.
 */
export function toolingOf(request: JsonObject): Tooling {
  const { tools, legacy, ownNames, dropped } = declaredTools(request)
  if (tools.length === 0) return { fields: {}, ownNames, dropped }
  const choice = choiceOf(request, tools)
  const parallel =
    legacy || isSerial(request.tool_choice)
      ? false
      : flag(request.parallel_tool_calls, 'parallel_tool_calls')
  const fields = {
    tools,
    ...(choice !== undefined && { tool_choice: choice }),
    ...(parallel !== undefined && { parallel_tool_calls: parallel }),
  }
  return { fields, ownNames, dropped }
}

/** Anthropic says it within the choice. */
function isSerial(choice: unknown): boolean {
  return isObject(choice) && choice.disable_parallel_tool_use === true
}

function choiceOf(request: JsonObject, tools: JsonObject[]): unknown {
  const place = isGiven(request.tool_choice) ? 'tool_choice' : 'function_call'
  const value = request[place]
  if (!isGiven(value)) return undefined
  if (typeof value === 'string') return words.get(value) ?? value
  const choice = objectAt(value, place)
  if (place === 'function_call') return named('function', choice, place, tools)
  switch (choice.type) {
    case 'function':
    case 'custom':
      return nestedChoice(choice.type, choice, place, tools)
    case 'tool':
      return named('function', choice, place, tools)
    case 'allowed_tools':
      return allowedTools(choice, place, tools)
    default:
      return words.get(choice.type) ?? choice
  }
}

function nestedChoice(
  type: 'function' | 'custom',
  choice: JsonObject,
  place: string,
  tools: JsonObject[],
): JsonObject {
  if (!isGiven(choice[type])) return named(type, choice, place, tools)
  const at = `${place}.${type}`
  return named(type, objectAt(choice[type], at), at, tools)
}

function named(type: string, choice: JsonObject, place: string, tools: JsonObject[]): JsonObject {
  const name = nameAt(choice.name, `${place}.name`)
  const sent = sentName(name)
  if (tools.some((tool) => tool.name === sent)) return { type, name: sent }
  const shown = JSON.stringify(name.slice(0, 80))
  const message = `${place}.name is ${shown}, which is not among the tools; declare it first.`
  throw badRequest('invalid_value', `${place}.name`, message)
}

function allowedTools(choice: JsonObject, place: string, tools: JsonObject[]): JsonObject {
  const nested = isGiven(choice.allowed_tools)
  const at = nested ? `${place}.allowed_tools` : place
  const allowed = nested ? objectAt(choice.allowed_tools, at) : choice
  const list = listAt(allowed.tools, `${at}.tools`).map((value, index) => {
    const entryPlace = `${at}.tools[${index}]`
    const entry = objectAt(value, entryPlace)
    const type = isObject(entry.custom) || entry.type === 'custom' ? 'custom' : 'function'
    const isOwn = isGiven(entry.type) && entry.type !== type
    return isOwn ? entry : nestedChoice(type, entry, entryPlace, tools)
  })
  return { type: 'allowed_tools', mode: allowed.mode ?? 'auto', tools: list }
}
