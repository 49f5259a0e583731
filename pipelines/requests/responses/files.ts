/**
 * Images and files of chat content parts, as Responses has them. Nothing is downloaded: the
 * upstream fetches URLs itself.
 */
import { badRequest } from '../../../lib/errors.ts'
import type { JsonObject } from '../../wire/chat.ts'
import { isGiven, objectAt, textAt } from '../untrusted.ts'
import type { Part } from './parts.ts'

const defaultName = 'file.pdf'

/** Media types of the endings of file names, for files that come as bare base64. */
const typeOfEnding = new Map([
  ['pdf', 'application/pdf'],
  ['json', 'application/json'],
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['csv', 'text/csv'],
  ['html', 'text/html'],
  ['xml', 'text/xml'],
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
  ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
])

/**
 * An `image_url` part, whose `image_url` is `{url, detail}` or a bare string. Responses wants the
 * URL itself.
 */
export function imageUrlPart(part: JsonObject, place: string): Part {
  const at = `${place}.image_url`
  if (typeof part.image_url === 'string') return inputImage(part.image_url)
  const image = objectAt(part.image_url, at)
  const url = textAt(image.url, `${at}.url`)
  return isGiven(image.detail)
    ? inputImage(url, textAt(image.detail, `${at}.detail`))
    : inputImage(url)
}

export function inputImage(url: string, detail = 'auto'): Part {
  return { type: 'input_image', image_url: url, detail }
}

/**
 * A `file` part with `file_id`, `file_url` or `file_data`. Throws a 400 when it holds none of them.
 */
export function filePart(part: JsonObject, place: string): Part {
  const at = `${place}.file`
  const file = objectAt(part.file, at)
  const textOf = (name: string) =>
    isGiven(file[name]) ? textAt(file[name], `${at}.${name}`) : undefined

  const id = textOf('file_id')
  if (id !== undefined) return { type: 'input_file', file_id: id }
  const url = textOf('file_url')
  if (url !== undefined) return { type: 'input_file', file_url: url }
  const data = textOf('file_data')
  if (data !== undefined) return inlineFile(data, textOf('filename'))
  const message = `${at} holds no file; send file_data, file_id or file_url.`
  throw badRequest('missing_required_parameter', at, message)
}

/** `data` as a `data:` URL; bare base64 gets a media type from the name's ending. */
export function inlineFile(data: string, name = defaultName): Part {
  const isUrl = data.slice(0, 5).toLowerCase() === 'data:'
  const file_data = isUrl ? data : `data:${mediaTypeOf(name)};base64,${data}`
  return { type: 'input_file', filename: name, file_data }
}

function mediaTypeOf(name: string): string {
  const dot = name.lastIndexOf('.')
  const ending = dot === -1 ? 'pdf' : name.slice(dot + 1).toLowerCase()
  return typeOfEnding.get(ending) ?? 'application/octet-stream'
}
