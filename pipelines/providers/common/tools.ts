/** The client's tools as functions, which is all that chat servers of any kind have, and the choice among them. */
import { badRequest } from '../../errors.ts'
import type { JsonObject } from '../../json/value.ts'
import { isClosed, objectSchema } from '../../neutral/object-schema.ts'
import type {
  AllowedTool,
  CustomTool,
  FunctionTool,
  HostedTool,
  NeutralRequest,
  ToolChoice,
} from '../../neutral/request.ts'
import { lostTools, wrappedTool, type ToolNames } from '../../neutral/tools.ts'

interface Tooling {
  fields: JsonObject
  /** names for `x-droid2api-dropped` */
  dropped: string[]
}

type CallableTool = FunctionTool | CustomTool

/**
 * Throws a 400 for a choice of a tool that is not declared, and where nothing but tools of a
 * provider's own is declared: an answer without them would look as if they had found nothing.
 */
export function writeTooling(request: NeutralRequest, names: ToolNames): Tooling {
  const { tools, toolChoice, parallelCalls } = request
  const dropped = lostTools(
    request,
    () => true,
    (tool) => tool.lostName ?? `tools.${hostedName(tool)}`,
  )
  const callable = tools.filter((tool) => tool.kind !== 'hosted')
  const { allowed, choice } = choose(toolChoice, callable, request, names)
  if (allowed.length === 0) return { fields: {}, dropped }
  const fields = {
    tools: allowed.map((tool) => writeTool(tool, names)),
    ...(choice !== undefined && { tool_choice: choice }),
    ...(parallelCalls === false && { parallel_tool_calls: false }),
  }
  return { fields, dropped }
}

function writeTool(tool: CallableTool, names: ToolNames): JsonObject {
  const { description, schema } = tool.kind === 'custom' ? wrappedTool(tool) : tool
  const place = tool.kind === 'custom' ? tool.place : tool.schemaPlace
  const isStrict = tool.kind === 'function' && Boolean(tool.strict) && isClosed(schema)
  return {
    type: 'function',
    function: {
      name: names.sent(tool.name, tool.namespace),
      ...(description !== undefined && { description }),
      parameters: objectSchema(schema, place),
      ...(isStrict && { strict: true }),
    },
  }
}

interface Choice {
  /** the tools that the model may call */
  allowed: CallableTool[]
  /** undefined where the model chooses by itself, which servers assume */
  choice?: unknown
}

function choose(
  choice: ToolChoice | undefined,
  tools: CallableTool[],
  request: NeutralRequest,
  names: ToolNames,
): Choice {
  switch (choice?.type) {
    case undefined:
    case 'auto':
      return { allowed: tools }
    case 'none':
      return { allowed: tools, choice: 'none' }
    case 'any':
      return { allowed: tools, choice: 'required' }
    case 'tool': {
      const { name, namespace } = toolNamed(choice, tools)
      const called = { name: names.sent(name, namespace) }
      return { allowed: tools, choice: { type: 'function', function: called } }
    }
    case 'allowed': {
      const allowed = new Set(
        choice.tools.flatMap((tool) => (isNamed(tool) ? toolNamed(tool, tools) : [])),
      )
      const isForced = choice.mode === 'any' && allowed.size > 0
      return { allowed: [...allowed], ...(isForced && { choice: 'required' }) }
    }
    case 'hosted':
      // was refused with the tool
      return { allowed: tools }
    case 'own': {
      const message = `${typeOf(choice.value)} is not available on the model ${JSON.stringify(request.model)} here.`
      throw badRequest('unsupported_tool', choice.place, message)
    }
    default:
      throw choice satisfies undefined
  }
}

type NamedTool = Extract<AllowedTool, { name: string }>

function isNamed(tool: AllowedTool): tool is NamedTool {
  return tool.kind !== 'own'
}

function toolNamed({ name, namespace, namePlace }: Omit<NamedTool, 'kind'>, tools: CallableTool[]) {
  const found = tools.find(
    (tool) => tool.name === name && (namespace === undefined || tool.namespace === namespace),
  )
  if (found) return found
  const shown = JSON.stringify(name.slice(0, 80))
  const message = `${namePlace} is ${shown}, which is not among the tools; declare it first.`
  throw badRequest('invalid_value', namePlace, message)
}

/** The client's name for it, without the date of a version. */
function hostedName({ own, written }: HostedTool): string {
  const name = own?.value.name
  if (typeof name === 'string' && name !== '') return name
  return written?.replace(/_\d{8}$/, '') ?? 'web_search'
}

function typeOf(choice: unknown): string {
  const type =
    typeof choice === 'object' && choice !== null && 'type' in choice ? choice.type : choice
  return typeof type === 'string' ? type : 'tool_choice'
}
