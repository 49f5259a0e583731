/** The client's tools as Responses tools, which are flat. */
import type { JsonObject } from '../../wire/chat.ts'
import { isGiven, listAt, nameAt, objectAt, textAt } from '../untrusted.ts'
import { isObject } from '../../wire/json.ts'
import { flag } from './flag.ts'
import { webSearchTool } from './web-search.ts'

export interface DeclaredTools {
  tools: JsonObject[]
  /** declared in the form of 2023, `functions`: one call at a time */
  legacy: boolean
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
  const tools = list.map((value, index) => {
    const place = `${name}[${index}]`
    return toolOf(objectAt(value, place), place)
  })
  const search = webSearchTool(request.web_search_options)
  if (search && !tools.some(({ type }) => type === search.type)) tools.push(search)
  return { tools, legacy: legacy && list.length > 0 }
}

function toolOf(tool: JsonObject, place: string): JsonObject {
  const { type } = tool
  if (isGiven(tool.function)) {
    return functionTool(objectAt(tool.function, `${place}.function`), `${place}.function`)
  }
  if (type === 'custom' && !isObject(tool.input_schema)) return customTool(tool, place)
  if (!isGiven(type) || type === 'function' || type === 'custom') return functionTool(tool, place)
  return tool
}

/**
 * `strict` is always said: left out, the API takes it for true, and then refuses or rewrites loose
 * schemas.
 */
function functionTool(definition: JsonObject, place: string): JsonObject {
  const key = isGiven(definition.parameters) ? 'parameters' : 'input_schema'
  return {
    type: 'function',
    name: nameAt(definition.name, `${place}.name`),
    ...descriptionOf(definition, place),
    parameters: parametersOf(definition[key], `${place}.${key}`),
    strict: flag(definition.strict, `${place}.strict`) ?? false,
  }
}

/** The API refuses an empty schema, which means the same as none. */
function parametersOf(value: unknown, place: string): JsonObject {
  const schema = isGiven(value) ? objectAt(value, place) : {}
  return Object.keys(schema).length > 0 ? schema : { type: 'object', properties: {} }
}

function customTool(tool: JsonObject, place: string): JsonObject {
  const nested = isGiven(tool.custom)
  const at = nested ? `${place}.custom` : place
  const definition = nested ? objectAt(tool.custom, at) : tool
  return {
    type: 'custom',
    name: nameAt(definition.name, `${at}.name`),
    ...descriptionOf(definition, at),
    ...(isGiven(definition.format) && { format: formatOf(definition.format, `${at}.format`) }),
  }
}

/** Chat nests a grammar, `{type, grammar: {syntax, definition}}`; Responses has it flat. */
function formatOf(value: unknown, place: string): JsonObject {
  const { grammar, ...format } = objectAt(value, place)
  return isGiven(grammar) ? { ...format, ...objectAt(grammar, `${place}.grammar`) } : format
}

function descriptionOf({ description }: JsonObject, place: string): JsonObject {
  return isGiven(description) ? { description: textAt(description, `${place}.description`) } : {}
}
