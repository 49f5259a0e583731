/** What a request asks for, in no API's words. */
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'

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
  description: string
  schema: JsonObject
}

/** `any`: some tool must be called; `{ name }`: this one. */
export type Choice = 'auto' | 'none' | 'any' | { name: string }

/** The text of a content: a string, or parts of which those with text count. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .map((part) => (isObject(part) ? part.text : part))
    .filter((text) => typeof text === 'string' && text !== '')
    .join('\n')
}

/** The members that say what a tool is; each API nests them elsewhere. Undefined for what has no name. */
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
