/**
 * Content of Responses items as neutral pieces. Source: OpenAI API reference "Responses" and the types of the `openai` package
 * 7.59, read 2026-11.
 */
import { badRequest, type ProxyError } from '../../errors.ts'
import type { JsonObject } from '../../json/value.ts'
import type { Piece, Turn } from '../../neutral/request.ts'
import { listAt, markOf, objectAt, shown, textAt } from '../../untrusted.ts'
import { isAttachment } from '../attachment.ts'
import { heldPiece } from '../blocks.ts'
import { encryptedText } from './encrypted.ts'

/** Whose content it is; `tool`: a result. */
type Speaker = Turn['role'] | 'tool'

/** The pieces of a string or a list of parts. Throws a 400 that names what nobody can read here. */
export function contentPieces(content: unknown, place: string, speaker: Speaker): Piece[] {
  if (typeof content === 'string') return content === '' ? [] : [textPiece(content, place)]
  const pieces: Piece[] = []
  for (const [index, value] of listAt(content, place).entries()) {
    const at = `${place}[${index}]`
    if (typeof value === 'string') pieces.push(textPiece(value, at))
    else pieces.push(...partPieces(objectAt(value, at), at, speaker))
  }
  return pieces
}

export function textPiece(text: string, place: string): Piece {
  return { type: 'text', text, place }
}

const textTypes = new Set(['input_text', 'output_text', 'text', 'summary_text', 'reasoning_text'])

function partPieces(part: JsonObject, place: string, speaker: Speaker): Piece[] {
  const type = textAt(part.type, `${place}.type`)
  if (textTypes.has(type)) {
    const text = textAt(part.text, `${place}.text`)
    return text === '' ? [] : [{ ...textPiece(text, place), ...markOf(part) }]
  }
  const encrypted = encryptedText(part)
  if (encrypted !== undefined) return [textPiece(encrypted, place)]
  if (type === 'refusal') {
    return [{ type, text: textAt(part.refusal, `${place}.refusal`), place }]
  }
  const takesData = speaker === 'user' || speaker === 'tool'
  if (!takesData || !isAttachment(type)) throw unknownPart(type, place, takesData)
  const piece = heldPiece(part, type, place)
  if (piece.type === 'attachment' && 'fileId' in piece.held) throw storedElsewhere(piece.heldPlace)
  return [piece]
}

function storedElsewhere(place: string): ProxyError {
  const message = `${place} names a file that lies with another provider; send the data or a URL.`
  return badRequest('unsupported_content', place, message)
}

function unknownPart(type: string, place: string, takesData: boolean): ProxyError {
  const taken = takesData ? 'text, images and files' : 'text only'
  const message = `${place} has the type ${shown(type)}, but this model takes ${taken} here.`
  return badRequest('unsupported_content', place, message)
}
