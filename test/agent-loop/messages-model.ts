/** The scripted model behind Anthropic Messages: a turn as content blocks, as a body and as a stream. */
import { sse } from '../helpers/upstream.ts'
import { sealOf, type Part } from './issued.ts'
import { sliced, type Piece } from './scripted-agent.ts'

export function blocksOf(pieces: Piece[], model: string, turn: number): Part[] {
  return pieces.map((piece, index): Part => {
    switch (piece.kind) {
      case 'thinking':
        return {
          type: 'thinking',
          thinking: piece.text,
          signature: sealOf(model, turn, index, piece.text),
        }
      case 'hidden':
        return { type: 'redacted_thinking', data: sealOf(model, turn, index, '') }
      case 'text':
        return { type: 'text', text: piece.text }
      default:
        return {
          type: 'tool_use',
          id: `toolu_${turn}_${piece.id}`,
          name: piece.name,
          input: piece.input,
        }
    }
  })
}

export function messageBody(content: Part[], model: string, turn: number) {
  const calls = content.some(({ type }) => type === 'tool_use')
  return {
    id: `msg_${turn}`,
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: calls ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 7 },
  }
}

export function messageStream(content: Part[], model: string, turn: number): string[] {
  const { stop_reason, usage, ...message } = messageBody(content, model, turn)
  const begun = { ...message, content: [], stop_reason: null, usage }
  const events = [
    { type: 'message_start', message: begun },
    ...content.flatMap((block, index) => [
      { type: 'content_block_start', index, content_block: emptied(block) },
      ...deltasOf(block).map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage },
    { type: 'message_stop' },
  ]
  return events.map((event) => sse(event.type, event))
}

/** A block as it starts. */
function emptied(block: Part): Part {
  switch (block.type) {
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' }
    case 'text':
      return { type: 'text', text: '' }
    case 'tool_use':
      return { ...block, input: {} }
    default:
      return block
  }
}

function deltasOf(block: Part): Part[] {
  switch (block.type) {
    case 'thinking':
      return [
        ...sliced(String(block.thinking)).map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: block.signature },
      ]
    case 'text':
      return sliced(String(block.text)).map((text) => ({ type: 'text_delta', text }))
    case 'tool_use':
      return argumentPieces(block.input).map((partial_json) => ({
        type: 'input_json_delta',
        partial_json,
      }))
    default:
      return []
  }
}

/** For a tool without arguments Claude sends one empty piece. */
function argumentPieces(input: unknown): string[] {
  const text = JSON.stringify(input)
  return text === '{}' ? [''] : ['', ...sliced(text)]
}
