/** Pieces of a turn as content parts of chat, and as the one string where all of them are text. */
import { badRequest, type ProxyError } from '../../errors.ts'
import { asBase64, asText, type InlineData } from '../../neutral/data-url.ts'
import type { AttachmentPiece, Piece } from '../../neutral/request.ts'
import { fileText, leftOut, searchResultText, unsupportedPiece } from '../../neutral/turn.ts'

export type Part =
  | { type: 'text'; text: string }
  | { type: 'image_url'; image_url: { url: string; detail?: string } }
  | { type: 'file'; file: { filename: string; file_data: string } }

const taken = 'this model takes text, images and PDF files'
const defaultName = 'file.pdf'
const pdf = 'application/pdf'
const textTypes = /^text\/|[/+](?:json|xml|yaml|javascript)$/

export function textPart(text: string): Part {
  return { type: 'text', text }
}

/** Without empty text. Throws a 400 with the place of a piece that the model does not take. */
export function partsOf(pieces: readonly Piece[]): Part[] {
  const parts: Part[] = []
  for (const piece of pieces) {
    const part = partOf(piece)
    if (part && !(part.type === 'text' && part.text === '')) parts.push(part)
  }
  return parts
}

export function textsOf(parts: readonly Part[]): string[] {
  const texts: string[] = []
  for (const part of parts) if (part.type === 'text') texts.push(part.text)
  return texts
}

/** A string where all is text: many servers take nothing else. */
export function contentOf(parts: readonly Part[]): string | Part[] {
  const texts = textsOf(parts)
  return texts.length === parts.length ? texts.join('\n\n') : [...parts]
}

function partOf(piece: Piece): Part | undefined {
  switch (piece.type) {
    case 'text':
    case 'refusal':
      return textPart(piece.text)
    case 'search-result':
      return textPart(searchResultText(piece))
    case 'attachment':
      return piece.kind === 'image' ? imagePart(piece) : filePart(piece)
    case 'foreign':
      return leftOut(piece, taken)
    case 'reasoning':
    case 'call':
    case 'result':
      throw unsupportedPiece(piece, taken)
    default:
      throw piece satisfies never
  }
}

function imagePart(piece: AttachmentPiece): Part {
  const { held, detail, heldPlace } = piece
  if ('text' in held) return textPart(held.text)
  if ('fileId' in held) throw elsewhere(heldPlace)
  const url = 'url' in held ? held.url : dataUrl(held.inline)
  return { type: 'image_url', image_url: { url, ...(detail !== undefined && { detail }) } }
}

function filePart(piece: AttachmentPiece): Part {
  const { held, name = defaultName, heldPlace } = piece
  if ('text' in held) return textPart(fileText(piece, held.text))
  if ('fileId' in held) throw elsewhere(heldPlace)
  if ('url' in held) {
    const message = `${heldPlace} is an address, and this model's API fetches no files; send the data.`
    throw badRequest('unsupported_content', heldPlace, message)
  }
  const { inline } = held
  if (inline.mediaType === pdf) {
    return { type: 'file', file: { filename: name, file_data: dataUrl(inline) } }
  }
  if (textTypes.test(inline.mediaType)) return textPart(fileText(piece, asText(inline)))
  throw unsupportedPiece(piece, taken)
}

function dataUrl(inline: InlineData): string {
  return `data:${inline.mediaType};base64,${asBase64(inline)}`
}

function elsewhere(place: string): ProxyError {
  const message = `${place} is the id of a file that lies with another provider; send the data or a URL.`
  return badRequest('unsupported_content', place, message)
}
