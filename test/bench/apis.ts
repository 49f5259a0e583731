/** The APIs that the bench's upstream answers in: one answer as a body, and the same as events whose text is chosen. */

export interface BenchApi {
  body: object
  /** each as it is sent, with its blank line */
  head: string[]
  text: (text: string) => string
  /** `all`: the whole text, which some APIs send once more */
  tail: (all: string) => string[]
}

const words = 'word '.repeat(100)
const model = 'bench-model'

/** The API of a request, by its path. */
export function apiAt(path: string): BenchApi {
  if (path.endsWith('/messages')) return messages
  if (path.endsWith('/responses')) return responses
  return path.endsWith('/chat/completions') ? chat : google
}

const message = {
  id: 'msg_bench',
  type: 'message',
  role: 'assistant',
  model,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 1 },
}

const messages: BenchApi = {
  body: {
    ...message,
    content: [{ type: 'text', text: words }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 10, output_tokens: 100 },
  },
  head: [
    named({ type: 'message_start', message }),
    named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  ],
  text: (text) =>
    named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  tail: () => [
    named({ type: 'content_block_stop', index: 0 }),
    named({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { input_tokens: 10, output_tokens: 100 },
    }),
    named({ type: 'message_stop' }),
  ],
}

const response = { id: 'resp_bench', object: 'response', created_at: 1_760_000_000, model }
const item = { id: 'msg_bench', type: 'message', role: 'assistant' }
const place = { item_id: item.id, output_index: 0, content_index: 0 }

const responses: BenchApi = {
  body: completedResponse(words),
  head: [
    named({
      type: 'response.created',
      response: { ...response, status: 'in_progress', output: [] },
    }),
    named({
      type: 'response.output_item.added',
      output_index: 0,
      item: { ...item, status: 'in_progress', content: [] },
    }),
    named({ type: 'response.content_part.added', ...place, part: textPart('') }),
  ],
  text: (delta) => named({ type: 'response.output_text.delta', ...place, delta, logprobs: [] }),
  tail: (all) => [
    named({ type: 'response.output_text.done', ...place, text: all, logprobs: [] }),
    named({ type: 'response.content_part.done', ...place, part: textPart(all) }),
    named({ type: 'response.output_item.done', output_index: 0, item: completedItem(all) }),
    named({ type: 'response.completed', response: completedResponse(all) }),
  ],
}

function textPart(text: string) {
  return { type: 'output_text', text, annotations: [], logprobs: [] }
}

function completedItem(text: string) {
  return { ...item, status: 'completed', content: [textPart(text)] }
}

function completedResponse(text: string) {
  return {
    ...response,
    status: 'completed',
    output: [completedItem(text)],
    usage: { input_tokens: 10, output_tokens: 100, total_tokens: 110 },
  }
}

const completion = { id: 'chatcmpl-bench', created: 1_760_000_000, model }
const chatUsage = { prompt_tokens: 10, completion_tokens: 100, total_tokens: 110 }

const chat: BenchApi = {
  body: {
    ...completion,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', content: words }, finish_reason: 'stop' }],
    usage: chatUsage,
  },
  head: [chatChunk({ role: 'assistant', content: '' })],
  text: (content) => chatChunk({ content }),
  tail: () => [
    chatChunk({}, 'stop'),
    event({ ...completion, object: 'chat.completion.chunk', choices: [], usage: chatUsage }),
    'data: [DONE]\n\n',
  ],
}

function chatChunk(delta: object, finish_reason: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason }]
  return event({ ...completion, object: 'chat.completion.chunk', choices })
}

const google: BenchApi = {
  body: generated(words, 'STOP'),
  head: [],
  text: (text) => event(generated(text)),
  tail: () => [event(generated('', 'STOP'))],
}

function generated(text: string, finishReason?: string) {
  return {
    candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason, index: 0 }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 100, totalTokenCount: 110 },
    modelVersion: model,
    responseId: 'bench',
  }
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

function named(data: { type: string; [member: string]: unknown }): string {
  return `event: ${data.type}\n${event(data)}`
}
