/**
 * What Codex lets OpenAI encrypt between its agents, for models that cannot: a tool marks the parameter that it wants encrypted,
 * a call says which of its arguments are, and a message to another agent has them as such a part. Source: Codex 0.155,
 * `multi_agents_v2.rs` and openai/codex#35845, read 2026-11.
 */
import { isObject, type JsonObject } from '../../json/value.ts'
import { flatName } from '../../neutral/tools.ts'
import type { Tool } from '../../neutral/request.ts'

/** The tools without the marks, which no other API knows; and the flat names of those that had one, undefined for none. */
export function withoutMarks(tools: Tool[]): {
  tools: Tool[]
  plainCalls: ReadonlySet<string> | undefined
} {
  const plainCalls = new Set<string>()
  const plain = tools.map((tool) => {
    const schema = tool.kind === 'function' ? unmarked(tool.schema) : undefined
    if (tool.kind !== 'function' || !schema) return tool
    plainCalls.add(flatName(tool.name, tool.namespace))
    return { ...tool, schema }
  })
  return plainCalls.size > 0 ? { tools: plain, plainCalls } : { tools, plainCalls: undefined }
}

/** Undefined where there is no mark in it. */
function unmarked(schema: unknown): JsonObject | undefined {
  if (!isObject(schema) || !isObject(schema.properties)) return undefined
  const properties = Object.entries(schema.properties)
  if (!properties.some(([, property]) => isMarked(property))) return undefined
  const plain = properties.map(([name, property]) => [
    name,
    isMarked(property) ? bare(property) : property,
  ])
  return { ...schema, properties: Object.fromEntries(plain) }
}

function isMarked(property: unknown): property is JsonObject {
  return isObject(property) && property.encrypted === true
}

function bare({ encrypted: _, ...property }: JsonObject): JsonObject {
  return property
}

/** A cipher of OpenAI's: Fernet's version and time, then one long word. */
const cipher = /^gAAAA[\w-]{60,}=*$/

/** Of a message to another agent, a part that is encrypted: a model that cannot encrypt has put plain text there. */
export function encryptedText({
  type,
  encrypted_content: content,
}: JsonObject): string | undefined {
  if (type !== 'encrypted_content' || typeof content !== 'string') return undefined
  return cipher.test(content) ? unreadable : content
}

/** Without a word the model would take an empty task for the whole of it. */
const unreadable =
  '[This part is encrypted for the models of another provider, so it cannot be read here. Say so, and ask for it in plain text.]'
