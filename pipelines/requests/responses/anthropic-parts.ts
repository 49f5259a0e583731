/**
 * Images and documents in Anthropic's own words, which clients leave in a chat history when they
 * change the model.
 */
import { badRequest } from '../../../lib/errors.ts'
import type { JsonObject } from '../../wire/chat.ts'
import { isGiven, objectAt, textAt } from '../untrusted.ts'
import { inlineFile, inputImage } from './files.ts'
import type { Part } from './parts.ts'

/** `{type: "image", source}`. Throws a 400 for a source that only Anthropic can read. */
export function imagePart(part: JsonObject, place: string): Part {
  const at = `${place}.source`
  const source = objectAt(part.source, at)
  if (source.type === 'url') return inputImage(textAt(source.url, `${at}.url`))
  if (source.type === 'base64') return inputImage(dataUrl(source, at))
  throw foreignSource(at)
}

/** `{type: "document", source, title}`. Throws a 400 for a source that only Anthropic can read. */
export function documentPart(part: JsonObject, place: string): Part {
  const at = `${place}.source`
  const source = objectAt(part.source, at)
  const title = isGiven(part.title) ? textAt(part.title, `${place}.title`) : undefined
  switch (source.type) {
    case 'url':
      return { type: 'input_file', file_url: textAt(source.url, `${at}.url`) }
    case 'base64':
      return inlineFile(dataUrl(source, at), title)
    case 'text':
      return { type: 'input_text', text: textAt(source.data, `${at}.data`) }
    default:
      throw foreignSource(at)
  }
}

function dataUrl(source: JsonObject, place: string): string {
  const mediaType = textAt(source.media_type, `${place}.media_type`)
  return `data:${mediaType};base64,${textAt(source.data, `${place}.data`)}`
}

function foreignSource(place: string) {
  const message = `${place}.type is not one this model can read; send base64, a URL or text.`
  return badRequest('unsupported_content', `${place}.type`, message)
}
