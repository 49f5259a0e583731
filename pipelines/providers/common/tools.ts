/** The client's tools as functions, which is all that chat servers of any kind have, and the choice among them. */
import { badRequest } from '../../errors.ts'
import type { JsonObject } from '../../json/value.ts'
import { isClosed, objectSchema } from '../../neutral/object-schema.ts'
import type {
  AllowedTool,
  CustomTool,
  FunctionTool,
  HostedTool,
  NamedTool,
  NeutralRequest,
  ToolChoice,
} from '../../neutral/request.ts'
import { lostTools, type ToolNames, undeclared } from '../../neutral/tools.ts'
import { wrappedTool } from '../../neutral/free-text.ts'

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
export function writeTooling(request: NeutralRequest, names: ToolNames, id: string): Tooling {
  const { tools, toolChoice, parallelCalls } = request
  const dropped = lostTools(
    request,
    () => true,
    (tool) => tool.lostName ?? `tools.${hostedName(tool)}`,
  )
  const callable = tools.filter((tool) => tool.kind !== 'hosted')
  const chosen = choose(toolChoice, callable, request, names)
  const isRefused = makesCall(chosen.choice) && refusesForce.test(id)
  const { allowed, choice }: Choice = isRefused
    ? { allowed: chosen.only ?? chosen.allowed }
    : chosen
  if (allowed.length === 0) return { fields: {}, dropped }
  if (isRefused) dropped.push(request.names.toolChoice ?? 'toolChoice')
  const fields = {
    tools: allowed.map((tool) => writeTool(tool, names, id)),
    ...(choice !== undefined && { tool_choice: choice }),
    ...(parallelCalls === false && { parallel_tool_calls: false }),
  }
  return { fields, dropped }
}

/** Servers of gpt-oss fail on a tool that nobody described. Source: 9router #276, read 2026-11. */
const wantsDescription = /gpt-oss/i

function writeTool(tool: CallableTool, names: ToolNames, id: string): JsonObject {
  const called = tool.kind === 'custom' ? wrappedTool(tool) : tool
  const { description = wantsDescription.test(id) ? '' : undefined, schema } = called
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

/**
 * Models that think by themselves and then refuse every forced choice, by the names under which their makers serve them: such a
 * choice narrows the tools as far as it can, and is left free.
 * Source: eino #994, opencode-mem #253, 9router #551, awesome-deepseek-integration #606, read 2026-11.
 */
const refusesForce =
  /(?:^|\/)(?:deepseek-(?:reasoner|v[4-9])|kimi-(?:k2\.[5-9]|k[3-9]|k2-thinking|for-coding)|qwq|qwen[\w.-]*-thinking|qwen3\.[5-9]-(?:plus|flash|max))/

function makesCall(choice: unknown): boolean {
  return choice !== undefined && choice !== 'none'
}

interface Choice {
  /** the tools that the model may call */
  allowed: CallableTool[]
  /** of these, the one that it must call */
  only?: CallableTool[]
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
      const tool = toolNamed(choice, tools)
      const called = { name: names.sent(tool.name, tool.namespace) }
      return { allowed: tools, only: [tool], choice: { type: 'function', function: called } }
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

function isNamed(tool: AllowedTool): tool is NamedTool {
  return tool.kind !== 'own'
}

function toolNamed({ name, namespace, namePlace }: Omit<NamedTool, 'kind'>, tools: CallableTool[]) {
  const found = tools.find(
    (tool) => tool.name === name && (namespace === undefined || tool.namespace === namespace),
  )
  if (found) return found
  throw undeclared(name, namePlace)
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
