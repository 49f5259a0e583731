/**
 * Tools that a Messages request defers, and the references that load them: for APIs that know neither, and where a tool is gone.
 * Source: Anthropic, "Tool search tool", read 2026-11.
 */
import type { JsonDocument } from '../../json/document.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { blocksOf, changeBlocks } from './sent-turns.ts'

type IsGone = (name: unknown) => boolean

/** Takes out references to tools that are gone. For an API that knows no references, each becomes a text. True if there was one. */
export function rewriteReferences(document: JsonDocument, refusal: string, turns: number): boolean {
  const isGone = /not found/i.test(refusal) ? goneTools(document.get('tools'), refusal) : undefined
  return changeBlocks(document, turns, (block) => rewrittenBlock(block, isGone))
}

/** Which tools of a server of Anthropic's connector there are, only the API knows. */
function goneTools(tools: unknown, refusal: string): IsGone {
  const all = Array.isArray(tools) ? tools.filter(isObject) : []
  const names = new Set<unknown>(all.map(({ name }) => name))
  const hasServer = all.some(({ type }) => type === 'mcp_toolset')
  return (name) => refusal.includes(`'${String(name)}'`) || (!hasServer && !names.has(name))
}

function rewrittenBlock(block: unknown, isGone: IsGone | undefined): unknown {
  if (!isObject(block)) return block
  const { type, content } = block
  if (type === 'tool_result' && Array.isArray(content)) {
    const rest = isGone ? withoutGone(content, isGone) : content.map(asText)
    if (rest.length === 0) {
      return { ...block, content: [{ type: 'text', text: 'The tool is not there any more.' }] }
    }
    return rest.every((one, at) => one === content[at]) && rest.length === content.length
      ? block
      : { ...block, content: rest }
  }
  if (!isGone || !isObject(content) || !Array.isArray(content.tool_references)) return block
  const left = withoutGone(content.tool_references, isGone)
  if (left.length === content.tool_references.length) return block
  return { ...block, content: { ...content, tool_references: left } }
}

function withoutGone(list: unknown[], isGone: IsGone): unknown[] {
  return list.filter((one) => !isReference(one) || !isGone(one.tool_name))
}

function asText(one: unknown): unknown {
  return isReference(one) ? { type: 'text', text: `Tool ${String(one.tool_name)} is loaded.` } : one
}

function isReference(value: unknown): value is JsonObject {
  return isObject(value) && value.type === 'tool_reference'
}

/**
 * Declares the deferred tools that the conversation has loaded like any other tool, and makes each reference a text. A search
 * that the API runs itself stays.
 */
export function tellDeferredTools(document: JsonDocument): void {
  if (!document.raw('tools')?.includes('"defer_loading"')) return
  if (namesSearch(document.get('tools'))) return
  const loaded = new Set(referencesIn(document.get('messages')))
  document.changeItems('tools', (tools) =>
    tools.flatMap((tool) => {
      if (!isObject(tool) || tool.defer_loading === undefined) return [tool]
      const { defer_loading: isDeferred, ...rest } = tool
      return isDeferred !== true || loaded.has(tool.name) ? [rest] : []
    }),
  )
  changeBlocks(document, Number.POSITIVE_INFINITY, (block) => rewrittenBlock(block, undefined))
}

function namesSearch(tools: unknown): boolean {
  if (!Array.isArray(tools)) return false
  return tools.some((tool) => isObject(tool) && String(tool.type).startsWith('tool_search_tool_'))
}

function referencesIn(messages: unknown): unknown[] {
  if (!Array.isArray(messages)) return []
  const blocks = messages.flatMap((turn) => (isObject(turn) ? blocksOf(turn) : []))
  const inner = blocks.flatMap((block) => (isObject(block) ? blocksOf(block) : []))
  return inner.filter(isReference).map(({ tool_name: name }) => name)
}
