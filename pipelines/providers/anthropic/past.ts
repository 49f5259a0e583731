/**
 * What of earlier turns an API refuses, and would for ever, as the client sends it each time: its session ends. Thinking that it has not
 * signed, or not for this account, or that stands elsewhere than it was. References to tools that are gone, or that it does not know.
 * @see https://github.com/anthropics/claude-code/issues/21726
 * @see https://github.com/can1357/oh-my-pi/issues/6379
 * @see https://github.com/anthropics/claude-code/issues/79970
 * @see https://github.com/MoonshotAI/Kimi-K2/issues/118
 */
import { JsonDocument } from '../../json/document.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type { Refusable } from '../refusable.ts'
import { takeSealsOut } from './rewrite.ts'
import { hasBudgetInVain, takeThinkingOut } from './thinking-edits.ts'

const ofThinking =
  /invalid `?(?:signature|data)`? in `?(?:redacted_)?thinking|\bthinking\.(?:signature|thinking)\b|each thinking block must|thinking`? blocks? in the latest assistant message cannot be modified/i
const ofReference = /\btool[ _]reference/i

export const pastTurns: Refusable = {
  refusals: [400],
  isRefused: (refusal) => ofThinking.test(refusal) || ofReference.test(refusal),
  leaveOut(body, refusal) {
    const document = JsonDocument.parse(body)
    const isOut = ofThinking.test(refusal)
      ? takeSealsOut(document, true)
      : tellReferences(document, refusal)
    if (!isOut) return undefined
    if (hasBudgetInVain(document)) takeThinkingOut(document)
    return document.pieces()
  },
}

type IsGone = (name: unknown) => boolean

/** Those to tools that are gone leave; to an API that knows none at all they are told in words. Whether there were such. */
function tellReferences(document: JsonDocument, refusal: string): boolean {
  const isGone = /not found/i.test(refusal) ? goneTools(document.get('tools'), refusal) : undefined
  let hasSome = false
  document.change('messages', (messages) => {
    if (!Array.isArray(messages)) return undefined
    const told = messages.map((message: unknown) => {
      if (!isObject(message) || !Array.isArray(message.content)) return message
      const content = message.content.map((block: unknown) => toldBlock(block, isGone))
      if (content.every((block, at) => block === (message.content as unknown[])[at])) return message
      hasSome = true
      return { ...message, content }
    })
    return hasSome ? told : undefined
  })
  return hasSome
}

/** Which tools of a server of Anthropic's connector there are, only the API knows. */
function goneTools(tools: unknown, refusal: string): IsGone {
  const all = Array.isArray(tools) ? tools.filter(isObject) : []
  const names = new Set<unknown>(all.map(({ name }) => name))
  const hasServer = all.some(({ type }) => type === 'mcp_toolset')
  return (name) => refusal.includes(`'${String(name)}'`) || (!hasServer && !names.has(name))
}

function toldBlock(block: unknown, isGone: IsGone | undefined): unknown {
  if (!isObject(block)) return block
  const { type, content } = block
  if (type === 'tool_result' && Array.isArray(content)) {
    const told = isGone ? withoutGone(content, isGone) : content.map(inWords)
    if (told.length === 0) {
      return { ...block, content: [{ type: 'text', text: 'The tool is not there any more.' }] }
    }
    return told.every((one, at) => one === content[at]) && told.length === content.length
      ? block
      : { ...block, content: told }
  }
  if (!isGone || !isObject(content) || !Array.isArray(content.tool_references)) return block
  const left = withoutGone(content.tool_references, isGone)
  if (left.length === content.tool_references.length) return block
  return { ...block, content: { ...content, tool_references: left } }
}

function withoutGone(list: unknown[], isGone: IsGone): unknown[] {
  return list.filter((one) => !isReference(one) || !isGone(one.tool_name))
}

function inWords(one: unknown): unknown {
  return isReference(one) ? { type: 'text', text: `Tool ${String(one.tool_name)} is loaded.` } : one
}

function isReference(value: unknown): value is JsonObject {
  return isObject(value) && value.type === 'tool_reference'
}
