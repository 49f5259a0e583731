/** Tools that are called with free text, for APIs whose tools take arguments: there and back. */
import { isObject, jsonFrom, writeJson, type JsonObject } from '../json/value.ts'
import type { CustomTool, FunctionTool } from './request.ts'

/** A tool that is called with free text, as a function for APIs that have only those. */
export function wrappedTool(tool: CustomTool): Pick<FunctionTool, 'description' | 'schema'> {
  const { description, grammar } = tool
  const paragraphs = [
    ...(description === undefined ? [] : [description]),
    'The tool takes one string as it is, in "input".',
    ...(grammar ? grammarText(grammar) : []),
  ]
  return { description: paragraphs.join('\n\n'), schema: wrappedSchema }
}

const wrappedSchema: JsonObject = {
  type: 'object',
  properties: { input: { type: 'string' } },
  required: ['input'],
  additionalProperties: false,
}

/** Nothing for a format that is not a grammar. */
function grammarText({ syntax, definition }: JsonObject): string[] {
  if (typeof definition !== 'string' || definition === '') return []
  const kind = typeof syntax === 'string' ? ` ${syntax}` : ''
  return [`That string follows this${kind} grammar:\n${definition}`]
}

/** The arguments of such a call. */
export function wrappedInput(input: unknown): string {
  return writeJson(wrappedValue(input))
}

/** The same as a value. */
export function wrappedValue(input: unknown): { input: string } {
  return { input: typeof input === 'string' ? input : writeJson(input ?? '') }
}

/**
 * The free text in such arguments; the arguments themselves where the model did not wrap it. Models that know a tool by heart
 * wrap in their own word: `{"patch": …}` for `apply_patch`, which no client takes as a patch.
 */
export function unwrappedInput(written: string): string {
  const json = jsonFrom(written)
  const text = isObject(json) ? textIn(json) : json
  return typeof text === 'string' ? text : written
}

function textIn(wrapped: JsonObject): unknown {
  const [only, ...others] = Object.values(wrapped)
  return wrapped.input ?? (others.length === 0 ? only : undefined)
}
