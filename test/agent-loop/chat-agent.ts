/** An agent as the chat client of the loop: it asks, runs the tools it is told to, and asks again. */
import type OpenAI from 'openai'
import type { JsonObject } from '../../pipelines/json/value.ts'
import type { ChatCompletionMessage, ChatToolCall } from '../../pipelines/wire/chat.ts'
import {
  endSchema,
  isSummary,
  pictureUrl,
  plainTools,
  summarised,
  summaryWish,
  tornPair,
  type Manner,
} from './manner.ts'
import { turnCount } from './scripted-agent.ts'

const image = { type: 'image_url', image_url: { url: pictureUrl } }

export interface AgentOptions extends Manner {
  /** a member of `reasoning_details` that it does not know and takes out */
  strips?: string
}

export type Answer = Partial<ChatCompletionMessage>
type Delta = OpenAI.ChatCompletionChunk.Choice.Delta &
  Pick<Answer, 'reasoning_content' | 'reasoning_details'>

const filter = {
  type: 'object',
  properties: { hidden: { type: 'boolean' }, kinds: { type: 'array', items: {} } },
}
const path = { type: 'string' }
const tools = [
  {
    name: 'list_files',
    description: 'Lists a folder.',
    parameters: {
      type: 'object',
      properties: { path, depth: { type: ['integer', 'null'] }, filter },
    },
  },
  {
    name: 'read_file',
    parameters: {
      type: 'object',
      properties: { lines: { type: 'array', items: { type: 'number' } } },
      anyOf: [
        { properties: { path }, required: ['path'] },
        { properties: { url: path }, required: ['url'] },
      ],
    },
  },
  { name: 'now', description: 'The time.' },
  { name: 'take_screenshot', parameters: {} },
].map(asFunction)

function asFunction(tool: object): object {
  return { type: 'function', function: tool }
}

const opening = [
  { role: 'system', content: 'You are an agent.' },
  { role: 'developer', content: [{ type: 'text', text: 'Be brief.' }] },
  { role: 'user', content: [{ type: 'text', text: 'What is this?' }, image] },
]
const second = [
  { role: 'user', content: '' },
  { role: 'user', content: 'Go on.' },
  { role: 'system', content: 'The user has gone home.' },
  { role: 'user', name: 'boss', content: ['And finish.'] },
]

/** What every chat server takes: one message for all instructions, and speakers in turn. */
const plain = {
  tools: plainTools.map(({ schema, ...tool }) => asFunction({ ...tool, parameters: schema })),
  opening: [
    { role: 'system', content: 'You are an agent.' },
    { role: 'user', content: [{ type: 'text', text: 'What is this?' }, image] },
  ],
  second: [{ role: 'user', content: 'Go on.' }],
  settings: [
    { temperature: 0.2, user: 'someone' },
    { max_tokens: 500, stop: ['END'] },
    { parallel_tool_calls: false },
    { tool_choice: { type: 'function', function: { name: 'now' } } },
    { tool_choice: 'none' },
  ] as JsonObject[],
}

/** What some clients put between the calls and their results when the user cannot wait. */
const interjection = { role: 'user', content: 'Hurry.' }
const turnWithInterjection = 6

/** What clients set beside model and messages, another bit of it in each turn. */
const settings: JsonObject[] = [
  { temperature: 0.2, top_p: 0.9, seed: 7, user: 'someone' },
  { max_tokens: 500, stop: ['', 'END', ' '] },
  { parallel_tool_calls: false, presence_penalty: 0, frequency_penalty: 0.5, logit_bias: {} },
  { top_p: 0.5, tool_choice: { type: 'function', function: { name: 'now' } } },
  { max_completion_tokens: 3000, tool_choice: 'none', n: 1, logprobs: false },
  { tool_choice: 'auto', metadata: { a: 'b' }, service_tier: 'auto', verbosity: 'low' },
  { max_completion_tokens: 1_000_000, top_k: 5, temperature: null },
  { temperature: 1.5, stop: 'END', reasoning_effort: 'low' },
  { max_tokens: 100_000, response_format: { type: 'text' }, temperature: 1 },
  {
    tools: null,
    max_completion_tokens: 10,
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: 'end',
        strict: true,
        schema: endSchema,
      },
    },
  },
]

/** Goes through all ten turns; gives the answers as the client got them. */
export async function runAgent(client: OpenAI, options: AgentOptions): Promise<Answer[]> {
  const own = options.plain ? plain : { tools, opening, second, settings }
  const messages: unknown[] = [...own.opening]
  const answers: Answer[] = []
  for (let turn = 0; turn < turnCount; turn++) {
    if (isSummary(options, turn)) messages.push({ role: 'user', content: summaryWish })
    const model = options.modelOf(turn)
    const request = { model, messages, tools: own.tools, ...own.settings[turn] }
    const answer = options.stream ? await collected(client, request) : await whole(client, request)
    answers.push(answer)
    const { tool_calls: calls, content } = answer
    if (isSummary(options, turn)) {
      const begun = `${summarised(String(content))}\n\nGo on.`
      const torn = options.plain ? [] : tornPair(messages, isResult, isAnswer)
      messages.splice(1, messages.length, ...torn, { role: 'user', content: begun })
      continue
    }
    messages.push(remembered(answer, options))
    if (turn === turnWithInterjection && !options.plain) messages.push(interjection)
    messages.push(...(calls ? resultsOf(calls, turn, options) : own.second))
  }
  return answers
}

function isResult(message: unknown): boolean {
  return (message as JsonObject).role === 'tool'
}

function isAnswer(message: unknown): boolean {
  return (message as JsonObject).role === 'assistant'
}

/** The assistant message as it goes back. */
function remembered(answer: Answer, options: AgentOptions): JsonObject {
  const { keeps, strips = '', plain: isPlain } = options
  const { tool_calls: calls, reasoning_details: details } = answer
  const content = (isPlain && answer.content === '' ? null : answer.content) ?? null
  if (!keeps) return { role: 'assistant', content, ...(calls && { tool_calls: calls }) }
  const known = details?.map((detail) =>
    Object.fromEntries(Object.entries(detail).filter(([name]) => name !== strips)),
  )
  const { refusal: _none, ...said } = answer as JsonObject
  return {
    role: 'assistant',
    ...(isPlain ? { ...said, content } : answer),
    ...(known && { reasoning_details: known }),
  }
}

async function whole(client: OpenAI, request: unknown): Promise<Answer> {
  const params = request as OpenAI.ChatCompletionCreateParamsNonStreaming
  const completion = await client.chat.completions.create({ ...params, stream: false })
  return completion.choices[0]?.message as Answer
}

/** The message out of the chunks, as clients collect it that know of `reasoning_details`. */
async function collected(client: OpenAI, request: unknown): Promise<Answer> {
  const params = request as OpenAI.ChatCompletionCreateParamsStreaming
  const chunks = await client.chat.completions.create({ ...params, stream: true })
  const answer: Answer = {}
  const calls: { id: string; type: 'function'; function: { name: string; arguments: string } }[] =
    []
  for await (const { choices } of chunks) {
    const delta = (choices[0]?.delta ?? {}) as Delta
    if (typeof delta.content === 'string') answer.content = (answer.content ?? '') + delta.content
    if (delta.reasoning_content) {
      answer.reasoning_content = (answer.reasoning_content ?? '') + delta.reasoning_content
    }
    if (delta.reasoning_details) {
      answer.reasoning_details = [...(answer.reasoning_details ?? []), ...delta.reasoning_details]
    }
    for (const { index, id = '', function: called } of delta.tool_calls ?? []) {
      const { name = '', arguments: piece = '' } = called ?? {}
      calls[index] ??= { id, type: 'function', function: { name, arguments: '' } }
      calls[index].function.arguments += piece
    }
  }
  return calls.length > 0 ? { ...answer, tool_calls: calls } : answer
}

/** In every second turn the results come in another order than the calls; a plain client shows pictures as the user. */
function resultsOf(calls: ChatToolCall[], turn: number, options: AgentOptions): JsonObject[] {
  const results = calls.map(({ id, function: called }) => {
    JSON.parse(called?.arguments ?? '')
    return { role: 'tool', tool_call_id: id, content: resultOf(called?.name, id) }
  })
  if (!options.plain) return turn % 2 === 1 ? results.toReversed() : results
  const texts = results.map(({ content, ...result }) =>
    Object.assign(result, { content: textIn(content) }),
  )
  const seen = calls.some(({ function: called }) => called?.name === 'take_screenshot')
  return seen ? [...texts, { role: 'user', content: [image] }] : texts
}

/** A result as one text that is not empty. */
function textIn(content: string | object[]): string {
  const texts =
    typeof content === 'string'
      ? [content]
      : content.map((part) => (part as { text?: string }).text)
  return texts.filter(Boolean).join('\n') || 'nothing'
}

function resultOf(name: string | undefined, id: string): string | object[] {
  switch (name) {
    case 'take_screenshot':
      return [{ type: 'text', text: `result of ${id}` }, image]
    case 'list_files':
      return [
        { type: 'text', text: 'a.txt' },
        { type: 'text', text: `result of ${id}` },
      ]
    case 'now':
      return ''
    default:
      return `result of ${id}`
  }
}
