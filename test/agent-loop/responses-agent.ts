/** An agent as the Responses client of the loop: it asks, runs the tools that are called, and asks again. */
import type OpenAI from 'openai'
import type {
  Response,
  ResponseCreateParamsNonStreaming,
} from 'openai/resources/responses/responses'
import { objectFrom, type JsonObject } from '../../pipelines/json/value.ts'
import {
  endSchema,
  freeText,
  isSummary,
  pictureUrl,
  plainTools,
  summarised,
  summaryWish,
  tornPair,
  type Manner,
} from './manner.ts'
import { turnCount } from './scripted-agent.ts'

const image = { type: 'input_image', image_url: pictureUrl }

export interface ResponsesAgentOptions extends Manner {
  /** whether it wants to read the reasoning */
  reads: boolean
}

const path = { type: 'string' }
const files = 'mcp__files'
const tools = [
  {
    type: 'namespace',
    name: files,
    description: 'Files.',
    tools: [
      {
        type: 'function',
        name: 'list_files',
        description: 'Lists a folder.',
        strict: false,
        parameters: { type: 'object', properties: { path, depth: { type: ['integer', 'null'] } } },
      },
    ],
  },
  {
    type: 'function',
    name: 'read_file',
    strict: false,
    parameters: {
      type: 'object',
      properties: { lines: { type: 'array', items: { type: 'number' } } },
      anyOf: [{ properties: { path }, required: ['path'] }],
    },
  },
  { type: 'custom', name: 'now', description: 'The time.' },
  { type: 'function', name: 'take_screenshot', strict: false, parameters: {} },
  { type: 'function', name: 'ask', description: 'Asks.', strict: null, parameters: null },
  { type: 'web_search' },
]

const opening = [
  { role: 'developer', content: 'You are an agent.' },
  {
    type: 'message',
    role: 'user',
    content: [{ type: 'input_text', text: 'What is this?' }, image],
  },
]
const second = [
  { role: 'user', content: 'Go on.' },
  { role: 'developer', content: 'The user has gone home.' },
  { role: 'user', content: [{ type: 'input_text', text: 'And finish.' }] },
]

/** What is set beside model and input, another bit of it in each turn. */
const settings: JsonObject[] = [
  { temperature: 0.2, user: 'someone', instructions: 'Be brief.' },
  { max_output_tokens: 5000, prompt_cache_key: 'session' },
  { parallel_tool_calls: false, truncation: 'auto' },
  { tool_choice: { type: 'custom', name: 'now' } },
  { max_output_tokens: 3000, tool_choice: 'none' },
  { tool_choice: 'auto', metadata: { a: 'b' }, service_tier: 'auto', text: { verbosity: 'low' } },
  { max_output_tokens: 1_000_000, top_p: 0.9 },
  { reasoning: { effort: 'low', summary: 'auto' } },
  { text: { format: { type: 'text' } }, temperature: 1 },
  {
    text: {
      format: {
        type: 'json_schema',
        name: 'end',
        strict: true,
        schema: endSchema,
      },
    },
  },
]

/** What the API itself takes from every client. */
const plain = {
  tools: plainTools.map(({ schema, ...tool }) =>
    Object.assign(tool, { type: 'function', strict: false, parameters: schema }),
  ),
  opening: [message('developer', 'You are an agent.'), message('user', 'What is this?', image)],
  second: [message('user', 'Go on.')],
  settings: [
    { user: 'someone', instructions: 'Be brief.' },
    { max_output_tokens: 5000, prompt_cache_key: 'session' },
    { parallel_tool_calls: false },
    { tool_choice: { type: 'function', name: 'now' } },
    { tool_choice: 'none' },
  ] as JsonObject[],
}

function message(role: string, text: string, ...more: object[]) {
  const content = [{ type: 'input_text', text }, ...more]
  return { type: 'message', role, content }
}

/** Goes through all ten turns; gives the responses as the client got them. */
export async function runResponsesAgent(
  client: OpenAI,
  options: ResponsesAgentOptions,
): Promise<Response[]> {
  const { modelOf, stream, keeps, reads } = options
  const own = options.plain ? plain : { tools, opening, second, settings }
  const input: unknown[] = [...own.opening]
  const answers: Response[] = []
  for (let turn = 0; turn < turnCount; turn++) {
    if (isSummary(options, turn)) input.push(message('user', summaryWish))
    const request = {
      model: modelOf(turn),
      input,
      tools: own.tools,
      store: false,
      include: ['reasoning.encrypted_content'],
      ...(reads && { reasoning: { summary: 'auto' } }),
      ...own.settings[turn],
    } as ResponseCreateParamsNonStreaming
    const answer = stream
      ? await client.responses.stream({ ...request, stream: true }).finalResponse()
      : await client.responses.create(request)
    answers.push(answer)
    if (isSummary(options, turn)) {
      const begun = [message('user', summarised(answer.output_text)), message('user', 'Go on.')]
      const torn = options.plain ? [] : tornPair(input, isOutput, isCall)
      const signature = input.at(input.findLastIndex(isCall) - 1)
      if (isReasoning(signature)) torn.splice(1, 0, signature)
      input.splice(1, input.length, ...torn, ...begun)
      continue
    }
    const kept = answer.output.filter(({ type }) => keeps || type !== 'reasoning')
    input.push(...(options.plain ? kept.map(withoutStored) : kept))
    const results = resultsOf(answer, options.plain ? 0 : turn, options.plain)
    input.push(...(results.length > 0 ? results : own.second))
  }
  return answers
}

function isOutput(item: unknown): boolean {
  return String((item as JsonObject).type).endsWith('_call_output')
}

function isCall(item: unknown): boolean {
  return String((item as JsonObject).type).endsWith('_call')
}

function isReasoning(item: unknown): boolean {
  return (item as JsonObject).type === 'reasoning'
}

const givenBack: Record<string, string[]> = {
  message: ['type', 'role', 'content'],
  reasoning: ['type', 'summary', 'encrypted_content'],
  function_call: ['type', 'call_id', 'name', 'arguments'],
  output_text: ['type', 'text'],
}

/** An item as it goes back to where nothing is stored: with what it says, and without what it is stored under. */
function withoutStored(item: { type: string; content?: unknown }): JsonObject {
  const known = Object.entries(item).filter(([name]) => givenBack[item.type]?.includes(name))
  const { content } = item
  const parts = Array.isArray(content) ? (content as { type: string }[]).map(withoutStored) : []
  return { ...Object.fromEntries(known), ...(parts.length > 0 && { content: parts }) }
}

/** In every second turn the results come in another order than the calls, and an instruction among them. */
function resultsOf({ output }: Response, turn: number, isPlain = false): JsonObject[] {
  const results = output.flatMap((item) => {
    const isCustom = item.type === 'custom_tool_call'
    if (item.type !== 'function_call' && !isCustom) return []
    const { call_id, name } = item
    // Codex refuses the call of a tool in a namespace that is called by anything but both names
    const isWhole =
      isCustom || name !== 'list_files' || item.namespace === (isPlain ? undefined : files)
    if (!isWhole) throw new Error(`namespace: ${JSON.stringify(item)}`)
    if (isCustom && item.input !== freeText) throw new Error(`input: ${item.input}`)
    if (!isCustom && !objectFrom(item.arguments)) throw new Error(`arguments: ${item.arguments}`)
    return [{ type: `${item.type}_output`, call_id, output: resultOf(name, call_id) }]
  })
  if (turn % 2 === 0 || results.length === 0) return results
  const [first, ...others] = results.toReversed()
  return [first!, { role: 'developer', content: 'Hurry.' }, ...others] as JsonObject[]
}

function resultOf(name: string, id: string): unknown {
  if (name === 'now') return ''
  const text = { type: 'input_text', text: `result of ${id}` }
  return name === 'take_screenshot' ? [text, image] : text.text
}
