/** What the demo takes from a request, whatever its API. */
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import type * as neutral from '../../pipelines/neutral/request.ts'

export interface Ask {
  /** the conversation, oldest first, without system prompts */
  turns: Turn[]
  tools: DemoTool[]
  choice: Choice
  parallel: boolean
  reasoning: boolean
  /** a JSON answer is wanted, in the shape of `schema` when there is one */
  json?: { schema?: JsonObject }
  maxTokens?: number | undefined
  inputTokens: number
}

/** `tool` is the result of a call. */
export interface Turn {
  from: 'user' | 'assistant' | 'tool'
  text: string
}

export interface DemoTool {
  /** a custom tool takes free text */
  kind: 'function' | 'custom'
  name: string
  /** only of the Responses API */
  namespace?: string
  description: string
  schema: JsonObject
}

/** `any`: some tool must be called; `{ name }`: this one. */
export type Choice = 'auto' | 'none' | 'any' | { name: string }

/** `inputTokens`: of the request as the client sent it. */
export function askOf(request: neutral.NeutralRequest, inputTokens: number): Ask {
  const { turns, tools, toolChoice, parallelCalls, reasoning, format, limits } = request
  return {
    turns: turns.flatMap(turnsOf),
    tools: tools.flatMap(toolOf),
    choice: choiceOf(toolChoice),
    parallel: parallelCalls !== false,
    reasoning: isWished(reasoning),
    ...(format && { json: format.type === 'schema' ? { schema: format.schema } : {} }),
    maxTokens: limits.total ?? limits.answer,
    inputTokens,
  }
}

/** Results come before the text beside them; instructions are no turns. */
function turnsOf({ role, pieces }: neutral.Turn): Turn[] {
  if (role === 'instruction') return []
  const results = pieces.filter((piece) => piece.type === 'result')
  const turns = results.map(({ content }): Turn => ({
    from: 'tool',
    text: typeof content === 'string' ? content : textIn(content),
  }))
  if (results.length < pieces.length || role === 'assistant') {
    turns.push({ from: role, text: textIn(pieces) })
  }
  return turns
}

function textIn(pieces: neutral.Piece[]): string {
  const texts = pieces.flatMap((piece) => {
    if (piece.type === 'attachment') return piece.kind === 'image' ? anImage : []
    return piece.type === 'text' ? piece.text : []
  })
  return texts.filter((text) => text !== '').join('\n')
}

function toolOf(tool: neutral.Tool): DemoTool[] {
  if (tool.kind === 'hosted') return []
  const { kind, name, description = '' } = tool
  const schema = tool.kind === 'function' && isObject(tool.schema) ? tool.schema : {}
  return [{ kind, name, description, schema }]
}

function choiceOf(choice: neutral.ToolChoice | undefined): Choice {
  switch (choice?.type) {
    case 'tool':
      return { name: choice.name }
    case 'allowed':
      return choice.mode
    case 'any':
    case 'none':
      return choice.type
    default:
      return 'auto'
  }
}

function isWished({ level, budgetTokens, own }: neutral.NeutralRequest['reasoning']): boolean {
  if (level !== undefined) return level !== 'off'
  return budgetTokens !== undefined || (own !== undefined && own.value.type !== 'disabled')
}

/** What the demo sees of an image. */
const anImage = '[an image]'

/** The text of a content: a string, or parts of which those with text count, and images. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .map((part) => (isObject(part) ? (part.text ?? imageIn(part)) : part))
    .filter((text) => typeof text === 'string' && text !== '')
    .join('\n')
}

function imageIn({ type, inlineData }: JsonObject): string | undefined {
  return type === 'image' || type === 'input_image' || isObject(inlineData) ? anImage : undefined
}

/** The members that describe a tool; each API nests them elsewhere. Undefined without a name. */
export function toolFrom(
  kind: DemoTool['kind'],
  tool: JsonObject,
  schema: unknown,
): DemoTool | undefined {
  const { name, description } = tool
  if (typeof name !== 'string') return undefined
  return {
    kind,
    name,
    description: typeof description === 'string' ? description : '',
    schema: isObject(schema) ? schema : {},
  }
}

/** The objects of an optional list. */
export function objectsIn(list: unknown): JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : []
}
