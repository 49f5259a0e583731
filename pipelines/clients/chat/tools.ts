/**
 * The tools of a chat request and the choice among them, in the forms of chat, of Responses, of Messages and of 2023.
 * Source: OpenAI API reference "Chat Completions" and "Responses", Anthropic API reference "Messages", read 2026-11.
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
  ToolChoice,
  WebSearch,
} from '../../neutral/request.ts'
import {
  isGiven,
  listAt,
  nameAt,
  objectAt,
  optionalFlagAt,
  textAt,
  markOf,
  toolNameAt,
} from '../../untrusted.ts'
import { openAiSearch, searchLocation } from '../tools.ts'

/** Tools that Anthropic defines carry the date of their version in the type. */
const anthropicType = /_\d{8}$|^mcp_toolset$/

/** Members of a function that are read one by one; all others are `more`. */
const functionMembers = new Set([
  'type',
  'function',
  'name',
  'description',
  'parameters',
  'input_schema',
  'strict',
  'cache_control',
  'prompt_cache_breakpoint',
])
const customMembers = new Set([...functionMembers, 'custom', 'format'])

type Tooling = Pick<NeutralRequest, 'tools' | 'toolChoice' | 'parallelCalls'>

/** `tools`, else `functions`, with the choice among them. Throws a 400 that names the first fault. */
export function readTools(body: JsonObject): Tooling {
  const modern = isGiven(body.tools) ? listAt(body.tools, 'tools') : []
  const legacy = isGiven(body.functions) ? listAt(body.functions, 'functions') : []
  const tools = modern.map((value, at) => toolOf(value, `tools[${at}]`))
  const functions = legacy.map((value, at) => toolOf(value, `functions[${at}]`))
  const isLegacy = tools.length === 0 && functions.length > 0
  const choice = choiceOf(body)
  const parallel = optionalFlagAt(body.parallel_tool_calls, 'parallel_tool_calls')
  const parallelCalls = isLegacy || isSerial(body.tool_choice) ? false : parallel
  return {
    tools: [...(isLegacy ? functions : tools), ...searchOf(body.web_search_options)],
    ...(choice && { toolChoice: choice }),
    ...(parallelCalls !== undefined && { parallelCalls }),
  }
}

/** Anthropic has it within the choice. */
export function isSerial(choice: unknown): boolean {
  return isObject(choice) && choice.disable_parallel_tool_use === true
}

function toolOf(value: unknown, place: string): Tool {
  const tool = objectAt(value, place)
  if (isGiven(tool.type) && tool.type !== 'function' && tool.type !== 'custom') {
    return hostedTool(tool, textAt(tool.type, `${place}.type`), place)
  }
  const isCustom = isCustomTool(tool)
  const key = isCustom ? 'custom' : 'function'
  const at = isGiven(tool[key]) ? `${place}.${key}` : place
  const definition = isGiven(tool[key]) ? objectAt(tool[key], at) : tool
  const { mark } = { ...markOf(definition), ...markOf(tool) }
  const declared: Declared = {
    definition,
    definitionPlace: at,
    tool,
    place,
    name: toolNameAt(definition.name, `${at}.name`),
  }
  return { ...(isCustom ? customTool(declared) : functionTool(declared)), ...(mark && { mark }) }
}

interface Declared {
  definition: JsonObject
  /** where the definition stands: the tool itself, or its `function` or `custom` */
  definitionPlace: string
  tool: JsonObject
  place: string
  name: string
}

/** Anthropic calls functions custom, too; those have a schema. */
function isCustomTool({ type, custom, function: called, input_schema: schema }: JsonObject) {
  const isNamed = isGiven(type) ? type === 'custom' : isGiven(custom) && !isGiven(called)
  return isNamed && !isObject(schema)
}

/** Anthropic's form has `input_schema` for `parameters`. */
function functionTool({ definition, definitionPlace, tool, place, name }: Declared): FunctionTool {
  const key = isGiven(definition.parameters) ? 'parameters' : 'input_schema'
  const strict = optionalFlagAt(definition.strict, `${definitionPlace}.strict`)
  return {
    kind: 'function',
    place,
    name,
    ...descriptionOf(definition, definitionPlace),
    schema: definition[key],
    schemaPlace: `${definitionPlace}.${key}`,
    ...(strict !== undefined && { strict }),
    more: moreOf(tool, definition, functionMembers),
  }
}

function customTool({ definition, definitionPlace, tool, place, name }: Declared): CustomTool {
  return {
    kind: 'custom',
    place,
    name,
    ...descriptionOf(definition, definitionPlace),
    ...(isGiven(definition.format) && {
      grammar: grammarOf(definition.format, `${definitionPlace}.format`),
    }),
    more: moreOf(tool, definition, customMembers),
  }
}

function descriptionOf({ description }: JsonObject, place: string): { description?: string } {
  return isGiven(description) ? { description: textAt(description, `${place}.description`) } : {}
}

/** Chat nests a grammar, `{type, grammar: {syntax, definition}}`; here it is flat, as in Responses. */
function grammarOf(value: unknown, place: string): JsonObject {
  const { grammar, ...format } = objectAt(value, place)
  return isGiven(grammar) ? { ...format, ...objectAt(grammar, `${place}.grammar`) } : format
}

/** Unread members, of the tool and of its definition; the definition's win. */
function moreOf(tool: JsonObject, definition: JsonObject, read: ReadonlySet<string>): JsonObject {
  const entries: [string, unknown][] = []
  for (const holder of [tool, definition]) {
    for (const name in holder) {
      if (!read.has(name) && isGiven(holder[name])) entries.push([name, holder[name]])
    }
  }
  return entries.length > 0 ? Object.fromEntries(entries) : {}
}

function hostedTool(tool: JsonObject, type: string, place: string): HostedTool {
  const isAnthropics = anthropicType.test(type)
  const search = isAnthropics ? anthropicSearch(tool, type) : openAiSearchOf(tool, type, place)
  return {
    kind: 'hosted',
    place,
    written: type,
    own: { api: isAnthropics ? 'anthropic' : 'openai', value: tool },
    ...(search && { search }),
  }
}

function anthropicSearch(tool: JsonObject, type: string): WebSearch | undefined {
  if (!type.startsWith('web_search_')) return undefined
  const { user_location: location, allowed_domains: domains } = tool
  return {
    ...(isObject(location) && { location: searchLocation(location) }),
    ...(isGiven(domains) && { allowedDomains: domains }),
  }
}

function openAiSearchOf(tool: JsonObject, type: string, place: string): WebSearch | undefined {
  if (!openAiSearch.test(type)) return undefined
  const domains = isObject(tool.filters) ? tool.filters.allowed_domains : undefined
  return {
    ...sizeOf(tool),
    ...locationOf(tool.user_location, `${place}.user_location`),
    ...(isGiven(domains) && { allowedDomains: domains }),
  }
}

function searchOf(options: unknown): HostedTool[] {
  if (!isGiven(options)) return []
  const place = 'web_search_options'
  const wished = objectAt(options, place)
  const size = wished.search_context_size
  const search: WebSearch = {
    ...(isGiven(size) && { size: textAt(size, `${place}.search_context_size`) }),
    ...locationOf(wished.user_location, `${place}.user_location`),
  }
  return [{ kind: 'hosted', place, search }]
}

function sizeOf({ search_context_size: size }: JsonObject): Pick<WebSearch, 'size'> {
  return typeof size === 'string' ? { size } : {}
}

/** Chat nests the place under `approximate`; the others have it flat. */
function locationOf(value: unknown, place: string): Pick<WebSearch, 'location'> {
  if (!isGiven(value)) return {}
  const outer = objectAt(value, place)
  const nested = isGiven(outer.approximate)
  return {
    location: searchLocation(nested ? objectAt(outer.approximate, `${place}.approximate`) : outer),
  }
}

/** Chat's choices, and what clients that mix dialects write for them. */
const choices = new Map<unknown, 'auto' | 'none' | 'any'>([
  ['auto', 'auto'],
  ['none', 'none'],
  ['required', 'any'],
  ['any', 'any'],
])

/** `tool_choice`, else `function_call`. */
function choiceOf(body: JsonObject): ToolChoice | undefined {
  const place = isGiven(body.tool_choice) ? 'tool_choice' : 'function_call'
  const value = body[place]
  if (!isGiven(value)) return undefined
  const plain = choices.get(value)
  if (plain) return { type: plain, place }
  if (typeof value === 'string') return { type: 'own', api: 'openai', value, place }
  const choice = objectAt(value, place)
  if (place === 'function_call') return { type: 'tool', ...named('function', choice, place), place }
  const type = isGiven(choice.type) ? choice.type : typeBy(choice)
  switch (type) {
    case 'function':
    case 'custom':
      return { type: 'tool', ...nestedName(type, choice, place), place }
    case 'tool':
      return { type: 'tool', ...named('function', choice, place), place }
    case 'allowed_tools':
      return allowedTools(choice, place)
    default: {
      const ownPlain = choices.get(type)
      return ownPlain ? { type: ownPlain, place } : { type: 'own', api: 'openai', value, place }
    }
  }
}

/** Some clients leave the type of a choice out. */
function typeBy({ custom, function: called, name }: JsonObject): string | undefined {
  if (isGiven(called) || isGiven(name)) return 'function'
  return isGiven(custom) ? 'custom' : undefined
}

function nestedName(kind: NamedTool['kind'], choice: JsonObject, place: string): NamedTool {
  if (!isGiven(choice[kind])) return named(kind, choice, place)
  const at = `${place}.${kind}`
  return named(kind, objectAt(choice[kind], at), at)
}

function named(kind: NamedTool['kind'], choice: JsonObject, place: string): NamedTool {
  const namePlace = `${place}.name`
  return { kind, name: nameAt(choice.name, namePlace), namePlace }
}

/** Chat nests what Responses has flat. */
function allowedTools(choice: JsonObject, place: string): ToolChoice {
  const isNested = isGiven(choice.allowed_tools) || !isGiven(choice.tools)
  const at = isNested ? `${place}.allowed_tools` : place
  const allowed = isNested ? objectAt(choice.allowed_tools, at) : choice
  const mode = isGiven(allowed.mode) ? allowed.mode : 'auto'
  if (mode !== 'auto' && mode !== 'required') throw unknownMode(`${at}.mode`)
  const tools = listAt(allowed.tools, `${at}.tools`).map((value, index): AllowedTool => {
    const entryPlace = `${at}.tools[${index}]`
    const entry = objectAt(value, entryPlace)
    const kind = isObject(entry.custom) || entry.type === 'custom' ? 'custom' : 'function'
    const isOwn = isGiven(entry.type) && entry.type !== kind
    return isOwn
      ? { kind: 'own', value: entry, place: entryPlace }
      : nestedName(kind, entry, entryPlace)
  })
  return { type: 'allowed', mode: mode === 'auto' ? 'auto' : 'any', tools, place }
}

function unknownMode(place: string): ProxyError {
  return invalid(place, `${place} is not known; use auto or required.`)
}

function invalid(place: string, message: string): ProxyError {
  return badRequest('invalid_value', place, message)
}
