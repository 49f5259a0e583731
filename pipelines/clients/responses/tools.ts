/**
 * The tools of a Responses request, which may come in its input, too, and the choice among them. Source: OpenAI API reference
 * "Responses" and the types of the `openai` package 7.59, read 2026-11.
 */
import { badRequest, type ProxyError } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type {
  AllowedTool,
  CustomTool,
  FunctionTool,
  HostedTool,
  NamedTool,
  NeutralRequest,
  Tool,
  ToolChange,
  ToolChoice,
  WebSearch,
} from '../../neutral/request.ts'
import {
  isGiven,
  listAt,
  memberName,
  nameAt,
  objectAt,
  optionalFlagAt,
  shown,
  textAt,
  toolNameAt,
} from '../../untrusted.ts'
import { isNamed } from '../../neutral/tools.ts'
import { keyOf, openAiSearch, refuseTwins, searchLocation } from '../tools.ts'
import { builtInTool } from './built-in-tools.ts'
import { unnested } from './chat-words.ts'

type Tooling = Pick<NeutralRequest, 'tools' | 'toolChanges' | 'toolChoice' | 'parallelCalls'>

/** What a conversation says of the tools. */
export interface ToolHistory {
  /** of items that declare tools; a later one takes the place of one of the same name */
  declared: Tool[]
  changes: ToolChange[]
}

/** Throws a 400 that names the first fault. `showsSources`: of a search the client wants to get what was found. */
export function readTools(body: JsonObject, history: ToolHistory, showsSources: boolean): Tooling {
  const own = isGiven(body.tools) ? toolsAt(body.tools, 'tools') : []
  refuseTwins(own)
  const tools = joined(own, history.declared).map((tool) =>
    showsSources ? withSources(tool) : tool,
  )
  const choice = choiceOf(body.tool_choice, tools)
  const parallelCalls = optionalFlagAt(body.parallel_tool_calls, 'parallel_tool_calls')
  return {
    tools,
    ...(history.changes.length > 0 && { toolChanges: history.changes }),
    ...(choice && { toolChoice: choice }),
    ...(parallelCalls !== undefined && { parallelCalls }),
  }
}

/** A list of declared tools, those in a namespace one by one. Throws a 400 that names the first fault. */
export function toolsAt(value: unknown, place: string): Tool[] {
  return listAt(value, place).flatMap((entry, index) => toolsOf(entry, `${place}[${index}]`))
}

function toolsOf(value: unknown, place: string): Tool[] {
  const tool = unnested(objectAt(value, place))
  const type = isGiven(tool.type) ? textAt(tool.type, `${place}.type`) : 'function'
  switch (type) {
    case 'function':
      return [functionTool(tool, place)]
    case 'custom':
      return [customTool(tool, place)]
    case 'namespace':
      return namespaceTools(tool, place)
    default:
      return [builtInTool(tool, place) ?? hostedTool(tool, type, place)]
  }
}

/** A namespace in a namespace has no meaning, and what a provider runs belongs to none. */
function namespaceTools(namespace: JsonObject, place: string): Tool[] {
  const name = toolNameAt(namespace.name, `${place}.name`)
  return toolsAt(namespace.tools, `${place}.tools`).map((tool) => inNamespace(tool, name))
}

function inNamespace(tool: Tool, namespace: string): Tool {
  return isNamed(tool) && tool.namespace === undefined ? { ...tool, namespace } : tool
}

function functionTool(tool: JsonObject, place: string): FunctionTool {
  const strict = optionalFlagAt(tool.strict, `${place}.strict`)
  return {
    kind: 'function',
    ...namedTool(tool, place),
    schema: tool.parameters ?? undefined,
    schemaPlace: `${place}.parameters`,
    ...(strict !== undefined && { strict }),
    more: {},
  }
}

function customTool(tool: JsonObject, place: string): CustomTool {
  const { format } = tool
  return {
    kind: 'custom',
    ...namedTool(tool, place),
    ...(isGiven(format) && { grammar: objectAt(format, `${place}.format`) }),
    more: {},
  }
}

function namedTool(tool: JsonObject, place: string) {
  const { description } = tool
  return {
    place,
    name: toolNameAt(tool.name, `${place}.name`),
    ...(isGiven(description) && { description: textAt(description, `${place}.description`) }),
    ...(tool.defer_loading === true && { deferred: true as const }),
  }
}

/** Run by the provider, or unknown: the model that is asked may have its like, or none. */
function hostedTool(tool: JsonObject, type: string, place: string): HostedTool {
  const search = openAiSearch.test(type) ? searchOf(tool) : undefined
  return {
    kind: 'hosted',
    place,
    written: type,
    own: { api: 'openai', value: tool },
    lostName: search ? 'tools.web_search' : memberName('tools', type),
    ...(search && { search }),
    ...(type === 'tool_search' && { findsTools: true }),
  }
}

function searchOf(tool: JsonObject): WebSearch {
  const { search_context_size: size, user_location: location, filters } = tool
  const { allowed_domains: allowed, blocked_domains: blocked } = isObject(filters) ? filters : {}
  return {
    ...(typeof size === 'string' && { size }),
    ...(isObject(location) && { location: searchLocation(location) }),
    ...(isGiven(allowed) && { allowedDomains: allowed }),
    ...(isGiven(blocked) && { blockedDomains: blocked }),
  }
}

function withSources(tool: Tool): Tool {
  if (isNamed(tool) || !tool.search) return tool
  return { ...tool, search: { ...tool.search, showsSources: true } }
}

/** Clients declare a tool again in a later item, as they resume or compact a conversation. */
function joined(own: Tool[], later: Tool[]): Tool[] {
  if (later.length === 0) return own
  const byKey = new Map<string, Tool>()
  for (const tool of [...own, ...later]) byKey.set(keyOf(tool), tool)
  return [...byKey.values()]
}

const words = new Map<unknown, 'auto' | 'none' | 'any'>([
  ['auto', 'auto'],
  ['none', 'none'],
  ['required', 'any'],
])

const place = 'tool_choice'

function choiceOf(value: unknown, tools: readonly Tool[]): ToolChoice | undefined {
  if (!isGiven(value)) return undefined
  const word = words.get(value)
  if (word) return { type: word, place }
  if (typeof value === 'string') {
    throw invalid(place, `${place} is ${shown(value)}; use auto, none, required or an object.`)
  }
  const choice = unnested(objectAt(value, place))
  if (choice.type === 'allowed_tools') return allowedTools(choice, tools)
  const named = namedChoice(choice, place, tools)
  if (named) return { type: 'tool', ...named, place }
  const hosted = hostedChoice(choice.type, tools)
  if (hosted) return { type: 'hosted', tool: hosted, place }
  throw invalid(place, `${place} has the type ${shown(choice.type)}, which no tool has.`)
}

/** A function, a tool that takes text, or one of the API's own that the client runs, which has its type for a name. */
function namedChoice(
  choice: JsonObject,
  at: string,
  tools: readonly Tool[],
): NamedTool | undefined {
  const { type, namespace } = choice
  if (type === 'function' || type === 'custom') {
    const namePlace = `${at}.name`
    const name = nameAt(choice.name, namePlace)
    const space = isGiven(namespace)
      ? textAt(namespace, `${at}.namespace`)
      : onlyNamespace(name, tools)
    return { kind: type, name, namePlace, ...(space !== undefined && { namespace: space }) }
  }
  const builtIn = tools.find((tool) => tool.kind === 'function' && tool.builtIn === type)
  if (!builtIn || !isNamed(builtIn)) return undefined
  return { kind: 'function', name: builtIn.name, namePlace: `${at}.type` }
}

/** The API's choice has no namespace: the name counts where only one tool has it. */
function onlyNamespace(name: string, tools: readonly Tool[]): string | undefined {
  const ofName = tools.filter(isNamed).filter((tool) => tool.name === name)
  return ofName.length === 1 ? ofName[0]?.namespace : undefined
}

function hostedChoice(type: unknown, tools: readonly Tool[]): HostedTool | undefined {
  const hosted = tools.filter((tool) => tool.kind === 'hosted')
  const isSearch = typeof type === 'string' && openAiSearch.test(type)
  return (
    hosted.find(({ written }) => written === type) ??
    (isSearch ? hosted.find(({ search }) => search) : undefined)
  )
}

function allowedTools(choice: JsonObject, tools: readonly Tool[]): ToolChoice {
  const mode = choice.mode ?? 'auto'
  if (mode !== 'auto' && mode !== 'required') {
    throw invalid(`${place}.mode`, `${place}.mode is ${shown(mode)}; use auto or required.`)
  }
  const allowed = listAt(choice.tools, `${place}.tools`).flatMap((value, index) =>
    allowedTool(value, `${place}.tools[${index}]`, tools),
  )
  return { type: 'allowed', mode: mode === 'auto' ? 'auto' : 'any', tools: allowed, place }
}

function allowedTool(value: unknown, at: string, tools: readonly Tool[]): AllowedTool[] {
  const entry = unnested(objectAt(value, at))
  if (entry.type !== 'namespace') {
    return [namedChoice(entry, at, tools) ?? { kind: 'own', value: entry, place: at }]
  }
  const namespace = nameAt(entry.name, `${at}.name`)
  return tools
    .filter(isNamed)
    .filter((tool) => tool.namespace === namespace)
    .map(({ kind, name }) => ({ kind, name, namespace, namePlace: `${at}.name` }))
}

function invalid(at: string, message: string): ProxyError {
  return badRequest('invalid_value', at, message)
}
