/**
 * What a Claude model takes, by its upstream id. A model entry of `config.json` overrules mode and cap, since this table ages.
 * Source: Anthropic's model overview and the pages "Extended thinking", "Adaptive thinking", "Effort", "Structured outputs",
 * "Mid-conversation system messages", "Tool use", "Preserved thinking", read 2026-11. And what becomes of a client's tool choice on such a model.
 */
import { badRequest, type ProxyError } from '../../errors.ts'
import type { JsonObject } from '../../json/value.ts'
import { upstreamId, type Effort, type Model, type ThinkingMode } from '../../model.ts'
import type { AllowedTool, NamedTool, NeutralRequest, ToolChoice } from '../../neutral/request.ts'
import type { ToolNames } from '../../neutral/tools.ts'
import { nameAt } from '../../untrusted.ts'
import type { AnthropicToolChoice, MessagesRequest } from '../../wire/anthropic.ts'

export interface Capability {
  thinking: ThinkingMode
  /** what is sent for the level `off`; left out where nothing has to be sent */
  off?: { thinking?: MessagesRequest['thinking']; effort?: 'low' }
  /** values of `output_config.effort` that are taken, from the least up */
  efforts: readonly Exclude<Effort, 'minimal'>[]
  /** whether temperature, top_p and top_k are taken at all */
  sampling: boolean
  forcedTools: 'yes' | 'without-thinking' | 'never'
  /** whether a conversation may end with an assistant's turn, for the model to go on from there */
  prefill: boolean
  /** whether a message of the role `system` may stand between the turns */
  systemTurns: boolean
  /** whether such a message may set the effort from there on */
  turnEfforts?: boolean
  /** whether `output_config.format` and strict tools are taken */
  structuredOutputs: boolean
  /** thinking that comes back is refused where anything before it has changed */
  bindsThinking?: boolean
  /** tokens; left out where no cap is known */
  maxOutputTokens?: number
  /** tokens, for a client that names no limit; the cap goes before it */
  defaultOutputTokens: number
}

const claudeDefault = 32_000

const adaptive: Capability = {
  thinking: 'adaptive',
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  sampling: false,
  forcedTools: 'yes',
  prefill: false,
  systemTurns: true,
  structuredOutputs: true,
  maxOutputTokens: 128_000,
  defaultOutputTokens: claudeDefault,
}
const alwaysOn: Capability = { ...adaptive, off: { effort: 'low' } }
const onByDefault: Capability = { ...adaptive, off: { thinking: { type: 'disabled' } } }
const adaptiveWithSampling: Capability = {
  ...adaptive,
  efforts: ['low', 'medium', 'high', 'max'],
  sampling: true,
  systemTurns: false,
}
const budget: Capability = {
  thinking: 'budget',
  efforts: [],
  sampling: true,
  forcedTools: 'without-thinking',
  prefill: true,
  systemTurns: false,
  structuredOutputs: true,
  maxOutputTokens: 64_000,
  defaultOutputTokens: claudeDefault,
}
const plain: Capability = {
  thinking: 'none',
  efforts: [],
  sampling: true,
  forcedTools: 'yes',
  prefill: true,
  systemTurns: false,
  structuredOutputs: false,
  maxOutputTokens: 4096,
  defaultOutputTokens: claudeDefault,
}

const newest = { bindsThinking: true, turnEfforts: true }

/** First row whose text is contained in the id wins; dots and dashes are alike. */
const table: [ids: string[], capability: Capability][] = [
  [
    ['sonnet-5-5'],
    {
      ...adaptive,
      off: { thinking: { type: 'between_tools' } },
      forcedTools: 'never',
      ...newest,
    },
  ],
  [
    ['opus-5-5', 'fable-5-1', 'fable-5-2', 'mythos-5-1', 'mythos-5-2'],
    { ...alwaysOn, forcedTools: 'never', ...newest },
  ],
  [['fable-5', 'mythos-5'], alwaysOn],
  [['haiku-5-5'], { ...onByDefault, ...newest }],
  [['opus-5'], onByDefault],
  [['sonnet-5'], { ...onByDefault, systemTurns: false }],
  [['opus-4-8'], adaptive],
  [['opus-4-7'], { ...adaptive, systemTurns: false }],
  [['opus-4-6', 'sonnet-4-6', 'mythos-preview'], adaptiveWithSampling],
  [['opus-4-5'], { ...budget, efforts: ['low', 'medium', 'high'] }],
  [['sonnet-4-5', 'haiku-4-5'], budget],
  [['opus-4-1'], { ...budget, maxOutputTokens: 32_000 }],
  [['opus-4'], { ...budget, structuredOutputs: false, maxOutputTokens: 32_000 }],
  [['sonnet-4', '3-7-sonnet'], { ...budget, structuredOutputs: false }],
  [['claude-3-5'], { ...plain, maxOutputTokens: 8192 }],
  [['claude-3', 'claude-2', 'claude-instant'], plain],
  [['claude-'], adaptive],
]

const rows = table.flatMap(([texts, capability]) =>
  texts.map((text) => [text, capability] as const),
)

/** The ids of Bedrock (`us.anthropic.claude-…`) and Vertex (`…@20260528`), which take no system turns. */
const cloudId = /\banthropic-claude-|@\d{8}$/

const notClaude: Capability = {
  thinking: 'budget',
  efforts: [],
  sampling: true,
  forcedTools: 'yes',
  prefill: true,
  systemTurns: false,
  structuredOutputs: false,
  defaultOutputTokens: 8192,
}

const known = new WeakMap<Model, Capability>()

/** The capability of a model entry: the table's row, with the entry's own `thinking` and `max_output_tokens` over it. */
export function capabilityOf(model: Model): Capability {
  let capability = known.get(model)
  if (!capability) {
    capability = lookUp(model)
    known.set(model, capability)
  }
  return capability
}

function lookUp(model: Model): Capability {
  const id = upstreamId(model).replaceAll('.', '-')
  const row = rows.find(([text]) => isNamed(id, text))?.[1] ?? notClaude
  return {
    ...row,
    ...(model.thinking && { thinking: model.thinking }),
    // thinking that adapts goes by an effort, which a row of another mode has none of
    ...(model.thinking === 'adaptive' &&
      row.thinking !== 'adaptive' && { efforts: adaptive.efforts }),
    ...(model.max_output_tokens && { maxOutputTokens: model.max_output_tokens }),
    ...(cloudId.test(id) && { systemTurns: false }),
  }
}

/** A row of the first models of a line, such as `opus-4`, does not stand for a later one, such as `opus-4-9`. */
function isNamed(id: string, text: string): boolean {
  const at = id.indexOf(text)
  return at !== -1 && !(text.endsWith('-4') && /^-[1-9]\d?(?!\d)/.test(id.slice(at + text.length)))
}

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
