/**
 * Neutral pieces as Anthropic blocks. Source: Anthropic API reference "Messages", "Vision", "PDF support", read 2026-11.
 */
import { badRequest, type ProxyError } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { argumentsObject } from '../../neutral/arguments.ts'
import { asBase64, asText, truthful, type InlineData } from '../../neutral/data-url.ts'
import type { Ordered } from '../../neutral/writing.ts'
import type {
  AttachmentPiece,
  CallPiece,
  Mark,
  Own,
  ReasoningPiece,
  ResultPiece,
  SearchResultPiece,
} from '../../neutral/request.ts'
import { leftOut, unsupportedPiece } from '../../neutral/turn.ts'
import { safeToolId } from '../../neutral/tool-id.ts'
import { type ToolNames } from '../../neutral/tools.ts'
import { wrappedValue } from '../../neutral/free-text.ts'
import { isGiven } from '../../untrusted.ts'
import type {
  AnthropicBlock,
  AnthropicTextBlock,
  BlockSource,
  DocumentBlock,
  ImageBlock,
  MessagesRequest,
  OwnBlock,
  SearchResultBlock,
  ToolResultBlock,
  ToolUseBlock,
} from '../../wire/anthropic.ts'

const api = 'anthropic'

const imageTypes = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])

/** The blocks of pieces; text that the API refuses as empty is left out. Throws a 400 for what it does not take there. */
export function blocksOf(pieces: Ordered[], names: ToolNames): AnthropicBlock[] {
  const blocks: AnthropicBlock[] = []
  for (const piece of pieces) {
    const block = blockOf(piece, names)
    if (block && !isBlank(block)) blocks.push(block)
  }
  return blocks
}

/** The blocks of an instruction. Throws a 400 for a piece other than text. */
export function instructionBlocks(pieces: Ordered[]): AnthropicTextBlock[] {
  const blocks: AnthropicTextBlock[] = []
  for (const piece of pieces) {
    if (piece.type === 'phase') continue
    if (piece.type !== 'text') throw unsupportedPiece(piece, 'a system message holds text only')
    const block = textBlock(piece.text)
    if (!isBlank(block)) blocks.push(withMark(block, piece.mark))
  }
  return blocks
}

export function textBlock(text: string): AnthropicTextBlock {
  return { type: 'text', text }
}

/** Whether a block is of that type. What a client wrote itself may lack members that the type promises. */
export function isBlock<Type extends OwnBlock['type']>(
  block: AnthropicBlock,
  type: Type,
): block is Extract<OwnBlock, { type: Type }> {
  return block.type === type
}

export function isThinking({ type }: AnthropicBlock): boolean {
  return type === 'thinking' || type === 'redacted_thinking'
}

function isBlank(block: AnthropicBlock): boolean {
  return isBlock(block, 'text') && block.text.trim() === ''
}

/** `undefined` for what means nothing here. */
function blockOf(piece: Ordered, names: ToolNames): AnthropicBlock | undefined {
  switch (piece.type) {
    case 'call':
      return toolUseBlock(piece, names)
    case 'result':
      return toolResultBlock(piece, names)
    case 'text':
    case 'refusal':
      return ownBlock(piece) ?? withMark(textBlock(piece.text), piece.mark)
    case 'attachment':
      return ownBlock(piece) ?? withMark(attachmentBlock(piece), piece.mark)
    case 'search-result':
      return ownBlock(piece) ?? withMark(searchResultBlock(piece), piece.mark)
    case 'reasoning':
      return ownBlock(piece) ?? thinkingBlock(piece)
    case 'foreign':
      return ownBlock(piece) ?? leftOut(piece, 'this model takes text, images and files')
    case 'phase':
      return undefined
    default:
      return piece satisfies never
  }
}

/** A piece in Anthropic's own form, copied; its inline data get the media type of their first bytes. */
function ownBlock({ own }: { own?: Own }): AnthropicBlock | undefined {
  if (own?.api !== api) return undefined
  const block = { ...own.value, type: String(own.value.type) }
  const { source } = own.value
  if (!isObject(source) || source.type !== 'base64') return block
  const { media_type: given, data } = source
  if (typeof given !== 'string' || typeof data !== 'string') return block
  const { mediaType } = truthful({ mediaType: given.toLowerCase(), base64: true, data })
  return mediaType === given ? block : { ...block, source: { ...source, media_type: mediaType } }
}

/** Throws a 400 for data that are neither PDF, text nor image. */
function attachmentBlock(piece: AttachmentPiece): ImageBlock | DocumentBlock {
  const { held, kind } = piece
  if ('inline' in held) return inlineBlock(held.inline, piece)
  if ('text' in held) return documentBlock(plainSource(held.text), piece)
  const source: BlockSource =
    'url' in held ? { type: 'url', url: held.url } : { type: 'file', file_id: held.fileId }
  return kind === 'image' ? { type: 'image', source } : documentBlock(source, piece)
}

function inlineBlock(inline: InlineData, piece: AttachmentPiece): ImageBlock | DocumentBlock {
  const { mediaType } = inline
  if (imageTypes.has(mediaType)) return { type: 'image', source: base64Source(inline) }
  if (mediaType === 'application/pdf') return documentBlock(base64Source(inline), piece)
  if (mediaType.startsWith('text/') || mediaType === 'application/json') {
    return documentBlock(plainSource(asText(inline)), piece)
  }
  throw unsupportedData(mediaType, piece)
}

function documentBlock(source: BlockSource, { name }: AttachmentPiece): DocumentBlock {
  return { type: 'document', source, ...(name !== undefined && name !== '' && { title: name }) }
}

function base64Source(inline: InlineData): BlockSource {
  return { type: 'base64', media_type: inline.mediaType, data: asBase64(inline) }
}

function plainSource(data: string): BlockSource {
  return { type: 'text', media_type: 'text/plain', data }
}

function searchResultBlock({ title, source, texts }: SearchResultPiece): SearchResultBlock {
  const content = texts.map(textBlock)
  return { type: 'search_result', title: title ?? '', source: source ?? '', content }
}

/** The API checks signatures: nothing is built of readable reasoning alone. */
function thinkingBlock({ reasoning: { seal, text } }: ReasoningPiece): OwnBlock | undefined {
  if (!seal || 'field' in seal) return undefined
  return 'data' in seal
    ? { type: 'redacted_thinking', data: seal.data }
    : { type: 'thinking', thinking: text, signature: seal.signature }
}

function toolUseBlock(call: CallPiece, names: ToolNames): ToolUseBlock {
  const { kind, id, name, namespace, input, mark, own } = call
  const block = {
    type: 'tool_use' as const,
    id: safeToolId(id),
    name: names.sent(name, namespace),
    input: kind === 'custom' ? wrappedValue(input) : argumentsObject(input),
  }
  return own?.api === api ? { ...own.value, ...block } : withMark<ToolUseBlock>(block, mark)
}

/** A result whose call nobody knows has an id that no call has. */
function toolResultBlock(result: ResultPiece, names: ToolNames): ToolResultBlock {
  const { id, name, content, isError, mark, own } = result
  const tool_use_id = id === undefined ? `function ${name}` : safeToolId(id)
  const given = typeof content === 'string' ? content : blocksOf(content, names)
  if (own?.api === api) {
    const { content: written, ...rest } = own.value
    const copied = isGiven(written) ? { content: given } : {}
    return withFailure({ ...rest, type: 'tool_result', tool_use_id, ...copied })
  }
  const block: ToolResultBlock = {
    type: 'tool_result',
    tool_use_id,
    ...(given.length > 0 && { content: given }),
    ...(isError !== undefined && { is_error: isError }),
  }
  return withMark(withFailure(block), mark)
}

/** A result that failed and holds nothing gets a text: the API refuses it empty. */
function withFailure(result: ToolResultBlock): ToolResultBlock {
  const { content = '', is_error: failed } = result
  const isEmpty = typeof content === 'string' ? content.trim() === '' : content.length === 0
  return failed === true && isEmpty ? { ...result, content: 'The tool call failed.' } : result
}

function unsupportedData(mediaType: string, { kind, heldPlace }: AttachmentPiece): ProxyError {
  const found = JSON.stringify(mediaType.slice(0, 80))
  const wanted = kind === 'image' ? 'a JPEG, PNG, GIF or WebP image' : 'a PDF, a text or an image'
  const message = `${heldPlace} has the type ${found}; send ${wanted}.`
  return badRequest('unsupported_content', heldPlace, message)
}

/** Marks of one request; a mark at top level takes one of them. */
const maxMarks = 4
const unmarkable = new Set(['thinking', 'redacted_thinking'])

/** The block, or the tool, with the mark of what it was made of. */
export function withMark<Block extends JsonObject>(block: Block, mark: Mark | undefined): Block {
  if (!mark) return block
  return { ...block, cache_control: mark.control ?? { type: 'ephemeral' } }
}

/** The mark of a whole turn goes to its last block that can carry one. */
export function withTurnMark<Block extends AnthropicBlock>(
  blocks: Block[],
  mark: Mark | undefined,
): Block[] {
  if (!mark) return blocks
  const last = blocks.findLastIndex((block) => !unmarkable.has(block.type))
  return blocks.map((block, at) => (at === last ? withMark(block, mark) : block))
}

/**
 * Takes marks away until the last four are left, in the order in which the API reads them: tools, system, messages. Changes
 * the blocks of the body, which are this request's own copies.
 */
export function limitMarks(body: MessagesRequest): void {
  const allowed = isObject(body.cache_control) ? maxMarks - 1 : maxMarks
  const marked = markedOf([...(body.tools ?? []), ...(body.system ?? [])])
  for (const { content } of body.messages) marked.push(...markedOf(content))
  for (const holder of marked.slice(0, Math.max(0, marked.length - allowed))) {
    delete holder.cache_control
  }
}

/** Those that carry a mark. The parts of a tool result carry marks of their own, which come before that of the result. */
function markedOf(holders: readonly JsonObject[]): JsonObject[] {
  const marked: JsonObject[] = []
  for (const holder of holders) {
    const { type, content } = holder
    if (type === 'tool_result' && Array.isArray(content)) {
      marked.push(...markedOf(content.filter(isObject)))
    }
    if (isObject(holder.cache_control)) marked.push(holder)
  }
  return marked
}
