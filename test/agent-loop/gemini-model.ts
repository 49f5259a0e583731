/** The scripted model behind Gemini: a turn as parts, as a body and as a stream. */
import type { JsonObject } from '../../pipelines/json/value.ts'
import { sealOf, type Part } from './issued.ts'
import { sliced, type Piece } from './scripted-agent.ts'

/**
 * A thought is no more than readable. The first call of a turn is signed, or where there is none the last text. Hidden
 * reasoning has no part of its own here.
 */
export function partsOf(pieces: Piece[], model: string, turn: number): Part[] {
  const parts = pieces.flatMap((piece): Part[] => {
    switch (piece.kind) {
      case 'thinking':
        return [{ type: 'thought', text: piece.text, thought: true }]
      case 'hidden':
        return []
      case 'text':
        return [{ type: 'text', text: piece.text }]
      default: {
        const functionCall = { name: piece.name, args: piece.input, id: `fc-${turn}-${piece.id}` }
        return [{ type: 'functionCall', functionCall }]
      }
    }
  })
  const first = parts.findIndex(({ type }) => type === 'functionCall')
  const signed = first === -1 ? parts.findLastIndex(({ type }) => type === 'text') : first
  return parts.map((part, index) => (index === signed ? sign(part, model, turn) : part))
}

function sign(part: Part, model: string, turn: number): Part {
  const seal = Buffer.from(sealOf(model, turn, 0, '')).toString('base64')
  return { ...part, thoughtSignature: seal }
}

/** As it stands in an answer and in a request. */
export function wirePart({ type: _, ...part }: Part): JsonObject {
  return part
}

const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 7 }

function response(parts: JsonObject[], more: JsonObject = {}): JsonObject {
  return { candidates: [{ content: { role: 'model', parts }, index: 0, ...more }] }
}

export function geminiBody(parts: Part[], turn: number): JsonObject {
  const ended = response(parts.map(wirePart), { finishReason: 'STOP' })
  return { ...ended, responseId: `r${turn}`, usageMetadata }
}

export function geminiStream(parts: Part[], turn: number): string[] {
  const pieces = parts.flatMap((part) => inPieces(part))
  const events = [
    ...pieces.map((piece) => response([piece])),
    { ...response([{ text: '' }], { finishReason: 'STOP' }), usageMetadata },
  ]
  return events.map(
    (event) => `data: ${JSON.stringify({ ...event, responseId: `r${turn}` })}\r\n\r\n`,
  )
}

/** The signature of a text comes in an empty part behind it. */
function inPieces(part: Part): JsonObject[] {
  const { text, thoughtSignature, ...rest } = wirePart(part)
  if (typeof text !== 'string') return [wirePart(part)]
  const pieces = sliced(text).map((piece) => Object.assign({ text: piece }, rest))
  return thoughtSignature === undefined ? pieces : [...pieces, { text: '', thoughtSignature }]
}
