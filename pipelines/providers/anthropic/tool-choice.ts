/**
 * The choice among the tools of a request as Anthropic has it. Source: Anthropic API reference "Tool use", read 2026-11.
 */
import { badRequest, type ProxyError } from '../../errors.ts'
import type { JsonObject } from '../../json/value.ts'
import type { AllowedTool, NeutralRequest, ToolChoice } from '../../neutral/request.ts'
import type { ToolNames } from '../../neutral/tool-names.ts'
import { nameAt } from '../../untrusted.ts'
import type { AnthropicToolChoice } from '../../wire/anthropic.ts'
import type { Capability } from './capability.ts'

/** The name of the search that Anthropic runs. */
export const searchName = 'web_search'

export interface DeclaredTools {
  tools: JsonObject[]
  /** the server's web search where the request asks for one: not the client's to choose among */
  search: JsonObject[]
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
export function chooseTools(
  { toolChoice, parallelCalls, names }: NeutralRequest,
  declared: DeclaredTools,
  forcedTools: Capability['forcedTools'],
  sent: ToolNames,
): ChosenTools {
  const wish = toolChoice ? wishOf(toolChoice, declared.tools, sent) : {}
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

function wishOf(choice: ToolChoice, tools: JsonObject[], names: ToolNames): Wish {
  switch (choice.type) {
    case 'auto':
    case 'none':
    case 'any':
      return { type: choice.type }
    case 'tool':
      return { type: 'tool', name: declaredName(choice, tools, names) }
    case 'allowed': {
      const only = choice.tools.map((tool) => allowedName(tool, tools, names))
      return { type: choice.mode, only }
    }
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

function allowedName(tool: AllowedTool, tools: JsonObject[], names: ToolNames): string {
  if (tool.kind !== 'own') return declaredName(tool, tools, names)
  const namePlace = `${tool.place}.name`
  return declaredName({ name: nameAt(tool.value.name, namePlace), namePlace }, tools, names)
}

type NamedTool = Extract<AllowedTool, { name: string }>

/** A tool that Anthropic defines keeps its own name. */
function declaredName(
  { name, namespace, namePlace }: Omit<NamedTool, 'kind'>,
  tools: JsonObject[],
  names: ToolNames,
): string {
  const wanted = [names.sent(name, namespace), name]
  const found = wanted.find((one) => tools.some((tool) => tool.name === one))
  if (found !== undefined) return found
  const shown = JSON.stringify(name.slice(0, 80))
  const message = `${namePlace} is ${shown}, which no tool has; declare it or take another.`
  throw badRequest('invalid_value', namePlace, message)
}

function unknownChoice(place: string): ProxyError {
  const message = `${place} is no choice this model knows; use auto, none, required or a function.`
  return badRequest('invalid_value', place, message)
}
