/**
 * Content parts of chat messages as neutral pieces. The dialect is a superset: parts of Responses and blocks of Anthropic
 * come in it, too, the latter also in words that Anthropic alone knows. Source: OpenAI API reference "Chat Completions" and
 * "Responses", Anthropic API reference "Messages", read 2026-11.
 */
import { badRequest, ProxyError } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import type {
  AttachmentPiece,
  CallPiece,
  ForeignPiece,
  Mark,
  Own,
  Piece,
  ResultPiece,
  SearchResultPiece,
} from '../../neutral/request.ts'
import { isGiven, listAt, nameAt, objectAt, shown, textAt } from '../../untrusted.ts'
import { attachmentOf, isAttachment } from '../attachment.ts'
import { isThinking, thinkingPiece } from './reasoning.ts'

/** Whose content it is. `nested`: that of a result in Anthropic's own words, where it decides what it takes. */
export type Speaker = 'instruction' | 'user' | 'assistant' | 'tool' | 'nested'

/** Text, in the words of chat and of both sides of Responses. */
const textTypes = new Set(['text', 'input_text', 'output_text'])
/** What Anthropic's own tools left in an assistant's turn. */
const serverBlock = /^(?:server|mcp)_tool_use$|_tool_result$/
/** Anthropic's sources of an image or a document that others can read, too. */
const readableSources = new Set<unknown>(['url', 'base64', 'text', 'content', undefined])

/** The pieces of a message's `content`, empty text included. Throws a 400 that names what cannot be read. */
export function piecesOf(content: unknown, place: string, speaker: Speaker): Piece[] {
  return entriesOf(content, place).map(({ value, at }) => pieceOf(value, at, speaker))
}

/** What content consists of, each with its place; a string is one. Throws a 400 where it is neither that nor a list. */
export function entriesOf(content: unknown, place: string): { value: unknown; at: string }[] {
  if (!isGiven(content)) return []
  if (typeof content === 'string') return [{ value: content, at: place }]
  if (Array.isArray(content)) {
    return content.map((value: unknown, index) => ({ value, at: `${place}[${index}]` }))
  }
  const message = `${place} is ${shown(content)}; send a string or an array of content parts.`
  throw badRequest('invalid_value', place, message)
}

/** The prompt cache marks of a part, a message, a call or a tool. */
export function markOf(source: JsonObject): { mark?: Mark } {
  const { cache_control: control, prompt_cache_breakpoint: breakpoint } = source
  const mark: Mark = {
    ...(isObject(control) && { control }),
    ...(isGiven(breakpoint) && { breakpoint }),
  }
  return Object.keys(mark).length > 0 ? { mark } : {}
}

/** One part as a piece; a bare string is a text. Throws a 400 that names what cannot be read. */
export function pieceOf(value: unknown, place: string, speaker: Speaker): Piece {
  if (typeof value === 'string') return { type: 'text', text: value, place }
  const part = objectAt(value, place)
  const type = textAt(part.type, `${place}.type`)
  if (textTypes.has(type)) {
    const text = textAt(part.text, `${place}.text`)
    const own = speaker === 'nested' && type === 'text' ? ownOf(part) : {}
    return { type: 'text', text, place, ...markOf(part), ...own }
  }
  if (type === 'refusal') {
    return { type, text: textAt(part.refusal, `${place}.refusal`), place, ...markOf(part) }
  }
  if (type === 'search_result' || isAttachment(type)) return heldPiece(part, type, place, speaker)
  if (speaker === 'assistant' && type === 'tool_use') return toolUsePiece(part, place)
  if (speaker === 'assistant' && isThinking(part)) return thinkingPiece(part, place)
  if (speaker === 'user' && type === 'tool_result') return toolResultPiece(part, place)
  return foreignPiece(part, type, place, speaker)
}

function ownOf(value: JsonObject): { own: Own } {
  return { own: { api: 'anthropic', value } }
}

function foreignPiece(
  part: JsonObject,
  type: string,
  place: string,
  speaker: Speaker,
): ForeignPiece {
  const isLeftover = speaker === 'assistant' && serverBlock.test(type)
  // loads a tool that the model had been told of in part; other models have been told of all
  const isReference = type === 'tool_reference' && speaker !== 'assistant'
  const isTaken = isLeftover || speaker === 'nested' || (isReference && speaker === 'tool')
  return {
    type: 'foreign',
    written: type,
    place,
    ...(isTaken && ownOf(part)),
    ...((isLeftover || isReference) && { elsewhere: 'left-out' }),
  }
}

/**
 * An image, a file or a search result. Anthropic sends its own as they are, so what nobody else could read of them is a
 * fault only elsewhere.
 */
function heldPiece(
  part: JsonObject,
  type: string,
  place: string,
  speaker: Speaker,
): AttachmentPiece | SearchResultPiece | ForeignPiece {
  if (!isAnthropics(part, type) || speaker === 'instruction') return readPiece(part, type, place)
  try {
    return { ...readPiece(part, type, place), ...ownOf(part) }
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    return { type: 'foreign', written: type, place, ...ownOf(part), elsewhere: error }
  }
}

/** LangChain and the AI SDK have images of their own; Anthropic's have a `source`. */
function isAnthropics(part: JsonObject, type: string): boolean {
  if (type === 'search_result') return true
  return (type === 'image' || type === 'document') && isObject(part.source)
}

function readPiece(
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
  const { kind, name, detail, place: heldPlace, ...held } = attachmentOf(part, type, place)
  return {
    type: 'attachment',
    written: type,
    place,
    kind,
    held,
    heldPlace,
    ...(name !== undefined && { name }),
    ...(detail !== undefined && { detail }),
    ...markOf(part),
  }
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

function toolUsePiece(part: JsonObject, place: string): CallPiece {
  return {
    type: 'call',
    kind: 'function',
    id: textAt(part.id, `${place}.id`),
    name: nameAt(part.name, `${place}.name`),
    input: isGiven(part.input) ? objectAt(part.input, `${place}.input`) : {},
    inputPlace: `${place}.input`,
    place,
    ...markOf(part),
    ...ownOf(part),
  }
}

function toolResultPiece(part: JsonObject, place: string): ResultPiece {
  return {
    type: 'result',
    id: textAt(part.tool_use_id, `${place}.tool_use_id`),
    ...(typeof part.is_error === 'boolean' && { isError: part.is_error }),
    content: resultContent(part.content, `${place}.content`, 'nested'),
    place,
    ...markOf(part),
    ...ownOf(part),
  }
}

/** What a tool gave: a string as it is, else pieces. */
export function resultContent(
  content: unknown,
  place: string,
  speaker: 'tool' | 'nested',
): ResultPiece['content'] {
  return typeof content === 'string' ? content : piecesOf(content, place, speaker)
}
