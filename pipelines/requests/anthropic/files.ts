/**
 * Images and files of chat content parts as Anthropic blocks. Nothing is downloaded: the upstream
 * fetches URLs itself.
 */
import { badRequest } from '../../../lib/errors.ts'
import type { AnthropicBlock } from '../../wire/anthropic.ts'
import type { JsonObject } from '../../wire/chat.ts'
import { asBase64, asText, parseDataUrl } from './data-url.ts'
import type { InlineData } from './data-url.ts'
import { isGiven, objectAt, textAt } from '../untrusted.ts'

const imageTypes = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])

/** Media types of the endings of file names, for files that come as bare base64. */
const typeOfEnding = new Map([
  ['pdf', 'application/pdf'],
  ['json', 'application/json'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['png', 'image/png'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
  ...[
    'txt',
    'md',
    'csv',
    'tsv',
    'log',
    'html',
    'htm',
    'css',
    'xml',
    'yaml',
    'yml',
    'js',
    'ts',
    'py',
  ].map((ending) => [ending, 'text/plain'] as const),
])

/**
 * An `image_url` part, whose `image_url` is `{url}` or a bare string. Throws a 400 for a URL or
 * type the API refuses.
 */
export function imageUrlBlock(part: JsonObject, place: string): AnthropicBlock {
  const bare = typeof part.image_url === 'string'
  const at = bare ? `${place}.image_url` : `${place}.image_url.url`
  const url = textAt(bare ? part.image_url : objectAt(part.image_url, `${place}.image_url`).url, at)
  if (/^https?:\/\//i.test(url)) return { type: 'image', source: { type: 'url', url } }

  const inline = parseDataUrl(url)
  if (inline) return imageBlock(inline, at)
  const shown = JSON.stringify(url.slice(0, 40))
  throw badRequest('invalid_value', at, `${at} is ${shown}; send an http(s) or a data: URL.`)
}

/**
 * A `file` part with `file_data` or `file_id`. Throws a 400 for a type that is neither PDF, text
 * nor image.
 */
export function fileBlock(part: JsonObject, place: string): AnthropicBlock {
  const at = `${place}.file`
  const file = objectAt(part.file, at)
  const name = isGiven(file.filename) ? textAt(file.filename, `${at}.filename`) : ''
  if (isGiven(file.file_data)) {
    const data = textAt(file.file_data, `${at}.file_data`)
    return inlineFileBlock(parseDataUrl(data) ?? bareFile(data, name), name, `${at}.file_data`)
  }
  const fileId = textAt(file.file_id, `${at}.file_id`)
  return { type: 'document', source: { type: 'file', file_id: fileId } }
}

function inlineFileBlock(inline: InlineData, name: string, place: string): AnthropicBlock {
  const { mediaType } = inline
  if (mediaType.startsWith('image/')) return imageBlock(inline, place)
  const title = name === '' ? {} : { title: name }
  if (mediaType === 'application/pdf') {
    const source = { type: 'base64', media_type: mediaType, data: asBase64(inline) }
    return { type: 'document', source, ...title }
  }
  if (mediaType.startsWith('text/') || mediaType === 'application/json') {
    const source = { type: 'text', media_type: 'text/plain', data: asText(inline) }
    return { type: 'document', source, ...title }
  }
  throw unsupportedType(mediaType, place, 'a PDF, a text or an image')
}

function bareFile(data: string, name: string): InlineData {
  const dot = name.lastIndexOf('.')
  const ending = dot === -1 ? 'pdf' : name.slice(dot + 1).toLowerCase()
  return { mediaType: typeOfEnding.get(ending) ?? `*.${ending}`, base64: true, data }
}

function imageBlock(inline: InlineData, place: string): AnthropicBlock {
  const mediaType = inline.mediaType === 'image/jpg' ? 'image/jpeg' : inline.mediaType
  if (!imageTypes.has(mediaType)) {
    throw unsupportedType(mediaType, place, 'a JPEG, PNG, GIF or WebP image')
  }
  const source = { type: 'base64', media_type: mediaType, data: asBase64(inline) }
  return { type: 'image', source }
}

function unsupportedType(mediaType: string, place: string, wanted: string) {
  const found = JSON.stringify(mediaType.slice(0, 80))
  return badRequest('unsupported_content', place, `${place} has the type ${found}; send ${wanted}.`)
}
