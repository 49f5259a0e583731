/** The client's tools as Anthropic tools. */
import { badRequest } from '../../errors.ts'
import type { AnthropicMessage } from '../../wire/anthropic.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { withMark } from './cache-control.ts'
import { lostMember, searchTool, webSearchTool } from './fields.ts'
import { objectSchema } from '../../neutral/object-schema.ts'
import { strictSchema } from './strict-schema.ts'
import { isGiven, listAt, nameAt, objectAt } from '../../untrusted.ts'

/** Tools that Anthropic defines carry the date of their version in the type. */
const serverType = /_\d{8}$|^mcp_toolset$/
/** The search of Responses, which clients that switch APIs declare. */
const openAiSearch = /^web_search(?:_preview)?(?:_\d{4}_\d\d_\d\d)?$/

/** What Anthropic defines for a tool besides; clients of chat put it beside `function`, or inside. */
const ownMembers = ['defer_loading', 'input_examples', 'eager_input_streaming', 'allowed_callers']
/** What is carried over in other words, or says nothing. */
const readMembers = new Set([
  ...ownMembers,
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
/** So many names of lost members are told; a client may have made up any number. */
const maxNamed = 8

export interface DeclaredTools {
  tools: JsonObject[]
  /** the server's web search where the request asks for one: not the client's to choose among */
  search: JsonObject[]
  /** declared in the form of 2023, `functions`: one call at a time */
  legacy: boolean
  dropped: string[]
}

/**
 * `tools`, else `functions`. Throws a 400 for a tool that cannot be carried over. `strict` says
 * whether strict tools are taken.
 */
export function declaredTools(request: JsonObject, strict: boolean): DeclaredTools {
  const modern = isGiven(request.tools) ? listAt(request.tools, 'tools') : []
  const legacy = modern.length === 0 && isGiven(request.functions)
  const name = legacy ? 'functions' : 'tools'
  const list = legacy ? listAt(request.functions, name) : modern
  const definitions = list.map((value, at) => {
    const place = `${name}[${at}]`
    return { place, tool: toolOf(objectAt(value, place), place, strict) }
  })
  refuseTwins(definitions)
  const tools = definitions.map(({ tool }) => tool)
  const losesStrict = !strict && list.some(isStrict)
  return {
    tools,
    search: searchOf(request, tools),
    legacy: legacy && list.length > 0,
    dropped: [...(losesStrict ? ['strict'] : []), ...lostMembers(list)],
  }
}

function isHosted(type: unknown): boolean {
  return typeof type === 'string' && (serverType.test(type) || openAiSearch.test(type))
}

/** Names of members of the client's own tools that no member of an Anthropic tool stands for. */
function lostMembers(list: unknown[]): string[] {
  const definitions = list
    .filter(isObject)
    .filter(({ type }) => !isHosted(type))
    .flatMap((tool) => (isObject(tool.function) ? [tool, tool.function] : [tool]))
  const lost = definitions.flatMap((definition) =>
    Object.keys(definition).filter((name) => !readMembers.has(name) && isGiven(definition[name])),
  )
  const names = new Set(lost.map((name) => lostMember('tools', name)))
  return [...names].slice(0, maxNamed)
}

/** Nothing where the request already declares the search itself. */
function searchOf(request: JsonObject, tools: JsonObject[]): JsonObject[] {
  const search = webSearchTool(request)
  if (!search) return []
  const twin = tools.find(({ name }) => name === search.name)
  if (!twin) return [search]
  if (typeof twin.type === 'string') return []
  const place = 'web_search_options'
  const message = `${place} adds a tool named web_search, which tools holds already; rename yours.`
  throw badRequest('invalid_value', place, message)
}

/**
 * Declarations for the tools seen in a history whose request brings none: the API refuses tool
 * blocks without them.
 */
export function toolsOfHistory(messages: AnthropicMessage[]): JsonObject[] {
  const names = messages
    .flatMap(({ content }) => content)
    .filter(({ type }) => type === 'tool_use')
    .map(({ name }) => name)
  return [...new Set(names)].map((name) => ({ name, input_schema: { type: 'object' } }))
}

function toolOf(tool: JsonObject, place: string, strict: boolean): JsonObject {
  const { type } = tool
  if (typeof type === 'string' && serverType.test(type)) return { ...tool }
  if (typeof type === 'string' && openAiSearch.test(type)) return searchTool(tool, place)
  const isAnthropic = type === 'custom' && isObject(tool.input_schema)
  if (isGiven(type) && type !== 'function' && !isAnthropic) throw unknownType(place)
  const nested = isGiven(tool.function)
  const at = nested ? `${place}.function` : place
  const definition = nested ? objectAt(tool.function, at) : tool
  const defined = definedTool(definition, at, strict && isStrict(tool))
  const whole = { ...defined, ...membersOf(definition), ...membersOf(tool) }
  return withMark(withMark(whole, definition), tool)
}

function membersOf(definition: JsonObject): JsonObject {
  const given = ownMembers.filter((name) => isGiven(definition[name]))
  return Object.fromEntries(given.map((name) => [name, definition[name]]))
}

function definedTool(definition: JsonObject, place: string, strict: boolean): JsonObject {
  const key = isGiven(definition.parameters) ? 'parameters' : 'input_schema'
  const schema = objectSchema(definition[key], `${place}.${key}`)
  const { description } = definition
  return {
    name: nameAt(definition.name, `${place}.name`),
    ...(typeof description === 'string' && description !== '' && { description }),
    input_schema: strict ? strictSchema(schema) : schema,
    ...(strict && { strict }),
  }
}

function isStrict(tool: unknown): boolean {
  if (!isObject(tool)) return false
  return (isObject(tool.function) ? tool.function : tool).strict === true
}

function refuseTwins(definitions: { place: string; tool: JsonObject }[]): void {
  const seen = new Set<unknown>()
  for (const { place, tool } of definitions) {
    if (seen.has(tool.name)) {
      const shown = JSON.stringify(tool.name)
      const message = `${place} has the name of another tool, ${shown}; rename one.`
      throw badRequest('invalid_value', `${place}.name`, message)
    }
    if (isGiven(tool.name)) seen.add(tool.name)
  }
}

function unknownType(place: string) {
  const message = `${place}.type is not taken by this model; declare a tool of type "function".`
  return badRequest('invalid_value', `${place}.type`, message)
}
