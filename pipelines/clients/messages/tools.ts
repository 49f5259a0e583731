/**
 * The tools of a Messages request, what the conversation makes of them, and the choice among them. Source: Anthropic API
 * reference "Messages" and the types of `@anthropic-ai/sdk` 1.12, read 2026-11.
 */
import { badRequest } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type {
  FunctionTool,
  NeutralRequest,
  Tool,
  ToolChange,
  ToolChoice,
  WebSearch,
} from '../../neutral/request.ts'
import {
  isGiven,
  listAt,
  nameAt,
  objectAt,
  optionalFlagAt,
  shown,
  textAt,
  markOf,
  toolNameAt,
} from '../../untrusted.ts'
import { ownOf } from '../blocks.ts'
import { refuseTwins, searchLocation } from '../tools.ts'
import { builtInTool } from './built-in-tools.ts'

/** Tools that the client runs, though only Anthropic's models know how they are called: other models take other coordinates. */
const clientRun = /^computer_\d|^(?:browser|computer)_toolset/
const searchType = /^web_search_\d/
const finderType = /^tool_search_tool_/

type Tooling = Pick<NeutralRequest, 'tools' | 'toolChanges' | 'toolChoice' | 'parallelCalls'>

/** Throws a 400 that names the first fault. */
export function readTools(body: JsonObject, toolChanges: ToolChange[]): Tooling {
  const list = isGiven(body.tools) ? listAt(body.tools, 'tools') : []
  const tools = list.map((value, at) => toolOf(value, `tools[${at}]`))
  refuseTwins(tools)
  const choice = isGiven(body.tool_choice) ? objectAt(body.tool_choice, 'tool_choice') : undefined
  const toolChoice = choice && choiceOf(choice, tools)
  const isSerial = choice?.disable_parallel_tool_use === true
  return {
    tools,
    ...(toolChanges.length > 0 && { toolChanges }),
    ...(toolChoice && { toolChoice }),
    ...(isSerial && { parallelCalls: false }),
  }
}

/** What a `tool_addition` or `tool_removal` does to the tools; nothing where it is about another server's. */
export function toolChange(
  block: JsonObject,
  type: 'tool_addition' | 'tool_removal',
  place: string,
): ToolChange[] {
  const at = `${place}.tool`
  const { type: kind, name, definition } = objectAt(block.tool, at)
  if (kind === 'tool_definition') {
    const tool = toolOf(definition, `${at}.definition`)
    return tool.kind === 'hosted' ? [] : [{ type: 'add', tool: withoutDeferral(tool) }]
  }
  if (kind !== 'tool_reference') return []
  const known = nameAt(name, `${at}.name`)
  return [{ type: type === 'tool_addition' ? 'load' : 'remove', name: known }]
}

function withoutDeferral<T extends Tool>(tool: T): T {
  const { deferred: _deferred, ...rest } = tool
  return rest as T
}

function toolOf(value: unknown, place: string): Tool {
  const tool = objectAt(value, place)
  if (!isGiven(tool.type) || tool.type === 'custom') return functionTool(tool, place)
  const type = textAt(tool.type, `${place}.type`)
  const known = builtInTool(type)
  if (known) {
    const { description, schema } = known
    const asFunction = functionTool({ ...tool, description, input_schema: schema }, place)
    return { ...asFunction, ...ownOf(tool) }
  }
  const search = searchType.test(type) ? searchOf(tool) : undefined
  return {
    kind: 'hosted',
    place,
    written: type,
    ...ownOf(tool),
    lostName: `tools.${typeof tool.name === 'string' ? tool.name : type}`,
    ...(search && { search }),
    ...(finderType.test(type) && { findsTools: true }),
    ...(clientRun.test(type) && { isClientRun: true }),
  }
}

/** Its members without counterpart, such as examples, go where the whole goes as it is. */
function functionTool(tool: JsonObject, place: string): FunctionTool {
  const { description } = tool
  const isStrict = optionalFlagAt(tool.strict, `${place}.strict`) === true
  return {
    kind: 'function',
    place,
    name: toolNameAt(tool.name, `${place}.name`),
    ...(isGiven(description) && { description: textAt(description, `${place}.description`) }),
    schema: tool.input_schema,
    schemaPlace: `${place}.input_schema`,
    ...(isStrict && { strict: 'if-possible' }),
    ...(tool.defer_loading === true && { deferred: true }),
    more: {},
    ...markOf(tool),
    ...ownOf(tool),
  }
}

/** So many searches are one of OpenAI's sizes. */
const sizes: [uses: number, size: string][] = [
  [1, 'low'],
  [3, 'medium'],
  [Number.POSITIVE_INFINITY, 'high'],
]

function searchOf(tool: JsonObject): WebSearch {
  const { user_location: location, allowed_domains: allowed, blocked_domains: blocked } = tool
  const uses = tool.max_uses
  const size = typeof uses === 'number' ? sizes.find(([upTo]) => uses <= upTo)?.[1] : undefined
  return {
    ...(size !== undefined && { size }),
    ...(isObject(location) && { location: searchLocation(location) }),
    ...(isGiven(allowed) && { allowedDomains: allowed }),
    ...(isGiven(blocked) && { blockedDomains: blocked }),
    showsSources: true,
  }
}

function choiceOf(choice: JsonObject, tools: readonly Tool[]): ToolChoice {
  const place = 'tool_choice'
  switch (choice.type) {
    case 'auto':
    case 'none':
    case 'any':
      return { type: choice.type, place }
    case 'tool': {
      const namePlace = `${place}.name`
      const name = nameAt(choice.name, namePlace)
      const hosted = tools.find((tool) => tool.kind === 'hosted' && tool.own?.value.name === name)
      if (!hosted || hosted.kind !== 'hosted') {
        return { type: 'tool', kind: 'function', name, namePlace, place }
      }
      return { type: 'hosted', tool: hosted, place }
    }
    default: {
      const message = `${place}.type is ${shown(choice.type)}; use auto, any, tool or none.`
      throw badRequest('invalid_value', `${place}.type`, message)
    }
  }
}
