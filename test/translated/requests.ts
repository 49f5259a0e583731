/** One request of each client to a model of each other API, what goes up of it, and what the client gets. */
import type { TestContext } from 'node:test'
import type { JsonObject } from '../../pipelines/json/value.ts'
import { post, startProxy } from '../helpers/proxy.ts'
import { startUpstream } from '../helpers/upstream.ts'

export const models = {
  anthropic: 'claude-sonnet-4-5',
  openai: 'gpt-5.1',
  common: 'glm-4.6',
  google: 'gemini-3-pro',
}
export type Type = keyof typeof models
const types = Object.keys(models) as Type[]

export interface Client {
  route: string
  /** the type of the models whose API it speaks */
  own: Type
  /** a conversation of these turns; `null`: nothing but what every request needs */
  ask: (turns: Turn[]) => JsonObject
  tool: (name: string) => JsonObject
  /** the client's own words for a search of the web */
  search: JsonObject
  /** a choice of it; left out where there is none */
  searching?: unknown
  /** whether these ask for it; else it is merely listed among tools */
  asksForSearch?: true
  /** a choice of that tool */
  forced: (name: string) => unknown
  /** choices: of any tool, of none, and one call at a time */
  any: JsonObject
  none: JsonObject
  serial: JsonObject
  limit: string
  /** a wish for reasoning, to be read */
  reasoning: JsonObject
  tier: JsonObject
  error: (answer: JsonObject) => { code: unknown; message: string }
}

export type Turn =
  | { system: string }
  | { user: string }
  | { said: string }
  | { called: string }
  | { answered: string; text: string }

const openAiError = ({ error }: JsonObject) => error as { code: unknown; message: string }

function chatMessage(turn: Turn): JsonObject {
  if ('system' in turn) return { role: 'system', content: turn.system }
  if ('user' in turn) return { role: 'user', content: turn.user }
  if ('said' in turn) return { role: 'assistant', content: turn.said }
  if ('answered' in turn) {
    return { role: 'tool', tool_call_id: turn.answered, content: turn.text }
  }
  const call = { id: turn.called, type: 'function', function: { name: 'look', arguments: '{}' } }
  return { role: 'assistant', content: null, tool_calls: [call] }
}

function message(turn: Turn): JsonObject {
  if ('answered' in turn) {
    const { answered: tool_use_id, text: content } = turn
    return { role: 'user', content: [{ type: 'tool_result', tool_use_id, content }] }
  }
  if (!('called' in turn)) return chatMessage(turn)
  const use = { type: 'tool_use', id: turn.called, name: 'look', input: {} }
  return { role: 'assistant', content: [use] }
}

function item(turn: Turn): JsonObject {
  if ('answered' in turn) {
    return { type: 'function_call_output', call_id: turn.answered, output: turn.text }
  }
  if (!('called' in turn)) return chatMessage(turn)
  return { type: 'function_call', call_id: turn.called, name: 'look', arguments: '{}' }
}

const schema = { type: 'object', properties: {} }

export const clients: Record<string, Client> = {
  chat: {
    route: '/v1/chat/completions',
    own: 'common',
    ask: (turns) => ({ messages: turns.map(chatMessage) }),
    tool: (name) => ({ type: 'function', function: { name, parameters: schema } }),
    search: { web_search_options: {} },
    asksForSearch: true,
    forced: (name) => ({ type: 'function', function: { name } }),
    any: { tool_choice: 'required' },
    none: { tool_choice: 'none' },
    serial: { parallel_tool_calls: false },
    limit: 'max_completion_tokens',
    reasoning: { reasoning_effort: 'high' },
    tier: { service_tier: 'default' },
    error: openAiError,
  },
  messages: {
    route: '/v1/messages',
    own: 'anthropic',
    ask: (turns) => {
      const system = turns.flatMap((turn) => ('system' in turn ? [turn.system] : []))
      const messages = turns.filter((turn) => !('system' in turn)).map(message)
      return { max_tokens: 9000, ...(system.length > 0 && { system: system[0] }), messages }
    },
    tool: (name) => ({ name, input_schema: schema }),
    search: { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    searching: { type: 'tool', name: 'web_search' },
    forced: (name) => ({ type: 'tool', name }),
    any: { tool_choice: { type: 'any' } },
    none: { tool_choice: { type: 'none' } },
    serial: { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    limit: 'max_tokens',
    reasoning: { thinking: { type: 'enabled', budget_tokens: 2000 } },
    tier: { service_tier: 'standard_only' },
    error: ({ error }) => ({ code: undefined, message: (error as JsonObject).message as string }),
  },
  responses: {
    route: '/v1/responses',
    own: 'openai',
    ask: (turns) => ({ input: turns.map(item) }),
    tool: (name) => ({ type: 'function', name, parameters: schema }),
    search: { tools: [{ type: 'web_search' }] },
    searching: { type: 'web_search' },
    forced: (name) => ({ type: 'function', name }),
    any: { tool_choice: 'required' },
    none: { tool_choice: 'none' },
    serial: { parallel_tool_calls: false },
    limit: 'max_output_tokens',
    reasoning: { reasoning: { effort: 'high', summary: 'auto' } },
    tier: { service_tier: 'default' },
    error: openAiError,
  },
}

export const roads = Object.entries(clients).flatMap(([name, client]) =>
  types
    .filter((type) => type !== client.own)
    .map((type) => ({ road: `${name} to ${type}`, client, type })),
)
export type Road = Omit<(typeof roads)[number], 'road'>

export interface Setting {
  model?: JsonObject
  config?: JsonObject
  headers?: Record<string, string>
  /** what the upstream answers; left out: a refusal */
  answer?: object
  answerHeaders?: Record<string, string>
}

export async function ask(
  t: TestContext,
  { client, type }: Road,
  body: JsonObject,
  setting: Setting = {},
) {
  const { model, config, headers, answer, answerHeaders = {} } = setting
  const refusal = { status: 418, body: { error: { message: 'seen' } } }
  const upstream = await startUpstream(t, [
    answer ? { body: answer, headers: answerHeaders } : refusal,
  ])
  const proxy = await startProxy(t, {
    config: {
      system_prompt: '',
      endpoints: [{ name: 'e', type, base_url: upstream.url, auth: 'none' }],
      models: [{ name: 'M', id: models[type], type, ...model }],
      ...config,
    },
  })
  const back = await post(proxy.url + client.route, { model: models[type], ...body }, headers)
  const [request] = upstream.requests
  return {
    status: back.status,
    dropped: back.headers.get('x-droid2api-dropped'),
    answer: (await back.json()) as JsonObject,
    sent: request && (request.json() as JsonObject),
    headers: request?.headers,
    back: back.headers,
    logs: proxy.logs,
    rawLog: proxy.rawLog(),
  }
}
