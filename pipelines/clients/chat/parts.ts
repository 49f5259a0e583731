/**
 * Content parts of chat messages as neutral pieces. The dialect is a superset: clients mix in parts of Responses and blocks of
 * Anthropic, even those that Anthropic alone knows. Source: OpenAI API reference "Chat Completions" and
 * "Responses", Anthropic API reference "Messages", read 2026-11.
 */
import { badRequest, ProxyError } from '../../errors.ts'
import { isObject, type JsonObject } from '../../json/value.ts'
import { parseDataUrl, type InlineData } from '../../neutral/data-url.ts'
import type {
  AttachmentPiece,
  CallPiece,
  ForeignPiece,
  Piece,
  ResultPiece,
  SearchResultPiece,
} from '../../neutral/request.ts'
import { isGiven, nameAt, objectAt, shown, textAt, markOf } from '../../untrusted.ts'
import { attachmentOf, isAttachment } from '../attachment.ts'
import { heldPiece, ownHeldPiece, ownOf, serverBlock } from '../blocks.ts'
import { isThinking, thinkingPiece } from './reasoning.ts'

/** Whose content it is. `nested`: that of a result in Anthropic's form, where Anthropic decides what it takes. */
export type Speaker = 'instruction' | 'user' | 'assistant' | 'tool' | 'nested'

/** Text, in the types of chat and of both sides of Responses. */
const textTypes = new Set(['text', 'input_text', 'output_text'])

/** The pieces of a message's `content`, empty text included. Throws a 400 that names what cannot be read. */
function piecesOf(content: unknown, place: string, speaker: Speaker): Piece[] {
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
  if (type === 'search_result' || isAttachment(type)) return partPiece(part, type, place, speaker)
  if (speaker === 'assistant' && type === 'tool_use') return toolUsePiece(part, place)
  if (speaker === 'assistant' && isThinking(part)) return thinkingPiece(part, place)
  if (speaker === 'user' && type === 'tool_result') return toolResultPiece(part, place)
  return foreignPiece(part, type, place, speaker)
}

function foreignPiece(
  part: JsonObject,
  type: string,
  place: string,
  speaker: Speaker,
): ForeignPiece {
  const isLeftover = speaker === 'assistant' && serverBlock.test(type)
  // loads a tool that was declared in part; other models know the whole declaration
  const isReference = type === 'tool_reference' && speaker !== 'assistant'
  const isTaken = isLeftover || speaker === 'nested' || (isReference && speaker === 'tool')
  return {
    type: 'foreign',
    written: type,
    place,
    ...(isTaken && ownOf(part)),
    ...(isReference && { elsewhere: 'left-out' }),
    ...(isLeftover && { elsewhere: 'dropped' }),
    ...(type === 'input_audio' && soundOf(part)),
  }
}

/** Nothing where it cannot be read: then no writer takes the part. */
function soundOf({ input_audio: audio }: JsonObject): { media?: InlineData } {
  const { data, format } = isObject(audio) ? audio : {}
  if (typeof data !== 'string') return {}
  const inline = parseDataUrl(data)
  if (inline) return { media: inline }
  if (typeof format !== 'string') return {}
  return { media: { mediaType: `audio/${format.toLowerCase()}`, base64: true, data } }
}

/** An image, a file or a search result. An API may take none in an instruction, so what cannot be read is no fault of all. */
function partPiece(
  part: JsonObject,
  type: string,
  place: string,
  speaker: Speaker,
): AttachmentPiece | SearchResultPiece | ForeignPiece {
  if (speaker === 'assistant' && !isAnthropics(part, type)) {
    const { kind, held } = attachmentOf(part, type, place)
    const media = 'inline' in held ? held.inline : undefined
    if (kind === 'image') return ownPicture(media, type, place)
  }
  if (speaker !== 'instruction') {
    return isAnthropics(part, type) ? ownHeldPiece(part, type, place) : heldPiece(part, type, place)
  }
  try {
    return heldPiece(part, type, place)
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    return { type: 'foreign', written: type, place, elsewhere: error }
  }
}

/** A picture that the model made. Only Gemini takes it back, and only its data. */
function ownPicture(media: InlineData | undefined, type: string, place: string): ForeignPiece {
  const own = media && { media, own: { api: 'google', value: {} } }
  return { type: 'foreign', written: type, place, elsewhere: 'dropped', ...own }
}

/** The pictures beside an assistant's content, where OpenRouter has them. */
export function picturesOf(images: unknown, place: string): ForeignPiece[] {
  if (!Array.isArray(images)) return []
  return images.flatMap((part: unknown, at) => {
    const { image_url: image } = isObject(part) ? part : {}
    const url = isObject(image) ? image.url : undefined
    const media = typeof url === 'string' ? parseDataUrl(url) : undefined
    return media ? [ownPicture(media, 'image_url', `${place}[${at}]`)] : []
  })
}

/** Models call a tool without a name now and then, and clients keep that: the API would refuse all that follows. */
export function calledName(name: unknown, place: string): string {
  return !isGiven(name) || name === '' ? 'unknown_tool' : nameAt(name, place)
}

/** LangChain and the AI SDK have images of their own; Anthropic's have a `source`. */
function isAnthropics(part: JsonObject, type: string): boolean {
  if (type === 'search_result') return true
  return (type === 'image' || type === 'document') && isObject(part.source)
}

function toolUsePiece(part: JsonObject, place: string): CallPiece {
  return {
    type: 'call',
    kind: 'function',
    id: textAt(part.id, `${place}.id`),
    name: calledName(part.name, `${place}.name`),
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

/** Items of Responses that clients which switch APIs leave in a chat, as messages without a role or as parts of one. */
export const callTypes = new Set<unknown>(['function_call', 'custom_tool_call'])
export const outputTypes = new Set<unknown>(['function_call_output', 'custom_tool_call_output'])
/** Reasoning, and calls of OpenAI's own tools. */
const silentTypes = new Set<unknown>([
  'reasoning',
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
  'mcp_list_tools',
  'mcp_call',
])

/** Whether something is an item of Responses that has a place in a chat. */
export function isHistoryType(type: unknown): boolean {
  return callTypes.has(type) || outputTypes.has(type) || silentTypes.has(type)
}

/** What a tool of OpenAI's own did. */
export function ownWork({ type }: JsonObject, place: string): ForeignPiece {
  return { type: 'foreign', written: String(type), place, elsewhere: 'dropped' }
}

export function noAudio(place: string): ProxyError {
  const message = `${place} is about audio, which is not carried over; take it out and use text.`
  return badRequest('unsupported_parameter', place, message)
}
