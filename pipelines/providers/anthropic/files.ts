/** Images and files of content parts as Anthropic blocks. */
import { badRequest } from '../../errors.ts'
import type { AnthropicBlock } from '../../wire/anthropic.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type { Attachment } from '../../clients/attachment.ts'
import { asBase64, asText, type InlineData } from '../../neutral/data-url.ts'
import { truthful } from '../../neutral/media-type.ts'

const imageTypes = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])

/** The block of an attachment. Throws a 400 for data that are neither PDF, text nor image. */
export function attachmentBlock(attachment: Attachment): AnthropicBlock {
  if ('inline' in attachment) return inlineBlock(attachment.inline, attachment)
  if ('text' in attachment) return document(plainSource(attachment.text), attachment)
  const source =
    'url' in attachment
      ? { type: 'url', url: attachment.url }
      : { type: 'file', file_id: attachment.fileId }
  return attachment.kind === 'image' ? { type: 'image', source } : document(source, attachment)
}

/** A block in Anthropic's own words, whose inline data get the media type of their first bytes. */
export function withTrueType(block: AnthropicBlock): AnthropicBlock {
  const { source } = block
  if (!isObject(source) || source.type !== 'base64') return block
  const { media_type: said, data } = source
  if (typeof said !== 'string' || typeof data !== 'string') return block
  const { mediaType } = truthful({ mediaType: said.toLowerCase(), base64: true, data })
  return mediaType === said ? block : { ...block, source: { ...source, media_type: mediaType } }
}

function inlineBlock(inline: InlineData, attachment: Attachment): AnthropicBlock {
  const { mediaType } = inline
  if (imageTypes.has(mediaType)) {
    return { type: 'image', source: base64Source(inline) }
  }
  if (mediaType === 'application/pdf') return document(base64Source(inline), attachment)
  if (mediaType.startsWith('text/') || mediaType === 'application/json') {
    return document(plainSource(asText(inline)), attachment)
  }
  throw unsupportedType(mediaType, attachment)
}

function document(source: JsonObject, { name }: Attachment): AnthropicBlock {
  return { type: 'document', source, ...(name !== undefined && name !== '' && { title: name }) }
}

function base64Source(inline: InlineData): JsonObject {
  return { type: 'base64', media_type: inline.mediaType, data: asBase64(inline) }
}

function plainSource(data: string): JsonObject {
  return { type: 'text', media_type: 'text/plain', data }
}

function unsupportedType(mediaType: string, { kind, place }: Attachment) {
  const found = JSON.stringify(mediaType.slice(0, 80))
  const wanted = kind === 'image' ? 'a JPEG, PNG, GIF or WebP image' : 'a PDF, a text or an image'
  return badRequest('unsupported_content', place, `${place} has the type ${found}; send ${wanted}.`)
}
