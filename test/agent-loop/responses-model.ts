/** The scripted model behind OpenAI Responses: a turn as output items, as a body and as a stream. */
import { sse } from '../helpers/upstream.ts'
import { sealOf, type Part } from './issued.ts'
import { sliced, type Piece } from './scripted-agent.ts'

export function itemsOf(pieces: Piece[], model: string, turn: number): Part[] {
  return pieces.map((piece, index): Part => {
    const id = `${turn}${index}`
    switch (piece.kind) {
      case 'thinking':
        return reasoning(id, piece.text, sealOf(model, turn, index, piece.text))
      case 'hidden':
        return reasoning(id, '', sealOf(model, turn, index, ''))
      case 'text': {
        const part = { type: 'output_text', annotations: [], logprobs: [], text: piece.text }
        return {
          id: `msg_${id}`,
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [part],
        }
      }
      default:
        return {
          id: `fc_${id}`,
          type: 'function_call',
          status: 'completed',
          call_id: `call_${turn}_${piece.id}`,
          name: piece.name,
          arguments: JSON.stringify(piece.input),
        }
    }
  })
}

function reasoning(id: string, text: string, seal: string): Part {
  const summary = text
    .split('\n\n')
    .filter((part) => part !== '')
    .map((part) => ({ type: 'summary_text', text: part }))
  return { id: `rs_${id}`, type: 'reasoning', summary, encrypted_content: seal }
}

export function responseBody(output: Part[], model: string, turn: number) {
  return {
    id: `resp_${turn}`,
    object: 'response',
    created_at: 1_790_000_000,
    status: 'completed',
    error: null,
    incomplete_details: null,
    model,
    output,
    usage: { input_tokens: 10, output_tokens: 7, total_tokens: 17 },
  }
}

export function responseStream(output: Part[], model: string, turn: number): string[] {
  const response = responseBody(output, model, turn)
  const begun = { ...response, status: 'in_progress', output: [], usage: null }
  const events = [
    { type: 'response.created', response: begun },
    ...output.flatMap((item, index) => [
      { type: 'response.output_item.added', output_index: index, item: emptied(item) },
      ...progressOf(item).map((event) =>
        Object.assign(event, { output_index: index, item_id: item.id }),
      ),
      { type: 'response.output_item.done', output_index: index, item },
    ]),
    { type: 'response.completed', response },
  ]
  return events.map((event, index) => sse(event.type, { ...event, sequence_number: index }))
}

/** An item as it is added; the encrypted content that an added item has is not whole yet. */
function emptied(item: Part): Part {
  switch (item.type) {
    case 'reasoning': {
      const partial = String(item.encrypted_content).slice(0, 12)
      return { ...item, summary: [], encrypted_content: partial }
    }
    case 'message':
      return { ...item, status: 'in_progress', content: [] }
    default:
      return { ...item, status: 'in_progress', arguments: '' }
  }
}

function progressOf(item: Part): Part[] {
  switch (item.type) {
    case 'reasoning':
      return (item.summary as Part[]).flatMap(summaryEvents)
    case 'message':
      return (item.content as Part[]).flatMap(textEvents)
    default:
      return [
        ...sliced(String(item.arguments)).map((delta) => ({
          type: 'response.function_call_arguments.delta',
          delta,
        })),
        { type: 'response.function_call_arguments.done', arguments: item.arguments },
      ]
  }
}

function summaryEvents(part: Part, index: number): Part[] {
  const at = { summary_index: index }
  return [
    { type: 'response.reasoning_summary_part.added', ...at, part: { ...part, text: '' } },
    ...sliced(String(part.text)).map((delta) =>
      deltaOf('response.reasoning_summary_text.delta', delta, at),
    ),
    { type: 'response.reasoning_summary_text.done', ...at, text: part.text },
    { type: 'response.reasoning_summary_part.done', ...at, part },
  ]
}

function textEvents(part: Part, index: number): Part[] {
  const at = { content_index: index }
  return [
    { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
    ...sliced(String(part.text)).map((delta) => deltaOf('response.output_text.delta', delta, at)),
    { type: 'response.output_text.done', ...at, text: part.text },
    { type: 'response.content_part.done', ...at, part },
  ]
}

function deltaOf(type: string, delta: string, at: object): Part {
  return { type, delta, ...at }
}
