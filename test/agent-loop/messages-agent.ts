/** An agent as the Messages client of the loop: it asks, runs the tools that are called, and asks again. */
import type Anthropic from '@anthropic-ai/sdk'
import { type JsonObject } from '../../pipelines/json/value.ts'
import { shown } from './issued.ts'
import {
  endSchema,
  isSummary,
  picture,
  plainTools,
  summarised,
  summaryWish,
  tornPair,
  type Manner,
} from './manner.ts'
import { turnCount } from './scripted-agent.ts'

const image = {
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: picture },
}

export interface MessagesAgentOptions extends Manner {
  /** whether it wants to read the thinking, where it lets the model think */
  reads: boolean
}

const path = { type: 'string' }
const tools = [
  {
    name: 'list_files',
    description: 'Lists a folder.',
    input_schema: { type: 'object', properties: { path, depth: { type: ['integer', 'null'] } } },
    cache_control: { type: 'ephemeral' },
  },
  {
    name: 'read_file',
    input_schema: {
      type: 'object',
      properties: { lines: { type: 'array', items: { type: 'number' } } },
      anyOf: [{ properties: { path }, required: ['path'] }],
    },
    input_examples: [{ path: '/' }],
  },
  { type: 'custom', name: 'now', description: 'The time.', input_schema: { type: 'object' } },
  { name: 'take_screenshot', input_schema: {} },
  { name: 'later', input_schema: { type: 'object' }, defer_loading: true },
  { type: 'web_search_20250305', name: 'web_search', max_uses: 3 },
]

const system = [
  { type: 'text', text: 'You are an agent.' },
  { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
]
const opening = [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, image] }]
const second = [
  { role: 'user', content: 'Go on.' },
  { role: 'system', content: 'The user has gone home.' },
  { role: 'user', content: [{ type: 'text', text: 'And finish.' }] },
]

/** What is set beside model and messages, another bit of it in each turn. */
const settings: JsonObject[] = [
  { temperature: 0.2, metadata: { user_id: 'someone' } },
  { max_tokens: 500, stop_sequences: ['', 'END', ' '] },
  { tool_choice: { type: 'auto', disable_parallel_tool_use: true }, top_k: 5 },
  { tool_choice: { type: 'tool', name: 'now' } },
  { max_tokens: 3000, tool_choice: { type: 'none' } },
  { service_tier: 'auto', output_config: { effort: 'high', task_budget: null } },
  { max_tokens: 1_000_000, top_p: 0.9 },
  { context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] } },
  { temperature: 1, container: null, inference_geo: 'us' },
  { output_config: { format: { type: 'json_schema', schema: endSchema } } },
]

/** What the API itself takes from every client. */
const plain = {
  system: 'You are an agent.',
  tools: plainTools.map(({ schema, ...tool }) => Object.assign(tool, { input_schema: schema })),
  second: [{ role: 'user', content: 'Go on.' }],
  settings: [
    { metadata: { user_id: 'someone' } },
    { stop_sequences: ['END'] },
    { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    {},
    { tool_choice: { type: 'none' } },
  ] as JsonObject[],
}

/** Goes through all ten turns; gives the messages as the client got them. */
export async function runMessagesAgent(
  client: Anthropic,
  options: MessagesAgentOptions,
): Promise<Anthropic.Message[]> {
  const own = options.plain ? plain : { system, tools, second, settings }
  const messages: JsonObject[] = [...opening]
  const answers: Anthropic.Message[] = []
  for (let turn = 0; turn < turnCount; turn++) {
    if (isSummary(options, turn)) addText(messages, summaryWish)
    const request = {
      model: options.modelOf(turn),
      max_tokens: 32_000,
      system: own.system,
      messages,
      tools: own.tools,
      ...thinkingOf(turn, options),
      ...own.settings[turn],
    } as unknown as Anthropic.MessageCreateParamsNonStreaming
    const answer = options.stream
      ? await client.messages.stream(request).finalMessage()
      : await client.messages.create(request)
    answers.push(answer)
    if (isSummary(options, turn)) {
      const torn = options.plain ? [] : tornPair(messages, hasResult, isAnswer)
      messages.splice(0, messages.length, ...torn, begunWith(answer))
      continue
    }
    messages.push({ role: 'assistant', content: remembered(answer, options) })
    const results = resultsOf(answer, turn)
    messages.push(...(results.length > 0 ? [{ role: 'user', content: results }] : own.second))
  }
  return answers
}

/** A plain client that drops thinking asks for none: its own API would refuse to go on without. */
function thinkingOf(turn: number, { modelOf, keeps, reads, plain: isPlain }: MessagesAgentOptions) {
  if (isPlain && !keeps) return {}
  const takesBudget = modelOf(turn).includes('sonnet')
  const display = reads ? {} : { display: 'omitted' }
  const budget = { type: 'enabled', budget_tokens: 2000 }
  return { thinking: { ...(takesBudget ? budget : { type: 'adaptive' }), ...display } }
}

function hasResult({ content }: JsonObject): boolean {
  return Array.isArray(content) && content.some(({ type }) => type === 'tool_result')
}

function isAnswer({ role }: JsonObject): boolean {
  return role === 'assistant'
}

/** What is asked while results are handed over stands in their turn. */
function addText(messages: JsonObject[], text: string): void {
  const content = messages.at(-1)?.content as unknown[]
  content.push({ type: 'text', text })
}

function begunWith({ content }: Anthropic.Message): JsonObject {
  const summary = content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  const texts = [summarised(summary), 'Go on.']
  return { role: 'user', content: texts.map((text) => ({ type: 'text', text })) }
}

/** The content as it goes back; blank text, which the API itself refuses, stays out. */
function remembered({ content }: Anthropic.Message, { keeps }: MessagesAgentOptions) {
  return content.filter((block) => {
    if (block.type === 'text') return block.text.trim() !== ''
    return keeps || !block.type.includes('thinking')
  })
}

/** In every second turn the results come in another order than the calls, and what the user said meanwhile behind them. */
function resultsOf({ content }: Anthropic.Message, turn: number): JsonObject[] {
  const results = content.flatMap((block) => {
    if (block.type !== 'tool_use') return []
    if (typeof block.input !== 'object') throw new Error(`input: ${shown(block.input)}`)
    return [{ type: 'tool_result', tool_use_id: block.id, ...resultOf(block) }]
  })
  if (turn % 2 === 0 || results.length === 0) return results
  return [...results.toReversed(), { type: 'text', text: 'Hurry.' }]
}

function resultOf({ name, id }: Anthropic.ToolUseBlock): JsonObject {
  const text = { type: 'text', text: `result of ${id}` }
  switch (name) {
    case 'now':
      return {}
    case 'take_screenshot':
      return { content: [text, image] }
    case 'list_files':
      return { content: [{ type: 'text', text: 'a.txt' }, text], is_error: false }
    default:
      return { content: text.text, is_error: true }
  }
}
