/** The client's tools as Responses tools, which are flat. */
import { isObject, type JsonObject } from '../../json/value.ts'
import { isGiven, listAt, nameAt, objectAt, textAt } from '../../untrusted.ts'
import { sentName, type OwnNames } from '../../neutral/tool-name.ts'
import { flag } from './flag.ts'
import { hostedTool } from './hosted-tools.ts'
import { canBeStrict, parametersOf } from './parameters.ts'
import { membersOf } from './tool-members.ts'
import { webSearchTool } from './web-search.ts'

export interface DeclaredTools {
  tools: JsonObject[]
  /** declared in the form of 2023, `functions`: one call at a time */
  legacy: boolean
  ownNames: OwnNames
  /** names for `x-droid2api-dropped` */
  dropped: string[]
}

/**
 * `tools`, else `functions`, and the search that `web_search_options` stands for. Throws a 400 for
 * a tool without a name.
 */
export function declaredTools(request: JsonObject): DeclaredTools {
  const modern = isGiven(request.tools) ? listAt(request.tools, 'tools') : []
  const legacy = modern.length === 0 && isGiven(request.functions)
  const name = legacy ? 'functions' : 'tools'
  const list = legacy ? listAt(request.functions, name) : modern
  const dropped = new Set<string>()
  const ownNames = new Map<string, string>()
  const searchable = list.some((tool) => isObject(tool) && tool.type === 'tool_search')
  const tools = list.flatMap<JsonObject>((value, index) => {
    const place = `${name}[${index}]`
    return toolOf(objectAt(value, place), place, { dropped, ownNames, searchable }) ?? []
  })
  const search = webSearchTool(request.web_search_options)
  if (search && !tools.some(({ type }) => type === search.type)) tools.push(search)
  return { tools, legacy: legacy && list.length > 0, ownNames, dropped: [...dropped] }
}

interface ToolContext {
  /** names for `x-droid2api-dropped`, to add to */
  dropped: Set<string>
  /** to add to */
  ownNames: Map<string, string>
  /** the request has the tool that finds deferred ones */
  searchable: boolean
}

/** `undefined` for a tool that only another provider runs. */
function toolOf(tool: JsonObject, place: string, context: ToolContext): JsonObject | undefined {
  const { type } = tool
  if (isGiven(type) && type !== 'function' && type !== 'custom') {
    const hosted = hostedTool(tool, textAt(type, `${place}.type`))
    if (!hosted) context.dropped.add('tools')
    return hosted
  }
  const isCustom = isCustomTool(tool)
  const key = isCustom ? 'custom' : 'function'
  const at = isGiven(tool[key]) ? `${place}.${key}` : place
  const definition = isGiven(tool[key]) ? objectAt(tool[key], at) : tool
  const { kept, dropped } = membersOf(definition, tool, context.searchable)
  for (const one of dropped) context.dropped.add(one)
  const own = isCustom ? customTool(definition, at, context) : functionTool(definition, at, context)
  return { ...own, ...kept }
}

/** Anthropic calls functions custom, too; those have a schema. */
function isCustomTool({ type, custom, function: called, input_schema: schema }: JsonObject) {
  const saysSo = isGiven(type) ? type === 'custom' : isGiven(custom) && !isGiven(called)
  return saysSo && !isObject(schema)
}

/**
 * `strict` is always said: left out, the API takes it for true, and then refuses or rewrites loose
 * schemas.
 */
function functionTool(definition: JsonObject, place: string, context: ToolContext): JsonObject {
  const key = isGiven(definition.parameters) ? 'parameters' : 'input_schema'
  const wanted = flag(definition.strict, `${place}.strict`) ?? false
  const strict = wanted && canBeStrict(definition[key])
  if (wanted && !strict) context.dropped.add('strict')
  return {
    type: 'function',
    name: toolName(definition, place, context),
    ...descriptionOf(definition, place),
    parameters: parametersOf(definition[key], `${place}.${key}`),
    strict,
  }
}

function customTool(definition: JsonObject, place: string, context: ToolContext): JsonObject {
  return {
    type: 'custom',
    name: toolName(definition, place, context),
    ...descriptionOf(definition, place),
    ...(isGiven(definition.format) && { format: formatOf(definition.format, `${place}.format`) }),
  }
}

function toolName(definition: JsonObject, place: string, { ownNames }: ToolContext): string {
  const name = nameAt(definition.name, `${place}.name`)
  const sent = sentName(name)
  if (sent !== name) ownNames.set(sent, name)
  return sent
}

/** Chat nests a grammar, `{type, grammar: {syntax, definition}}`; Responses has it flat. */
function formatOf(value: unknown, place: string): JsonObject {
  const { grammar, ...format } = objectAt(value, place)
  return isGiven(grammar) ? { ...format, ...objectAt(grammar, `${place}.grammar`) } : format
}

function descriptionOf({ description }: JsonObject, place: string): JsonObject {
  return isGiven(description) ? { description: textAt(description, `${place}.description`) } : {}
}
