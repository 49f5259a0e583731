/** The scripted model behind Chat Completions: a turn as one message, as a body and as a stream. */
import type { JsonObject } from '../../pipelines/json/value.ts'
import type { Part } from './issued.ts'
import { sliced, type Piece } from './scripted-agent.ts'

type CallPiece = Extract<Piece, { kind: 'call' }>

/** Which answer it is, as far as ids depend on it. */
interface Answer {
  model: string
  turn: number
}

/** A message has one text, one reasoning and its calls; hidden reasoning has no place in it. */
export function messageOf(pieces: Piece[], answer: Answer): Part {
  const content = textOf(pieces, 'text')
  const reasoning = textOf(pieces, 'thinking')
  const calls = pieces.filter(isCall).map((piece, index) => callOf(piece, index, answer))
  return {
    type: 'message',
    role: 'assistant',
    content: content === '' ? null : content,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}

function textOf(pieces: Piece[], kind: 'text' | 'thinking'): string {
  return pieces.map((piece) => (piece.kind === kind ? piece.text : '')).join('')
}

function isCall(piece: Piece): piece is CallPiece {
  return piece.kind === 'call'
}

/** Ids are counted from 0 in every answer, as some servers do; those of Mistral have nine characters. */
function callOf({ name, input }: CallPiece, index: number, { model, turn }: Answer) {
  const called = { name, arguments: JSON.stringify(input) }
  const id = model.includes('stral') ? `turn${turn}`.padEnd(8, 'x') + index : `call_${index}`
  return { id, type: 'function', function: called }
}

const usage = { prompt_tokens: 10, completion_tokens: 7, total_tokens: 17 }

function finishOf({ tool_calls: calls }: Part): string {
  return calls === undefined ? 'stop' : 'tool_calls'
}

function head(object: string, model: string, turn: number): JsonObject {
  return { id: `chatcmpl-${turn}`, object, created: 1_790_000_000, model }
}

export function chatBody({ type: _, ...message }: Part, model: string, turn: number): JsonObject {
  const finish_reason = finishOf({ type: '', ...message })
  const choices = [{ index: 0, message, finish_reason }]
  return { ...head('chat.completion', model, turn), choices, usage }
}

/** The pieces in the order in which the model says them, so that reasoning may come between two calls. */
export function chatStream(pieces: Piece[], model: string, turn: number): string[] {
  const finish_reason = finishOf(messageOf(pieces, { model, turn }))
  const begun = head('chat.completion.chunk', model, turn)
  const deltas = [{ role: 'assistant', content: '' }, ...deltasOf(pieces, { model, turn })]
  const chunks = [
    ...deltas.map((delta) => ({ choices: [{ index: 0, delta, finish_reason: null }] })),
    { choices: [{ index: 0, delta: {}, finish_reason }] },
    { choices: [], usage },
  ]
  const events = chunks.map((chunk) => JSON.stringify({ ...begun, ...chunk }))
  return [...events, '[DONE]'].map((data) => `data: ${data}\n\n`)
}

function deltasOf(pieces: Piece[], answer: Answer): JsonObject[] {
  const calls = pieces.filter(isCall)
  return pieces.flatMap((piece): JsonObject[] => {
    switch (piece.kind) {
      case 'thinking':
        return sliced(piece.text).map((reasoning_content) => ({ reasoning_content }))
      case 'text':
        return sliced(piece.text).map((content) => ({ content }))
      case 'call':
        return callDeltas(piece, calls.indexOf(piece), answer)
      default:
        return []
    }
  })
}

function callDeltas(piece: CallPiece, index: number, answer: Answer): JsonObject[] {
  const { function: called, ...call } = callOf(piece, index, answer)
  const first = { index, ...call, function: { name: called.name, arguments: '' } }
  const rest = sliced(called.arguments).map((text) => ({ index, function: { arguments: text } }))
  return [first, ...rest].map((delta) => ({ tool_calls: [delta] }))
}
