/**
 * The tools of a request and the choice among them as Anthropic has them.
 * Source: Anthropic API reference "Messages", "Tool use", "Web search tool", read 2026-11.
 */
import { badRequest, type ProxyError } from '../../errors.ts'
import type { JsonObject } from '../../json/value.ts'
import { objectSchema } from '../../neutral/object-schema.ts'
import type {
  AllowedTool,
  FunctionTool,
  NeutralRequest,
  Tool,
  ToolChoice,
  WebSearch,
} from '../../neutral/request.ts'
import { memberName, nameAt } from '../../untrusted.ts'
import type {
  AnthropicMessage,
  AnthropicToolChoice,
  MessagesRequest,
} from '../../wire/anthropic.ts'
import type { Capability } from './capability.ts'
import { isBlock, withMark } from './content.ts'
import { fitsStrict, strictSchema } from './schema.ts'

/** What Anthropic defines for a tool besides. */
const ownMembers = ['defer_loading', 'input_examples', 'eager_input_streaming', 'allowed_callers']
/** So many names of lost members are reported; a client may have made up any number. */
const maxNamed = 8

const searchUses = new Map<string | undefined, number>([
  ['low', 1],
  ['medium', 3],
  ['high', 5],
])

export interface Tooling {
  fields: Pick<MessagesRequest, 'tools' | 'tool_choice'>
  dropped: string[]
}

type Asked = Pick<NeutralRequest, 'tools' | 'toolChoice' | 'parallelCalls' | 'names'>

/**
 * Without usable tools nothing is declared, unless the history calls some: then they are declared and out of reach.
 * `answerSchema` counts with the strict tools. Throws a 400 for what the API does not take, and for names that no tool has.
 */
export function toolingOf(
  request: Asked,
  capability: Capability,
  messages: AnthropicMessage[],
  answerSchema: JsonObject | undefined,
): Tooling {
  const declared = fittingTools(request.tools, capability, answerSchema)
  const chosen = chooseTools(request, declared, capability.forcedTools)
  const dropped = [...declared.dropped, ...chosen.dropped]
  if (chosen.tools.length > 0) {
    const { tools } = chosen
    return { fields: { tools, ...(chosen.choice && { tool_choice: chosen.choice }) }, dropped }
  }
  const past = toolsOfHistory(messages)
  if (past.length === 0) return { fields: {}, dropped }
  return { fields: { tools: past, tool_choice: { type: 'none' } }, dropped }
}

interface DeclaredTools {
  tools: JsonObject[]
  /** the server's web search where the request asks for one: not the client's to choose among */
  search: JsonObject[]
  dropped: string[]
}

/** Strict where the client wants it and the API takes as many, else none of them. */
function fittingTools(
  list: Tool[],
  { structuredOutputs }: Capability,
  answerSchema: JsonObject | undefined,
): DeclaredTools {
  const declared = declaredTools(list, structuredOutputs)
  const strict = declared.tools.filter((tool) => tool.strict === true)
  const fits = strict.length === 0 || fitsStrict(strict, answerSchema)
  return fits ? declared : declaredTools(list, false)
}

function declaredTools(list: Tool[], takesStrict: boolean): DeclaredTools {
  const functions = list.filter((tool) => tool.kind === 'function')
  const definitions = list
    .filter((tool) => !isWish(tool))
    .map((tool) => ({ place: tool.place, tool: toolOf(tool, takesStrict) }))
  refuseTwins(definitions)
  const tools = definitions.map(({ tool }) => tool)
  const losesStrict = !takesStrict && functions.some(({ strict }) => strict)
  return {
    tools,
    search: list.filter(isWish).flatMap((wish) => searchOf(wish, tools)),
    dropped: [...(losesStrict ? ['strict'] : []), ...lostMembers(functions)],
  }
}

/** A search that is asked for without a tool. */
function isWish(tool: Tool): boolean {
  return tool.kind === 'hosted' && tool.written === undefined
}

/** Nothing where the request already declares the search itself. */
function searchOf({ place, ...wish }: Tool, tools: JsonObject[]): JsonObject[] {
  const search = searchTool('search' in wish ? wish.search : undefined)
  const twin = tools.find(({ name }) => name === search.name)
  if (!twin) return [search]
  if (typeof twin.type === 'string') return []
  const message = `${place} adds a tool named web_search, which tools holds already; rename yours.`
  throw badRequest('invalid_value', place, message)
}

const searchName = 'web_search'

/** The server tool for a search of whichever provider. */
function searchTool({ size, location, allowedDomains }: WebSearch = {}): JsonObject {
  const uses = searchUses.get(size)
  return {
    type: 'web_search_20250305',
    name: searchName,
    ...(uses && { max_uses: uses }),
    ...(location && { user_location: { type: 'approximate', ...location } }),
    ...(allowedDomains !== undefined && { allowed_domains: allowedDomains }),
  }
}

function toolOf(tool: Tool, takesStrict: boolean): JsonObject {
  switch (tool.kind) {
    case 'function':
      return functionTool(tool, takesStrict)
    case 'hosted':
      if (tool.own?.api === 'anthropic') return { ...tool.own.value }
      if (tool.search) return searchTool(tool.search)
      throw unknownType(tool.place)
    case 'custom':
      throw unknownType(tool.place)
    default:
      return tool satisfies never
  }
}

function functionTool(tool: FunctionTool, takesStrict: boolean): JsonObject {
  const { name, description, more, mark } = tool
  const schema = objectSchema(tool.schema, tool.schemaPlace)
  const strict = takesStrict && tool.strict === true
  const own = ownMembers.filter((member) => member in more).map((member) => [member, more[member]])
  const whole: JsonObject = {
    name,
    ...(description !== undefined && description !== '' && { description }),
    input_schema: strict ? strictSchema(schema) : schema,
    ...(strict && { strict }),
    ...Object.fromEntries(own),
  }
  return withMark(whole, mark)
}

/** Names of members of the client's own tools that no member of an Anthropic tool stands for. */
function lostMembers(functions: FunctionTool[]): string[] {
  const lost = functions
    .flatMap(({ more }) => Object.keys(more))
    .filter((name) => !ownMembers.includes(name))
  const names = new Set(lost.map((name) => memberName('tools', name)))
  return [...names].slice(0, maxNamed)
}

function refuseTwins(definitions: { place: string; tool: JsonObject }[]): void {
  const seen = new Set<unknown>()
  for (const { place, tool } of definitions) {
    if (seen.has(tool.name)) {
      const shown = JSON.stringify(tool.name)
      const message = `${place} has the name of another tool, ${shown}; rename one.`
      throw badRequest('invalid_value', `${place}.name`, message)
    }
    if (tool.name !== undefined && tool.name !== null) seen.add(tool.name)
  }
}

/** Declarations for the tools in a history whose request brings none: the API refuses tool blocks without them. */
function toolsOfHistory(messages: AnthropicMessage[]): JsonObject[] {
  const names = messages
    .flatMap(({ content }) => content)
    .filter((block) => isBlock(block, 'tool_use'))
    .map(({ name }) => name)
  return [...new Set(names)].map((name) => ({ name, input_schema: { type: 'object' } }))
}

function unknownType(place: string): ProxyError {
  const message = `${place}.type is not taken by this model; declare a tool of type "function".`
  return badRequest('invalid_value', `${place}.type`, message)
}

interface ChosenTools {
  /** the tools that stay declared */
  tools: JsonObject[]
  choice?: AnthropicToolChoice | undefined
  dropped: string[]
}

/** A choice as Anthropic has it, but that it may be among some of the tools only. */
interface Wish {
  type?: AnthropicToolChoice['type']
  /** of the one tool that must be called */
  name?: string
  /** names of the only tools that may be called */
  only?: string[]
}

/** Where the model refuses every forced choice, the tools are narrowed as far as the choice allows, and it is left free. */
function chooseTools(
  { toolChoice, parallelCalls, names }: Asked,
  declared: DeclaredTools,
  forcedTools: Capability['forcedTools'],
): ChosenTools {
  const wish = toolChoice ? wishOf(toolChoice, declared.tools) : {}
  const isRefused = isForced(wish.type) && forcedTools === 'never'
  const only = isRefused && wish.name !== undefined ? [wish.name] : wish.only
  const narrowed = only
    ? declared.tools.filter(({ name }) => typeof name === 'string' && only.includes(name))
    : declared.tools
  const tools = [...narrowed, ...declared.search]
  if (tools.length === 0) return { tools, dropped: [] }

  const { type, name } = wish
  const wished = type && { type, ...(type === 'tool' && name !== undefined && { name }) }
  return {
    tools,
    choice: withSerial(isRefused ? { type: 'auto' } : wished, parallelCalls === false),
    dropped: isRefused ? [names.toolChoice ?? 'toolChoice'] : [],
  }
}

/** Whether a choice of this type makes the model call a tool. */
export function isForced(type: AnthropicToolChoice['type'] | undefined): boolean {
  return type === 'any' || type === 'tool'
}

function withSerial(
  choice: AnthropicToolChoice | undefined,
  oneAtATime: boolean,
): AnthropicToolChoice | undefined {
  if (!oneAtATime || choice?.type === 'none') return choice
  return { ...(choice ?? { type: 'auto' }), disable_parallel_tool_use: true }
}

function wishOf(choice: ToolChoice, tools: JsonObject[]): Wish {
  switch (choice.type) {
    case 'auto':
    case 'none':
    case 'any':
      return { type: choice.type }
    case 'tool':
      if (choice.kind === 'custom') throw unknownChoice(`${choice.place}.type`)
      return { type: 'tool', name: declaredName(choice.name, choice.namePlace, tools) }
    case 'allowed':
      return { type: choice.mode, only: choice.tools.map((tool) => allowedName(tool, tools)) }
    case 'hosted':
      if (!choice.tool.search) throw unknownChoice(`${choice.place}.type`)
      return { type: 'tool', name: searchName }
    case 'own': {
      const { place, value } = choice
      throw unknownChoice(typeof value === 'object' ? `${place}.type` : place)
    }
    default:
      return choice satisfies never
  }
}

function allowedName(tool: AllowedTool, tools: JsonObject[]): string {
  if (tool.kind !== 'own') return declaredName(tool.name, tool.namePlace, tools)
  const place = `${tool.place}.name`
  return declaredName(nameAt(tool.value.name, place), place, tools)
}

function declaredName(name: string, place: string, tools: JsonObject[]): string {
  if (tools.some((tool) => tool.name === name)) return name
  const shown = JSON.stringify(name.slice(0, 80))
  const message = `${place} is ${shown}, which no tool has; declare it or take another.`
  throw badRequest('invalid_value', place, message)
}

function unknownChoice(place: string): ProxyError {
  const message = `${place} is no choice this model knows; use auto, none, required or a function.`
  return badRequest('invalid_value', place, message)
}
