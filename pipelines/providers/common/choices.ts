/** What stands in the choices of a chat answer, in the forms of the servers that differ. */
import { isObject, type JsonObject } from '../../json/value.ts'
import type { Citation } from '../../neutral/delta.ts'
import {
  asIndex,
  asLabel,
  asNumber,
  asObject,
  asObjects,
  asText,
  isGiven,
} from '../../untrusted.ts'

/**
 * Copilot tells an answer of Claude's in several choices, with the text in one and calls in the others, though one answer was asked for.
 * @see https://github.com/kjetiljd/claude-code-over-github-copilot/issues/4
 */
export function joined(body: JsonObject): JsonObject {
  const [first, ...others] = asObjects(body.choices)
  if (!first || others.length === 0) return body
  const message = asObject(first.message)
  if (asObjects(message.tool_calls).length > 0) return body
  // one without an index is read like the first
  const beside = others.filter(({ index }) => (asIndex(index) ?? 0) !== 0)
  const tool_calls = beside.flatMap((other) => asObjects(asObject(other.message).tool_calls))
  if (tool_calls.length === 0) return body
  return { ...body, choices: [{ ...first, message: { ...message, tool_calls } }, ...others] }
}

/** Mistral has its thinking among the parts of the content. */
export function partsOf(content: unknown): { thinking: string; text: string } {
  if (!Array.isArray(content)) return { thinking: '', text: asText(content, 'content') }
  const parts: unknown[] = content
  const thinking = parts.filter((part) => asObject(part).type === 'thinking')
  // a part of another type is none of the text; one without a type may be
  const texts = parts.filter(
    (part) => !isObject(part) || part.text !== undefined || !isGiven(part.type),
  )
  return {
    thinking: thinking.map((part) => asText(asObject(part).thinking, 'thinking')).join(''),
    text: asText(texts, 'content'),
  }
}

/** Undefined for an annotation of another kind. */
export function citationOf({ type, url_citation: value }: JsonObject): Citation | undefined {
  const { url, title, start_index: start, end_index: end } = asObject(value)
  const [from, to] = [asNumber(start), asNumber(end)]
  if (type !== 'url_citation' || typeof url !== 'string') return undefined
  if (from === undefined || to === undefined) return undefined
  return { url, title: asLabel(title), start: from, end: to }
}
