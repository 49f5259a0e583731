/**
 * Content blocks in Anthropic's words, as neutral pieces: Messages clients send them, and chat clients mix them in.
 * Source: Anthropic API reference "Messages", read 2026-11.
 */
import { badRequest, ProxyError } from '../errors.ts'
import { isObject, type JsonObject } from '../json/value.ts'
import type { AttachmentPiece, ForeignPiece, Own, SearchResultPiece } from '../neutral/request.ts'
import { isGiven, listAt, markOf, objectAt, textAt } from '../untrusted.ts'
import { attachmentOf } from './attachment.ts'

/** Sources of an image or a document that others can read, too. */
const readableSources = new Set<unknown>(['url', 'base64', 'text', 'content', undefined])

/** What Anthropic's own tools left in an assistant's turn. */
export const serverBlock = /^(?:server|mcp)_tool_use$|_tool_result$/

/** What Anthropic's own writer sends as it is. */
export function ownOf(value: JsonObject): { own: Own } {
  return { own: { api: 'anthropic', value } }
}

/**
 * An image, a document or a search result with a source. Anthropic gets it as it is, so what nobody else could read of it is a
 * fault only elsewhere.
 */
export function ownHeldPiece(
  part: JsonObject,
  type: string,
  place: string,
): AttachmentPiece | SearchResultPiece | ForeignPiece {
  try {
    return { ...heldPiece(part, type, place), ...ownOf(part) }
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    return { type: 'foreign', written: type, place, ...ownOf(part), elsewhere: error }
  }
}

/** The same in any API's words. Throws a 400 that names what cannot be read. */
export function heldPiece(
  part: JsonObject,
  type: string,
  place: string,
): AttachmentPiece | SearchResultPiece {
  if (type === 'search_result') return searchResultPiece(part, place)
  const { source } = part
  if (isObject(source) && !readableSources.has(source.type)) throw unreadableSource(place)
  if (type === 'document' && isObject(source) && source.type === 'content') {
    return textsPiece(part, source, place)
  }
  const attachment = attachmentOf(part, type, place)
  return { type: 'attachment', written: type, place, ...attachment, ...markOf(part) }
}

function unreadableSource(place: string): ProxyError {
  const at = `${place}.source.type`
  const message = `${at} is not one this model can read; send base64, a URL or text.`
  return badRequest('unsupported_content', at, message)
}

function searchResultPiece(part: JsonObject, place: string): SearchResultPiece {
  return {
    type: 'search-result',
    written: 'search_result',
    place,
    ...(isGiven(part.title) && { title: textAt(part.title, `${place}.title`) }),
    ...(isGiven(part.source) && { source: textAt(part.source, `${place}.source`) }),
    texts: textsOf(part.content, `${place}.content`),
    ...markOf(part),
  }
}

/** A document that is made of texts. */
function textsPiece(part: JsonObject, source: JsonObject, place: string): SearchResultPiece {
  return {
    type: 'search-result',
    written: 'document',
    place,
    ...(isGiven(part.title) && { title: textAt(part.title, `${place}.title`) }),
    texts: textsOf(source.content, `${place}.source.content`),
    ...markOf(part),
  }
}

function textsOf(content: unknown, place: string): string[] {
  if (typeof content === 'string') return [content]
  return listAt(content, place).map((value, index) => {
    const at = `${place}[${index}]`
    return textAt(objectAt(value, at).text, `${at}.text`)
  })
}
