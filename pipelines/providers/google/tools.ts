/**
 * The tools that a request declares, and the choice among them.
 * Source: Gemini API "Function calling" and "Grounding with Google Search", read 2026-11.
 */
import { badRequest, type ProxyError } from '../../errors.ts'
import type { JsonObject } from '../../json/value.ts'
import type {
  CustomTool,
  FunctionTool,
  HostedTool,
  NeutralRequest,
  ToolChoice,
} from '../../neutral/request.ts'
import { repairedSchema } from '../../neutral/object-schema.ts'
import { lostTools, type NameRule, type ToolNames } from '../../neutral/tools.ts'
import { wrappedTool } from '../../neutral/free-text.ts'
import { isGiven, objectAt } from '../../untrusted.ts'
import type {
  FunctionCallingConfig,
  FunctionDeclaration,
  GoogleRequest,
  GoogleTool,
} from '../../wire/google.ts'
import { openApiSchema } from './schema.ts'

/** A letter or `_` comes first. The pages of the API speak of 128 characters, but it refuses more than 64 (cline #7339). */
export const nameRule: NameRule = {
  pattern: /^[A-Za-z_][\w.:-]{0,63}$/,
  others: /[^\w.:-]/g,
  limit: 64,
}

export interface ToolContext {
  names: ToolNames
  /** older servers know tool parameters only as a subset of OpenAPI */
  schema: 'json' | 'openapi'
  /** the search may stand beside functions, where it is not asked for by itself */
  searchesBeside: boolean
}

interface Tooling {
  fields: Pick<GoogleRequest, 'tools' | 'toolConfig'>
  /** names for `x-droid2api-dropped` */
  dropped: string[]
}

type Declared = FunctionTool | CustomTool

/**
 * `tools` and `toolConfig`; nothing where no tool is declared. Throws a 400 with the place of a choice that names no declared
 * tool, and of a tool that no model of this API has where the request has no other.
 */
export function writeTooling(request: NeutralRequest, context: ToolContext): Tooling {
  const declared = declaredTools(request)
  const hosted = request.tools.filter((tool) => tool.kind === 'hosted')
  const isSent = (tool: HostedTool) => isWanted(tool, declared, request, context)
  const search = hosted.find(isSent)
  const tools: GoogleTool[] = [
    ...(declared.length > 0 ? [{ functionDeclarations: declarations(declared, context) }] : []),
    ...(search ? [{ googleSearch: {} }] : []),
  ]
  const lost = lostTools(request, (tool) => !isSent(tool), lostName)
  const config =
    declared.length > 0 ? callingConfig(request.toolChoice, declared, context) : undefined
  const serial = request.parallelCalls === false && declared.length > 0
  const { type } = request.toolChoice ?? {}
  const isChoiceLost = (type === 'own' || type === 'hosted') && tools.length > 0
  return {
    fields: {
      ...(tools.length > 0 && { tools }),
      ...(config && { toolConfig: { functionCallingConfig: config } }),
    },
    dropped: [
      ...lost,
      ...lostOfSearch(search),
      ...(serial ? [request.names.parallelCalls ?? []].flat() : []),
      ...(isChoiceLost ? [request.names.toolChoice ?? 'toolChoice'] : []),
    ],
  }
}

/** The client's own tools, of a choice among some of them only those. */
function declaredTools({ tools, toolChoice }: NeutralRequest): Declared[] {
  const all = tools.filter((tool) => tool.kind !== 'hosted')
  if (toolChoice?.type !== 'allowed') return all
  const known = new Set(all.map(keyOf))
  const allowed = toolChoice.tools.flatMap((tool) => (tool.kind === 'own' ? [] : tool))
  for (const tool of allowed) if (!known.has(keyOf(tool))) throw undeclared(tool)
  const chosen = new Set(allowed.map(keyOf))
  return all.filter((tool) => chosen.has(keyOf(tool)))
}

interface Named {
  name: string
  namespace?: string
}

function keyOf({ name, namespace }: Named): string {
  return JSON.stringify([namespace, name])
}

/** Any provider's own search will do. Beside functions it goes up only where somebody surely wants it: it costs money. */
function isWanted(
  tool: HostedTool,
  declared: readonly Declared[],
  { toolChoice }: NeutralRequest,
  { searchesBeside }: ToolContext,
): boolean {
  if (tool.search === undefined) return false
  const isChosen = toolChoice?.type === 'hosted' && toolChoice.tool === tool
  return declared.length === 0 || tool.written === undefined || searchesBeside || isChosen
}

function lostName({ written, search, lostName: given }: HostedTool): string {
  return given ?? `tools.${search ? 'web_search' : (written ?? 'web_search')}`
}

/** Google's search takes no more than that it is wanted: `excludeDomains` is Vertex's alone, and the Gemini API refuses it. */
function lostOfSearch(tool: HostedTool | undefined): string[] {
  const { size, location, allowedDomains, blockedDomains } = tool?.search ?? {}
  const members = [size, location, allowedDomains, blockedDomains]
  const isLost = members.some((value) => value !== undefined)
  if (!tool || !isLost) return []
  return [tool.written === undefined ? tool.place : lostName(tool)]
}

function declarations(tools: readonly Declared[], context: ToolContext): FunctionDeclaration[] {
  return tools.map((tool) => {
    const called = tool.kind === 'custom' ? { ...tool, ...wrappedTool(tool) } : tool
    const schema = schemaOf(called.schema, tool.kind === 'custom' ? '' : tool.schemaPlace)
    const { description } = called
    return {
      name: context.names.sent(tool.name, tool.namespace),
      ...(description !== undefined && { description }),
      ...(schema && parameters(schema, context)),
    }
  })
}

function parameters(schema: JsonObject, context: ToolContext): Partial<FunctionDeclaration> {
  // the API wants an object, and says so only of some models
  const whole = schema.type === undefined ? { type: 'object', ...schema } : schema
  if (context.schema === 'json') return { parametersJsonSchema: whole }
  const converted = openApiSchema(whole)
  // one without properties is refused in this form
  return converted.properties === undefined ? {} : { parameters: converted }
}

/** The client's schema without the name of its dialect and what is no JSON Schema (§5.7); undefined for none. */
function schemaOf(schema: unknown, place: string): JsonObject | undefined {
  // PHP writes an empty map as an empty list
  if (!isGiven(schema) || (Array.isArray(schema) && schema.length === 0)) return undefined
  const { $schema: _dialect, ...rest } = repairedSchema(objectAt(schema, place))
  return Object.keys(rest).length > 0 ? rest : undefined
}

function callingConfig(
  choice: ToolChoice | undefined,
  declared: readonly Declared[],
  { names }: ToolContext,
): FunctionCallingConfig | undefined {
  switch (choice?.type) {
    case undefined:
    case 'own':
    case 'hosted':
      return undefined
    case 'auto':
      return { mode: 'AUTO' }
    case 'none':
      return { mode: 'NONE' }
    case 'any':
      return { mode: 'ANY' }
    case 'allowed':
      return { mode: choice.mode === 'any' ? 'ANY' : 'AUTO' }
    case 'tool': {
      const isDeclared = declared.some((tool) => keyOf(tool) === keyOf(choice))
      if (!isDeclared) throw undeclared(choice)
      return { mode: 'ANY', allowedFunctionNames: [names.sent(choice.name, choice.namespace)] }
    }
    default:
      throw choice satisfies never
  }
}

function undeclared({ name, namePlace }: Named & { namePlace: string }): ProxyError {
  const message = `${namePlace} is ${shown(name)}, which is not among the tools; declare it first.`
  return badRequest('invalid_value', namePlace, message)
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 80))
}
