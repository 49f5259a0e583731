/** The APIs that the bench's upstream answers in: one answer as a body, and streams whose text is chosen. */

export interface BenchApi {
  body: object
  /** of text, of reasoning, and of the arguments of a tool */
  streams: Record<Content, BenchStream>
}

export type Content = 'text' | 'reasoning' | 'arguments'

/** Around the text of a stream of arguments, so that these are JSON. */
const opening = '{"content":"'
const closing = '"}'

/** Events, each as it is sent, with its blank line. */
export interface BenchStream {
  head: string[]
  /** one event with this text */
  text: (text: string) => string
  /** `all`: the whole text, which some APIs send once more */
  tail: (all: string) => string[]
  /** how many pieces of other APIs one event has; left out: one */
  pieces?: number
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
  streams: {
    text: messagesStream({ type: 'text', text: '' }, (text) => ({ type: 'text_delta', text })),
    reasoning: messagesStream({ type: 'thinking', thinking: '' }, (thinking) => ({
      type: 'thinking_delta',
      thinking,
    })),
    arguments: asJson(
      messagesStream(
        { type: 'tool_use', id: 'toolu_bench', name: 'Write', input: {} },
        (partial_json) => ({ type: 'input_json_delta', partial_json }),
      ),
    ),
  },
}

function messagesStream(content_block: object, deltaOf: (text: string) => object): BenchStream {
  return {
    head: [
      named({ type: 'message_start', message }),
      named({ type: 'content_block_start', index: 0, content_block }),
    ],
    text: (text) => named({ type: 'content_block_delta', index: 0, delta: deltaOf(text) }),
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
}

const response = { id: 'resp_bench', object: 'response', created_at: 1_760_000_000, model }
const item = { id: 'msg_bench', type: 'message', role: 'assistant' }
const callPlace = { item_id: item.id, output_index: 0 }
const place = { ...callPlace, content_index: 0 }
const summary = { ...callPlace, summary_index: 0 }

const responses: BenchApi = {
  body: completedResponse(completedItem(words)),
  streams: {
    text: responsesStream(
      { ...item, status: 'in_progress', content: [] },
      {
        head: [named({ type: 'response.content_part.added', ...place, part: textPart('') })],
        text: (delta) =>
          named({ type: 'response.output_text.delta', ...place, delta, logprobs: [] }),
        tail: (all) => [
          named({ type: 'response.output_text.done', ...place, text: all, logprobs: [] }),
          named({ type: 'response.content_part.done', ...place, part: textPart(all) }),
        ],
      },
      completedItem,
    ),
    reasoning: responsesStream(
      { id: item.id, type: 'reasoning', summary: [] },
      {
        head: [
          named({ type: 'response.reasoning_summary_part.added', ...summary, part: thought('') }),
        ],
        text: (delta) =>
          named({ type: 'response.reasoning_summary_text.delta', ...summary, delta }),
        tail: (text) => [
          named({ type: 'response.reasoning_summary_text.done', ...summary, text }),
          named({ type: 'response.reasoning_summary_part.done', ...summary, part: thought(text) }),
        ],
      },
      (all) => ({ id: item.id, type: 'reasoning', summary: [thought(all)] }),
    ),
    arguments: asJson(
      responsesStream(
        callItem('in_progress', ''),
        {
          head: [],
          text: (delta) =>
            named({ type: 'response.function_call_arguments.delta', ...callPlace, delta }),
          tail: (text) => [
            named({ type: 'response.function_call_arguments.done', ...callPlace, arguments: text }),
          ],
        },
        (all) => callItem('completed', all),
      ),
    ),
  },
}

function responsesStream(
  begun: object,
  { head, text, tail }: BenchStream,
  completed: (all: string) => object,
): BenchStream {
  return {
    head: [
      named({
        type: 'response.created',
        response: { ...response, status: 'in_progress', output: [] },
      }),
      named({ type: 'response.output_item.added', output_index: 0, item: begun }),
      ...head,
    ],
    text,
    tail: (all) => [
      ...tail(all),
      named({ type: 'response.output_item.done', output_index: 0, item: completed(all) }),
      named({ type: 'response.completed', response: completedResponse(completed(all)) }),
    ],
  }
}

function thought(text: string) {
  return { type: 'summary_text', text }
}

function callItem(status: string, text: string) {
  return {
    id: item.id,
    type: 'function_call',
    status,
    call_id: 'call_bench',
    name: 'Write',
    arguments: text,
  }
}

function textPart(text: string) {
  return { type: 'output_text', text, annotations: [], logprobs: [] }
}

function completedItem(text: string) {
  return { ...item, status: 'completed', content: [textPart(text)] }
}

function completedResponse(output: object) {
  return {
    ...response,
    status: 'completed',
    output: [output],
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
  streams: {
    text: chatStream({ role: 'assistant', content: '' }, (content) => ({ content })),
    reasoning: chatStream({ role: 'assistant', content: '' }, (reasoning_content) => ({
      reasoning_content,
    })),
    arguments: asJson(
      chatStream(
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            {
              index: 0,
              id: 'call_bench',
              type: 'function',
              function: { name: 'Write', arguments: '' },
            },
          ],
        },
        (text) => ({ tool_calls: [{ index: 0, function: { arguments: text } }] }),
      ),
    ),
  },
}

function chatStream(first: object, deltaOf: (text: string) => object): BenchStream {
  return {
    head: [chatChunk(first)],
    text: (text) => chatChunk(deltaOf(text)),
    tail: () => [
      chatChunk({}, 'stop'),
      event({ ...completion, object: 'chat.completion.chunk', choices: [], usage: chatUsage }),
      'data: [DONE]\n\n',
    ],
  }
}

function chatChunk(delta: object, finish_reason: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason }]
  return event({ ...completion, object: 'chat.completion.chunk', choices })
}

/** Gemini sends the arguments of a tool whole: one event where others send a hundred. */
const google: BenchApi = {
  body: generated({ text: words }, 'STOP'),
  streams: {
    text: googleStream((text) => ({ text })),
    reasoning: googleStream((text) => ({ text, thought: true })),
    arguments: {
      ...googleStream((text) => ({ functionCall: { name: 'Write', args: { text } } })),
      pieces: 100,
    },
  },
}

function googleStream(partOf: (text: string) => object): BenchStream {
  return {
    head: [],
    text: (text) => event(generated(partOf(text))),
    tail: () => [event(generated({ text: '' }, 'STOP'))],
  }
}

function generated(part: object, finishReason?: string) {
  return {
    candidates: [{ content: { role: 'model', parts: [part] }, finishReason, index: 0 }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 100, totalTokenCount: 110 },
    modelVersion: model,
    responseId: 'bench',
  }
}

function asJson({ head, text, tail }: BenchStream): BenchStream {
  return {
    head: [...head, text(opening)],
    text,
    tail: (all) => [text(closing), ...tail(`${opening}${all}${closing}`)],
  }
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

function named(data: { type: string; [member: string]: unknown }): string {
  return `event: ${data.type}\n${event(data)}`
}
