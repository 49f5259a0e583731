/** Which tool the model may or must call. */
import { badRequest } from '../../errors.ts'
import type { AnthropicToolChoice } from '../../wire/anthropic.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type { Capability } from './capability.ts'
import type { DeclaredTools } from './tools.ts'
import { isGiven, listAt, nameAt, objectAt } from '../../untrusted.ts'

export interface ChosenTools {
  /** the tools that stay declared */
  tools: JsonObject[]
  choice: AnthropicToolChoice | undefined
  dropped: string[]
}

/** A client's choice, whichever of its spellings was used. */
interface Wish {
  type?: AnthropicToolChoice['type']
  /** of the one tool that must be called */
  name?: string
  /** names of the only tools that may be called */
  only?: string[]
  /** one call at a time */
  serial?: boolean
}

const words = new Map<unknown, Wish>([
  ['auto', { type: 'auto' }],
  ['none', { type: 'none' }],
  ['required', { type: 'any' }],
  ['any', { type: 'any' }],
])

/**
 * `tool_choice`, else `function_call`. Where the model refuses every forced choice, the tools are
 * narrowed as far as the choice allows and the model is left free. Throws a 400 for unknown choices
 * and undeclared names.
 */
export function chooseTools(
  request: JsonObject,
  declared: DeclaredTools,
  forcedTools: Capability['forcedTools'],
): ChosenTools {
  const wish = wishOf(request, declared.tools)
  const refused = isForced(wish.type) && forcedTools === 'never'
  const only = refused && wish.name !== undefined ? [wish.name] : wish.only
  const narrowed = only
    ? declared.tools.filter(({ name }) => typeof name === 'string' && only.includes(name))
    : declared.tools
  const tools = [...narrowed, ...declared.search]
  if (tools.length === 0) return { tools, choice: undefined, dropped: [] }

  const named = wish.name === undefined ? {} : { name: wish.name }
  const wished = wish.type && { type: wish.type, ...named }
  const oneAtATime =
    request.parallel_tool_calls === false || wish.serial === true || declared.legacy
  return {
    tools,
    choice: serial(refused ? { type: 'auto' } : wished, oneAtATime),
    dropped: refused ? ['tool_choice'] : [],
  }
}

export function isForced(type: AnthropicToolChoice['type'] | undefined): boolean {
  return type === 'any' || type === 'tool'
}

function serial(
  choice: AnthropicToolChoice | undefined,
  oneAtATime: boolean,
): AnthropicToolChoice | undefined {
  if (!oneAtATime || choice?.type === 'none') return choice
  return { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true }
}

function wishOf(request: JsonObject, tools: JsonObject[]): Wish {
  const place = isGiven(request.tool_choice) ? 'tool_choice' : 'function_call'
  const value = request[place]
  if (!isGiven(value)) return {}
  const word = words.get(value)
  if (word) return word
  if (!isObject(value)) throw unknownChoice(place)
  if (place === 'function_call') return namedTool(value, place, tools)
  const ownWish = value.type === 'tool' ? namedTool(value, place, tools) : words.get(value.type)
  if (ownWish) return { ...ownWish, serial: value.disable_parallel_tool_use === true }
  if (value.type === 'function') {
    const nested = isGiven(value.function)
    const at = nested ? `${place}.function` : place
    return namedTool(nested ? objectAt(value.function, at) : value, at, tools)
  }
  if (value.type !== 'allowed_tools') throw unknownChoice(`${place}.type`)
  return allowedTools(value, place, tools)
}

function namedTool(value: JsonObject, place: string, tools: JsonObject[]): Wish {
  return { type: 'tool', name: declaredName(value, place, tools) }
}

function allowedTools(value: JsonObject, place: string, tools: JsonObject[]): Wish {
  // chat nests what Responses has flat
  const nested = isGiven(value.allowed_tools) || !isGiven(value.tools)
  const at = nested ? `${place}.allowed_tools` : place
  const allowed = nested ? objectAt(value.allowed_tools, at) : value
  const mode = isGiven(allowed.mode) ? allowed.mode : 'auto'
  if (mode !== 'auto' && mode !== 'required') throw unknownChoice(`${at}.mode`)
  const only = listAt(allowed.tools, `${at}.tools`).map((entry, index) => {
    const entryPlace = `${at}.tools[${index}]`
    const tool = objectAt(entry, entryPlace)
    if (!isGiven(tool.function)) return declaredName(tool, entryPlace, tools)
    const inner = `${entryPlace}.function`
    return declaredName(objectAt(tool.function, inner), inner, tools)
  })
  return { type: mode === 'auto' ? 'auto' : 'any', only }
}

function declaredName(value: JsonObject, place: string, tools: JsonObject[]): string {
  const name = nameAt(value.name, `${place}.name`)
  if (tools.some((tool) => tool.name === name)) return name
  const shown = JSON.stringify(name.slice(0, 80))
  const message = `${place}.name is ${shown}, which no tool has; declare it or take another.`
  throw badRequest('invalid_value', `${place}.name`, message)
}

function unknownChoice(place: string) {
  const message = `${place} is no choice this model knows; use auto, none, required or a function.`
  return badRequest('invalid_value', place, message)
}
