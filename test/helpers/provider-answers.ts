/** Answers as the two providers write them, from what they should say: one string an event, so that a test can cut them. */
import type {
  AnthropicAnswer,
  AnthropicBlock,
  AnthropicUsage,
} from '../../pipelines/wire/anthropic.ts'
import type {
  ResponsesAnswer,
  ResponsesItem,
  ResponsesUsage,
} from '../../pipelines/wire/responses.ts'

/** Lists are the pieces that a stream sends one by one. */
interface Said {
  id?: string
  model?: string
  thinking?: string[]
  text?: string[]
  tools?: { id: string; name: string; input: string[] }[]
}

export interface AnthropicSaid extends Said {
  signature?: string
  stop_reason?: string
  usage?: AnthropicUsage
}

export interface ResponsesSaid extends Said {
  encrypted_content?: string
  /** an answer cut at its limit ends with `incomplete` */
  status?: 'completed' | 'incomplete'
  usage?: ResponsesUsage
}

/** One SSE event; `data` that is no string is sent as JSON. */
export function sse(event: string, data: unknown): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  return `event: ${event}\ndata: ${text}\n\n`
}

/** A Messages body. */
export function anthropicMessage(said: AnthropicSaid): AnthropicAnswer {
  return {
    id: said.id ?? 'msg_scripted',
    type: 'message',
    role: 'assistant',
    model: said.model ?? 'claude-sonnet-4-5',
    content: blocks(said).map(({ block }) => block),
    stop_reason: said.stop_reason ?? (said.tools ? 'tool_use' : 'end_turn'),
    stop_sequence: null,
    usage: said.usage ?? { input_tokens: 10, output_tokens: 7 },
  }
}

/** The same answer as a Messages stream. */
export function anthropicStream(said: AnthropicSaid): string[] {
  const { stop_reason, stop_sequence, usage, ...message } = anthropicMessage(said)
  const begun = { ...message, content: [], stop_reason: null, stop_sequence: null }
  const events = [
    { type: 'message_start', message: { ...begun, usage: { ...usage, output_tokens: 1 } } },
    ...blocks(said).flatMap(blockEvents),
    { type: 'message_delta', delta: { stop_reason, stop_sequence }, usage },
    { type: 'message_stop' },
  ]
  return events.map((event) => sse(event.type, event))
}

function blockEvents({ empty, deltas }: BlockInPieces, index: number): { type: string }[] {
  const events: { type: string }[] = deltas.map((delta) => ({
    type: 'content_block_delta',
    index,
    delta,
  }))
  if (index === 0) events.unshift({ type: 'ping' })
  events.unshift(step('content_block_start', { index, content_block: empty }))
  events.push(step('content_block_stop', { index }))
  return events
}

interface BlockInPieces {
  block: AnthropicBlock
  empty: object
  deltas: object[]
}

/** Each block whole, as it starts, and its pieces. */
function blocks(said: AnthropicSaid): BlockInPieces[] {
  const { thinking, text, tools, signature = 'c2lnbmF0dXJl' } = said
  const all: BlockInPieces[] = []
  if (thinking) {
    all.push({
      block: { type: 'thinking', thinking: thinking.join(''), signature },
      empty: { type: 'thinking', thinking: '', signature: '' },
      deltas: [
        ...thinking.map((piece) => ({ type: 'thinking_delta', thinking: piece })),
        { type: 'signature_delta', signature },
      ],
    })
  }
  if (text) {
    all.push({
      block: { type: 'text', text: text.join('') },
      empty: { type: 'text', text: '' },
      deltas: text.map((piece) => ({ type: 'text_delta', text: piece })),
    })
  }
  for (const { id, name, input } of tools ?? []) {
    all.push({
      block: { type: 'tool_use', id, name, input: parsed(input) },
      empty: { type: 'tool_use', id, name, input: {} },
      deltas: ['', ...input].map((json) => ({ type: 'input_json_delta', partial_json: json })),
    })
  }
  return all
}

/** A Responses body. */
export function responsesBody(said: ResponsesSaid): ResponsesAnswer {
  return {
    id: said.id ?? 'resp_scripted',
    object: 'response',
    created_at: 1_790_000_000,
    status: said.status ?? 'completed',
    error: null,
    incomplete_details: said.status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    model: said.model ?? 'gpt-5.1',
    output: items(said).map(({ item }) => item),
    usage: said.usage ?? { input_tokens: 10, output_tokens: 7, total_tokens: 17 },
  }
}

/** The same answer as a Responses stream. */
export function responsesStream(said: ResponsesSaid): string[] {
  const response = responsesBody(said)
  const begun = { ...response, status: 'in_progress', output: [], usage: null }
  const events = [
    { type: 'response.created', response: begun },
    { type: 'response.in_progress', response: begun },
    ...items(said).flatMap(itemEvents),
    { type: `response.${response.status}`, response },
  ]
  return events.map((event, index) =>
    sse(event.type, Object.assign(event, { sequence_number: index })),
  )
}

function itemEvents({ item, empty, events }: ItemInPieces, index: number): { type: string }[] {
  const place = { output_index: index, item_id: item.id }
  return [
    step('response.output_item.added', { output_index: index, item: empty }),
    ...events.map((event) => Object.assign(event, place)),
    step('response.output_item.done', { output_index: index, item }),
  ]
}

interface ItemInPieces {
  item: ResponsesItem
  empty: object
  events: { type: string }[]
}

/** Each item whole, as it is added, and the events in between. */
function items(said: ResponsesSaid): ItemInPieces[] {
  const { thinking, text, tools } = said
  return [
    ...(thinking ? [reasoningItem(thinking, said.encrypted_content)] : []),
    ...(text ? [messageItem(text)] : []),
    ...(tools ?? []).map(({ id, name, input }, index) => callItem(`fc_${index}`, id, name, input)),
  ]
}

function reasoningItem(pieces: string[], encrypted: string | undefined): ItemInPieces {
  const text = pieces.join('')
  const base = {
    id: 'rs_scripted',
    type: 'reasoning',
    ...(encrypted !== undefined && { encrypted_content: encrypted }),
  }
  const at = { summary_index: 0 }
  const part = { type: 'summary_text', text }
  return {
    item: { ...base, summary: [part] },
    empty: { ...base, summary: [] },
    events: [
      step('response.reasoning_summary_part.added', { ...at, part: { ...part, text: '' } }),
      ...pieces.map((delta) => step('response.reasoning_summary_text.delta', { ...at, delta })),
      step('response.reasoning_summary_text.done', { ...at, text }),
      step('response.reasoning_summary_part.done', { ...at, part }),
    ],
  }
}

function messageItem(pieces: string[]): ItemInPieces {
  const text = pieces.join('')
  const base = { id: 'msg_scripted', type: 'message', role: 'assistant' }
  const at = { content_index: 0 }
  const part = { type: 'output_text', annotations: [], logprobs: [], text }
  return {
    item: { ...base, status: 'completed', content: [part] },
    empty: { ...base, status: 'in_progress', content: [] },
    events: [
      step('response.content_part.added', { ...at, part: { ...part, text: '' } }),
      ...pieces.map((delta) => step('response.output_text.delta', { ...at, delta })),
      step('response.output_text.done', { ...at, text }),
      step('response.content_part.done', { ...at, part }),
    ],
  }
}

function callItem(id: string, callId: string, name: string, pieces: string[]): ItemInPieces {
  const base = { id, type: 'function_call', call_id: callId, name }
  const text = pieces.join('')
  return {
    item: { ...base, status: 'completed', arguments: text },
    empty: { ...base, status: 'in_progress', arguments: '' },
    events: [
      ...pieces.map((delta) => step('response.function_call_arguments.delta', { delta })),
      step('response.function_call_arguments.done', { arguments: text }),
    ],
  }
}

function parsed(pieces: string[]): unknown {
  return JSON.parse(pieces.join('') || '{}')
}

function step(type: string, members: object): { type: string } {
  return { type, ...members }
}
