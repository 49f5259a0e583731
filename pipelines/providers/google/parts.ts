/** Pieces of a turn as parts of the content: what the model reads, and what it once wrote. */
import { badRequest } from '../../errors.ts'
import { isObject, valueIn, type JsonObject } from '../../json/value.ts'
import { argumentsObject } from '../../neutral/arguments.ts'
import { asBase64, asText, typeOfName, type InlineData } from '../../neutral/data-url.ts'
import { wrappedValue } from '../../neutral/free-text.ts'
import type { AttachmentPiece, CallPiece, Piece, ResultPiece } from '../../neutral/request.ts'
import {
  fileText,
  leftOut,
  searchResultText,
  unsupportedPiece,
  noResult,
} from '../../neutral/turn.ts'
import type { FilePart, GooglePart, InlinePart, TextPart } from '../../wire/google.ts'

/** The API refuses a request with a value that is nested more deeply. */
const maxLevels = 30

const inputTaken = 'this model takes text, images, audio and files'
const outputTaken = 'an assistant message holds text and tool calls only'
const resultTaken = 'the result of a tool holds text, images and files only'

/** What the client or the operator sends, without empty text. Throws a 400 with the place of what the model does not take. */
export function inputParts(pieces: readonly Piece[]): (TextPart | InlinePart | FilePart)[] {
  return pieces.flatMap((piece) => inputPart(piece, inputTaken) ?? [])
}

/** Texts alone. Throws a 400 with the place of anything else. */
export function textParts(pieces: readonly Piece[], taken: string): TextPart[] {
  return pieces.flatMap((piece) => {
    const part = inputPart(piece, taken)
    if (part && !('text' in part)) throw unsupportedPiece(piece, taken)
    return part ?? []
  })
}

/** What the model wrote; undefined for empty text. Throws a 400 with the place of what a model does not write. */
export function outputPart(piece: Piece): TextPart | InlinePart | undefined {
  switch (piece.type) {
    case 'text':
    case 'refusal':
      return textPart(piece.text)
    case 'reasoning':
      return undefined
    case 'foreign':
      return piece.media ? inlinePart(piece.media) : leftOut(piece, outputTaken)
    default:
      throw unsupportedPiece(piece, outputTaken)
  }
}

function textPart(text: string): TextPart | undefined {
  return text === '' ? undefined : { text }
}

function inputPart(piece: Piece, taken: string): TextPart | InlinePart | FilePart | undefined {
  switch (piece.type) {
    case 'text':
      return textPart(piece.text)
    case 'search-result':
      return textPart(searchResultText(piece))
    case 'attachment':
      return attachmentPart(piece)
    case 'foreign':
      return piece.media ? inlinePart(piece.media) : leftOut(piece, taken)
    case 'refusal':
    case 'reasoning':
    case 'call':
    case 'result':
      throw unsupportedPiece(piece, taken)
    default:
      throw piece satisfies never
  }
}

function attachmentPart(piece: AttachmentPiece): TextPart | InlinePart | FilePart | undefined {
  const { held, heldPlace } = piece
  if ('text' in held) return textPart(fileText(piece, held.text))
  if ('url' in held) return fileAt(held.url)
  if ('fileId' in held) {
    const message = `${heldPlace} names a file that lies with another provider; send its data or a URL.`
    throw badRequest('unsupported_content', heldPlace, message)
  }
  const { mediaType } = held.inline
  if (isText(mediaType)) return textPart(fileText(piece, asText(held.inline)))
  return inlinePart(held.inline)
}

function inlinePart(data: InlineData): InlinePart {
  return { inlineData: { mimeType: data.mediaType, data: asBase64(data) } }
}

function isText(mediaType: string): boolean {
  return mediaType.startsWith('text/') || mediaType === 'application/json'
}

/** Google fetches it. What it is stands in the ending, if anywhere. */
function fileAt(url: string): FilePart {
  const [path = ''] = url.split(/[?#]/, 1)
  const name = path.slice(path.lastIndexOf('/') + 1)
  const mimeType = name.includes('.') ? typeOfName(name) : 'application/octet-stream'
  const isKnown = mimeType !== 'application/octet-stream'
  return { fileData: { fileUri: url, ...(isKnown && { mimeType }) } }
}

/** Arguments are an object: what else a model once wrote is wrapped, so that it can be seen. */
export function argsOf({ kind, input }: Pick<CallPiece, 'kind' | 'input'>): JsonObject {
  if (kind === 'custom') return wrappedValue(input)
  return argumentsObject(input, maxLevels)
}

export interface ToolResponse {
  response: JsonObject
  /** images and files */
  media: (InlinePart | FilePart)[]
}

/** A result as the object that the API wants: the JSON object that its text is, else one around the text. */
export function responseOf({ content, isError }: ResultPiece): ToolResponse {
  const parts =
    typeof content === 'string'
      ? [textPart(content)]
      : content.map((piece) => inputPart(piece, resultTaken))
  const given = parts.filter((part) => part !== undefined)
  const text = textsOf(given).join('\n')
  const media = given.flatMap((part) => ('text' in part ? [] : part))
  if (isError) return { response: { error: text }, media }
  const value = text.trimStart().startsWith('{') ? valueIn(text, maxLevels) : undefined
  return { response: isObject(value) ? value : { output: text }, media }
}

/** For a call that nobody answered: the API wants as many results as calls. */
export const noResponse: JsonObject = { error: noResult }

/** A result that no call waits for, as text of the user. */
export function looseResult(result: ResultPiece): GooglePart[] {
  const { id, name = '', content } = result
  const { media } = responseOf(result)
  const texts =
    typeof content === 'string'
      ? content
      : textsOf(content.flatMap((piece) => inputPart(piece, resultTaken) ?? [])).join('\n')
  return [{ text: `Tool result (${id ?? name}):\n${texts}` }, ...media]
}

function textsOf(parts: readonly GooglePart[]): string[] {
  return parts.flatMap((part) => ('text' in part ? part.text : []))
}
