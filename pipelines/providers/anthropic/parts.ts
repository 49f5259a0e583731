/** Chat content as Anthropic blocks. */
import { badRequest } from '../../errors.ts'
import type { AnthropicBlock, AnthropicTextBlock } from '../../wire/anthropic.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { safeToolId } from '../../neutral/tool-id.ts'
import { withMark } from './cache-control.ts'
import { attachmentOf, isAttachment } from '../../clients/attachment.ts'
import { attachmentBlock, withTrueType } from './files.ts'
import { isGiven, nameAt, objectAt, textAt } from '../../untrusted.ts'

export type Speaker = 'system' | 'user' | 'assistant' | 'tool'

/** Anthropic's own block types that clients put into chat messages, by where the API takes them. */
const ownTypes: Record<Speaker, ReadonlySet<string>> = {
  system: new Set(),
  user: new Set(['image', 'document', 'search_result', 'tool_result']),
  assistant: new Set([
    'image',
    'document',
    'search_result',
    'thinking',
    'redacted_thinking',
    'tool_use',
  ]),
  tool: new Set(['image', 'document', 'search_result']),
}

/** What Anthropic's own tools left in an assistant's turn. */
const serverBlock = /^(?:server|mcp)_tool_use$|_tool_result$/

/** Text, in the words of chat and of both sides of Responses. */
const textTypes = new Set(['text', 'input_text', 'output_text'])

/**
 * The blocks of a message's `content`, empty text included (it counts in the offsets at which
 * thinking is put back); see `isBlank`.
 * Throws a 400 that names the part which cannot be carried over.
 */
export function contentBlocks(content: unknown, place: string, speaker: Speaker): AnthropicBlock[] {
  if (!isGiven(content)) return []
  if (typeof content === 'string') return [textBlock(content)]
  if (Array.isArray(content)) {
    return content.map((part: unknown, at) => partBlock(part, `${place}[${at}]`, speaker))
  }
  const message = `${place} is a value of type ${typeof content}; send a string or an array.`
  throw badRequest('invalid_value', place, message)
}

export function textBlock(text: string): AnthropicTextBlock {
  return { type: 'text', text }
}

/** Whether a block is text that the API refuses as empty. */
export function isBlank(block: AnthropicBlock): boolean {
  return block.type === 'text' && typeof block.text === 'string' && block.text.trim() === ''
}

function partBlock(value: unknown, place: string, speaker: Speaker): AnthropicBlock {
  if (typeof value === 'string') return textBlock(value)
  const part = objectAt(value, place)
  const type = textAt(part.type, `${place}.type`)
  if (textTypes.has(type)) return withMark(textBlock(textAt(part.text, `${place}.text`)), part)
  if (speaker === 'system') throw unsupported(type, place, 'a system message holds text only')
  if (type === 'refusal') {
    return withMark(textBlock(textAt(part.refusal, `${place}.refusal`)), part)
  }
  const isServers = speaker === 'assistant' && serverBlock.test(type)
  if (isServers || (ownTypes[speaker].has(type) && isOwn(part, type)))
    return ownBlock(part, type, place)
  if (isAttachment(type)) return withMark(attachmentBlock(attachmentOf(part, type, place)), part)
  throw unsupported(type, place, 'this model takes text, images and files')
}

/** LangChain and the AI SDK have images of their own; Anthropic's have a `source`. */
function isOwn(part: JsonObject, type: string): boolean {
  return !isAttachment(type) || isObject(part.source)
}

/** A part in Anthropic's own words, copied; only what the pairing of tools relies on is checked. */
function ownBlock(part: JsonObject, type: string, place: string): AnthropicBlock {
  switch (type) {
    case 'tool_use': {
      const id = safeToolId(textAt(part.id, `${place}.id`))
      const input = isGiven(part.input) ? objectAt(part.input, `${place}.input`) : {}
      return { ...part, type, id, name: nameAt(part.name, `${place}.name`), input }
    }
    case 'tool_result': {
      const id = safeToolId(textAt(part.tool_use_id, `${place}.tool_use_id`))
      const { content: said, ...rest } = part
      const content: unknown = Array.isArray(said) ? nestedBlocks(said, `${place}.content`) : said
      return withFailure({ ...rest, type, tool_use_id: id, ...(isGiven(content) && { content }) })
    }
    case 'thinking':
    case 'redacted_thinking': {
      const { cache_control: _refused, ...block } = part
      return { ...block, type }
    }
    default:
      return ownCopy({ ...part, type })
  }
}

/** A result that failed without a word gets one: the API refuses it empty. */
export function withFailure(result: AnthropicBlock): AnthropicBlock {
  const { content, is_error: failed } = result
  const isEmpty =
    !isGiven(content) ||
    (typeof content === 'string' && content.trim() === '') ||
    (Array.isArray(content) && content.length === 0)
  return failed === true && isEmpty ? { ...result, content: 'The tool call failed.' } : result
}

function nestedBlocks(parts: unknown[], place: string): unknown[] {
  return parts
    .map((part, at) => nestedBlock(part, `${place}[${at}]`))
    .filter((block) => !isObject(block) || !isBlank(block as AnthropicBlock))
}

/** What a result holds is Anthropic's already, or in other words that only clients of other APIs use. */
function nestedBlock(value: unknown, place: string): unknown {
  if (!isObject(value)) return value
  const type = String(value.type)
  const isForeign = (isAttachment(type) && !isOwn(value, type)) || type === 'input_text'
  return isForeign ? partBlock(value, place, 'tool') : ownCopy(value)
}

/** A copy, whose image has the media type that its bytes are of. */
function ownCopy(part: JsonObject): AnthropicBlock {
  return withTrueType({ ...part, type: String(part.type) })
}

function unsupported(type: string, place: string, reason: string) {
  const shown = JSON.stringify(type.slice(0, 80))
  const message = `${place} has the type ${shown}, but ${reason}. Take the part out.`
  return badRequest('unsupported_content', place, message)
}
