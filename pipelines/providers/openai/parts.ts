/** Pieces of a turn as content parts: `input_*` for what the model reads, `output_text` and `refusal` for what it wrote. */
import type { JsonObject } from '../../json/value.ts'
import { nameOfType, type InlineData } from '../../neutral/data-url.ts'
import type { AttachmentPiece, Mark, Own, Piece } from '../../neutral/request.ts'
import { fileText, leftOut, searchResultText, unsupportedPiece } from '../../neutral/turn.ts'
import type { Foreign, InputPart, OutputPart, TextInput } from '../../wire/responses.ts'
import { api } from './capability.ts'

const inputTaken = 'this model takes text, images and files'
const outputTaken = 'an assistant message holds text and refusals only'

/**
 * Input parts for what a user, the operator or a tool sends. Leaves out empty text, and foreign pieces that may be left out.
 * Throws a 400 that names the place of any other piece that the model does not take.
 */
export function inputParts(pieces: readonly Piece[]): InputPart[] {
  const parts: InputPart[] = []
  for (const piece of pieces) {
    const part = inputPart(piece)
    if (part && !(part.type === 'input_text' && part.text === '')) parts.push(part)
  }
  return parts
}

export function textPart(text: string): TextInput {
  return { type: 'input_text', text }
}

/** The text of parts that are all text; undefined as soon as one is not. */
export function textsOf(parts: readonly InputPart[]): string[] | undefined {
  const texts: string[] = []
  for (const part of parts) {
    if (part.type !== 'input_text') return undefined
    texts.push(part.text)
  }
  return texts
}

/**
 * A part of what the model wrote; undefined for empty text, for reasoning, which becomes an item of its own, and for foreign
 * pieces that may be left out. Throws a 400 that names the place of anything else.
 */
export function outputPart(piece: Piece): OutputPart | undefined {
  switch (piece.type) {
    case 'text':
      return piece.text === ''
        ? undefined
        : { type: 'output_text', text: piece.text, annotations: [] }
    case 'refusal':
      return piece.text === '' ? undefined : { type: 'refusal', refusal: piece.text }
    case 'reasoning':
      return undefined
    case 'foreign':
      return leftOut(piece, outputTaken)
    default:
      throw unsupportedPiece(piece, outputTaken)
  }
}

/** The value where it is in this API's words: it passes as it is. */
export function foreign(own: Own | undefined): Foreign | undefined {
  return own?.api === api && isForeign(own.value) ? own.value : undefined
}

function isForeign(value: JsonObject): value is Foreign {
  return typeof value.type === 'string'
}

function inputPart(piece: Piece): InputPart | undefined {
  switch (piece.type) {
    case 'text':
      return marked(textPart(piece.text), piece.mark)
    case 'search-result':
      return marked(textPart(searchResultText(piece)), piece.mark)
    case 'attachment':
      return marked(attachmentPart(piece), piece.mark)
    case 'foreign':
      return foreign(piece.own) ?? leftOut(piece, inputTaken)
    case 'refusal':
    case 'reasoning':
    case 'call':
    case 'result':
      throw unsupportedPiece(piece, inputTaken)
    default:
      throw piece satisfies never
  }
}

/** OpenAI's own mark for its prompt cache; the control that others write has no counterpart. */
function marked(part: InputPart, mark: Mark | undefined): InputPart {
  const { breakpoint } = mark ?? {}
  return breakpoint === undefined ? part : { ...part, prompt_cache_breakpoint: breakpoint }
}

function attachmentPart(piece: AttachmentPiece): InputPart {
  const { kind, held, name, detail = 'auto' } = piece
  if ('text' in held) return textPart(fileText(piece, held.text))
  if (kind === 'image') {
    const type = 'input_image'
    if ('fileId' in held) return { type, file_id: held.fileId, detail }
    return { type, image_url: 'url' in held ? held.url : dataUrl(held.inline), detail }
  }
  const type = 'input_file'
  if ('fileId' in held) return { type, file_id: held.fileId }
  if ('url' in held) return { type, file_url: held.url }
  const filename = name ?? nameOfType(held.inline.mediaType)
  return { type, filename, file_data: dataUrl(held.inline) }
}

function dataUrl({ mediaType, base64, data }: InlineData): string {
  return `data:${mediaType}${base64 ? ';base64' : ''},${data}`
}
