/**
 * The tools of a request and the choice among them as Anthropic has them.
 * Source: Anthropic API reference "Messages", "Tool use", "Web search tool", read 2026-11.
 */
import { badRequest, type ProxyError } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type { Model } from '../../model.ts'
import { objectSchema } from '../../neutral/object-schema.ts'
import type {
  FunctionTool,
  HostedTool,
  NeutralRequest,
  Tool,
  WebSearch,
} from '../../neutral/request.ts'
import { isWishedSearch, lostTools, type ToolNames } from '../../neutral/tools.ts'
import { wrappedTool } from '../../neutral/free-text.ts'
import type { WriteContext } from '../../neutral/writing.ts'
import { isGiven, memberName } from '../../untrusted.ts'
import type { AnthropicMessage, MessagesRequest } from '../../wire/anthropic.ts'
import { chooseTools, searchName, type Capability, type DeclaredTools } from './capability.ts'
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

interface ToolContext {
  model: Model
  nameOf?: WriteContext['nameOf']
  capability: Capability
  names: ToolNames
  messages: AnthropicMessage[]
  /** counts with the strict tools */
  answerSchema: JsonObject | undefined
}

/**
 * Without usable tools nothing is declared, unless the history calls some: then they are declared and out of reach.
 * Throws a 400 for what the API does not take, and for names that no tool has.
 */
export function toolingOf(request: NeutralRequest, context: ToolContext): Tooling {
  const { capability, messages, names, nameOf } = context
  const isLacking = (tool: HostedTool) => !isDeclarable(tool, request, context)
  const lost = lostTools(request, isLacking)
  const usable = request.tools.filter((tool) => tool.kind !== 'hosted' || !isLacking(tool))
  const declared = fittingTools(usable, context)
  const chosen = chooseTools(request, declared, capability.forcedTools, names)
  const dropped = [...lost, ...declared.dropped, ...chosen.dropped]
  if (chosen.tools.length > 0) {
    const tools = chosen.tools.map((tool) => named(tool, nameOf))
    return { fields: { tools, ...(chosen.choice && { tool_choice: chosen.choice }) }, dropped }
  }
  const past = toolsOfHistory(messages)
  if (past.length === 0) return { fields: {}, dropped }
  return { fields: { tools: past, tool_choice: { type: 'none' } }, dropped }
}

/**
 * A tool, or what else names another model, with the name that the upstream has for that one. Throws ProxyError 403 for a model
 * that the client may not use.
 * @see https://github.com/decolua/9router/issues/745
 */
export function named<One>(one: One, nameOf: WriteContext['nameOf']): One {
  if (!nameOf || !isObject(one) || typeof one.model !== 'string') return one
  const model = nameOf(one.model)
  return model === one.model ? one : { ...one, model }
}

interface FittingTools extends DeclaredTools {
  dropped: string[]
}

/**
 * Whether a tool that some provider runs has its like here. What a client of another API says in its own words is left to
 * `toolOf`. A search beside tools of the client's own costs money that nobody may have meant to spend.
 */
function isDeclarable(
  tool: HostedTool,
  { tools, toolChoice }: NeutralRequest,
  { model }: Pick<ToolContext, 'model'>,
): boolean {
  if (tool.lostName === undefined || tool.own?.api === 'anthropic') return true
  if (!tool.search) return false
  const isChosen = toolChoice?.type === 'hosted' && toolChoice.tool === tool
  return isChosen || model.web_search === true || tools.every(({ kind }) => kind === 'hosted')
}

/** The names that the API's own tools have in a request: they are fixed, so that the client's tools get others. */
export function ownNames(request: NeutralRequest, context: Pick<ToolContext, 'model'>): unknown[] {
  const hosted = request.tools.filter((tool) => tool.kind === 'hosted')
  return hosted
    .filter((tool) => isDeclarable(tool, request, context))
    .map((tool) => (tool.own?.api === 'anthropic' ? tool.own.value.name : searchName))
}

/** Strict where the client wants it and the API takes as many, else none of them. */
function fittingTools(
  list: Tool[],
  { capability, answerSchema, names }: ToolContext,
): FittingTools {
  const declared = declaredTools(list, capability.structuredOutputs, names)
  const strict = declared.tools.filter((tool) => tool.strict === true)
  const fits = strict.length === 0 || fitsStrict(strict, answerSchema)
  return fits ? declared : declaredTools(list, false, names)
}

function declaredTools(list: Tool[], takesStrict: boolean, names: ToolNames): FittingTools {
  const functions = list.filter((tool) => tool.kind === 'function')
  const definitions = list
    .filter((tool) => !isWishedSearch(tool))
    .map((tool) => ({ place: tool.place, tool: toolOf(tool, takesStrict, names) }))
  refuseTwins(definitions)
  const tools = definitions.map(({ tool }) => tool)
  const losesStrict = !takesStrict && functions.some(({ strict }) => strict)
  return {
    tools,
    search: list.filter(isWishedSearch).flatMap((wish) => searchOf(wish, tools)),
    dropped: [...(losesStrict ? ['strict'] : []), ...lostMembers(functions)],
  }
}

/** Nothing where the request already declares the search itself. */
function searchOf(wish: Tool, tools: JsonObject[]): JsonObject[] {
  const search = searchTool('search' in wish ? wish.search : undefined)
  return tools.some(({ name }) => name === search.name) ? [] : [search]
}

/** The server tool for a search of whichever provider. */
function searchTool({ size, location, ...domains }: WebSearch = {}): JsonObject {
  const { allowedDomains: allowed, blockedDomains: blocked } = domains
  const uses = searchUses.get(size)
  return {
    type: 'web_search_20250305',
    name: searchName,
    ...(uses && { max_uses: uses }),
    ...(location && { user_location: { type: 'approximate', ...location } }),
    ...(allowed !== undefined && { allowed_domains: allowed }),
    // the API takes either
    ...(allowed === undefined && blocked !== undefined && { blocked_domains: blocked }),
  }
}

function toolOf(tool: Tool, takesStrict: boolean, names: ToolNames): JsonObject {
  switch (tool.kind) {
    case 'function':
      return ownTool(tool) ?? functionTool(tool, takesStrict, names)
    case 'hosted': {
      const own = ownTool(tool)
      if (own) return own
      if (tool.search) return searchTool(tool.search)
      throw unknownType(tool.place)
    }
    case 'custom': {
      const wrapped = { ...tool, ...wrappedTool(tool), kind: 'function' as const }
      return functionTool({ ...wrapped, schemaPlace: tool.place }, takesStrict, names)
    }
    default:
      return tool satisfies never
  }
}

/** One of Anthropic's own, such as `bash_20250124`, as the client declared it: by its type, without a schema. */
function ownTool({ own }: FunctionTool | HostedTool): JsonObject | undefined {
  if (own?.api !== 'anthropic') return undefined
  const { type } = own.value
  return isGiven(type) && type !== 'custom' ? { ...own.value } : undefined
}

function functionTool(tool: FunctionTool, takesStrict: boolean, names: ToolNames): JsonObject {
  const { name, namespace, description, mark } = tool
  const more = tool.own?.api === 'anthropic' ? tool.own.value : tool.more
  const schema = objectSchema(tool.schema, tool.schemaPlace)
  const strict = takesStrict && Boolean(tool.strict)
  const own = ownMembers.filter((member) => member in more).map((member) => [member, more[member]])
  const whole: JsonObject = {
    name: names.sent(name, namespace),
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
  const names = new Set<string>()
  for (const { content } of messages) {
    for (const block of content) if (isBlock(block, 'tool_use')) names.add(block.name)
  }
  return [...names].map((name) => ({ name, input_schema: { type: 'object' } }))
}

function unknownType(place: string): ProxyError {
  const message = `${place}.type is not taken by this model; declare a tool of type "function".`
  return badRequest('invalid_value', `${place}.type`, message)
}
