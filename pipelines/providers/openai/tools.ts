/** The tools that a request declares, flat as Responses has them, and the choice among them. */
import type { JsonObject } from '../../json/value.ts'
import type {
  CustomTool,
  FunctionTool,
  HostedTool,
  NamedTool,
  NeutralRequest,
  Tool,
  ToolChoice,
  WebSearch,
} from '../../neutral/request.ts'
import { isWishedSearch, lostTools, type ToolNames, undeclared } from '../../neutral/tools.ts'
import type { ResponsesRequest, ResponsesTool } from '../../wire/responses.ts'
import { foreign } from './parts.ts'
import { isStrict, parametersOf } from './schema.ts'

interface Tooling {
  fields: Pick<ResponsesRequest, 'tools' | 'tool_choice' | 'parallel_tool_calls'>
  /** names for `x-droid2api-dropped` */
  dropped: string[]
}

/** What is written beside the tools themselves. */
interface ToolContext {
  dropped: Set<string>
  names: ToolNames
  /** the request has the tool that finds deferred ones */
  isSearchable: boolean
}

/**
 * `tools`, `tool_choice` and `parallel_tool_calls`; nothing where no tool is declared. Throws a 400 with the place of a
 * choice that names no declared tool, and of a schema that is no object.
 */
export function writeTooling(request: NeutralRequest, names: ToolNames): Tooling {
  const { tools, toolChoice, parallelCalls } = request
  const context: ToolContext = {
    dropped: new Set(),
    names,
    isSearchable: tools.some((tool) => tool.kind === 'hosted' && tool.written === 'tool_search'),
  }
  const written = writeTools(tools, context)
  for (const name of lostTools(request, (tool) => !writeHosted(tool))) context.dropped.add(name)
  const dropped = [...context.dropped]
  if (written.length === 0) return { fields: {}, dropped }
  const fields = {
    tools: written,
    ...(toolChoice && { tool_choice: writeChoice(toolChoice, written, names) }),
    ...(parallelCalls !== undefined && { parallel_tool_calls: parallelCalls }),
  }
  return { fields, dropped }
}

/** A search without a tool of its own comes last, where no tool searches already. */
function writeTools(tools: readonly Tool[], context: ToolContext): ResponsesTool[] {
  const written = tools.flatMap((tool) =>
    isWishedSearch(tool) ? [] : (writeTool(tool, context) ?? []),
  )
  if (written.some(({ type }) => type === 'web_search')) return written
  return [
    ...written,
    ...tools.filter(isWishedSearch).flatMap((tool) => writeTool(tool, context) ?? []),
  ]
}

function writeTool(tool: Tool, context: ToolContext): ResponsesTool | undefined {
  switch (tool.kind) {
    case 'function':
      return writeFunction(tool, context)
    case 'custom':
      return writeCustom(tool, context)
    case 'hosted':
      return writeHosted(tool)
    default:
      throw tool satisfies never
  }
}

/** `strict` is always sent: without it the API assumes true, and then refuses or rewrites loose schemas. */
function writeFunction(tool: FunctionTool, context: ToolContext): ResponsesTool {
  const { description, schema } = tool
  const more = writeMore(tool.more, context)
  const strict = isStrict(tool.strict, schema)
  if (tool.strict === true && !strict) context.dropped.add('strict')
  return {
    type: 'function',
    name: context.names.sent(tool.name, tool.namespace),
    ...(description !== undefined && { description }),
    parameters: parametersOf(schema, tool.schemaPlace),
    strict,
    ...more,
  }
}

function writeCustom(tool: CustomTool, context: ToolContext) {
  const { name, namespace, description, grammar, more } = tool
  const kept = writeMore(more, context)
  return {
    type: 'custom' as const,
    name: context.names.sent(name, namespace),
    ...(description !== undefined && { description }),
    ...(grammar && { format: grammar }),
    ...kept,
  }
}

/** Without a counterpart. */
const anthropicOnly = ['input_examples', 'eager_input_streaming']
const callers = new Set<unknown>(['direct', 'programmatic'])

/** What a tool may have besides name, description and schema. Without a tool that finds deferred ones nobody would. */
function writeMore(more: JsonObject, { dropped, isSearchable }: ToolContext): JsonObject {
  if (Object.keys(more).length === 0) return more
  const { output_schema, defer_loading, allowed_callers } = more
  for (const name of anthropicOnly) if (name in more) dropped.add(name)
  const isDeferred = defer_loading === true
  const isCallable = [allowed_callers].flat().every((caller) => callers.has(caller))
  if (isDeferred && !isSearchable) dropped.add('defer_loading')
  if (allowed_callers !== undefined && !isCallable) dropped.add('allowed_callers')
  return {
    ...(output_schema !== undefined && { output_schema }),
    ...(isDeferred && isSearchable && { defer_loading }),
    ...(allowed_callers !== undefined && isCallable && { allowed_callers }),
  }
}

/** A tool of another provider's is left out, but for a search: any provider's own will do. */
function writeHosted({ own, search }: HostedTool): ResponsesTool | undefined {
  return foreign(own) ?? (search && writeSearch(search))
}

function writeSearch({ size, location, ...domains }: WebSearch): ResponsesTool {
  const filters = {
    ...(domains.allowedDomains !== undefined && { allowed_domains: domains.allowedDomains }),
    ...(domains.blockedDomains !== undefined && { blocked_domains: domains.blockedDomains }),
  }
  return {
    type: 'web_search',
    ...(size !== undefined && { search_context_size: size }),
    ...(location && { user_location: { type: 'approximate', ...location } }),
    ...(Object.keys(filters).length > 0 && { filters }),
  }
}

function writeChoice(
  choice: ToolChoice,
  tools: readonly ResponsesTool[],
  names: ToolNames,
): unknown {
  switch (choice.type) {
    case 'auto':
    case 'none':
      return choice.type
    case 'any':
      return 'required'
    case 'tool':
      return named(choice, tools, names)
    case 'allowed':
      return {
        type: 'allowed_tools',
        mode: choice.mode === 'any' ? 'required' : choice.mode,
        tools: choice.tools.map((tool) =>
          tool.kind === 'own' ? tool.value : named(tool, tools, names),
        ),
      }
    case 'hosted':
      return { type: writeHosted(choice.tool)?.type }
    case 'own':
      return choice.value
    default:
      throw choice satisfies never
  }
}

function named(
  { kind, name, namespace, namePlace }: NamedTool,
  tools: readonly ResponsesTool[],
  names: ToolNames,
): JsonObject {
  const sent = names.sent(name, namespace)
  if (tools.some((tool) => 'name' in tool && tool.name === sent)) return { type: kind, name: sent }
  throw undeclared(name, namePlace)
}
