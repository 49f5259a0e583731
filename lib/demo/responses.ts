/** The demo's Responses API. Source: OpenAI API reference "Responses", read 2026-11. */
import { isGiven, listAt, nameAt, objectAt, optionalNumberAt } from '../../pipelines/untrusted.ts'
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import type {
  ResponsesAnswer,
  ResponsesItem,
  ResponsesUsage,
} from '../../pipelines/wire/responses.ts'
import { badRequest } from '../../pipelines/errors.ts'
import { type DemoApi } from './api.ts'
import { objectsIn, textOf, toolFrom, type Choice, type DemoTool, type Turn } from './ask.ts'
import { responseEvents, responseFailure } from './response-events.ts'
import type { Script } from './script.ts'
import { estimateTokens, newId } from './tokens.ts'

export const responsesApi: DemoApi = {
  ask(body) {
    nameAt(body.model, 'model')
    const { instructions, tools, input } = body
    return {
      turns: turnsOf(input),
      tools: objectsIn(tools).flatMap(toolOf),
      choice: choiceOf(body.tool_choice),
      parallel: body.parallel_tool_calls !== false,
      reasoning: reasons(body.reasoning),
      ...jsonWanted(body.text),
      maxTokens: optionalNumberAt(body.max_output_tokens, 'max_output_tokens'),
      inputTokens: estimateTokens({ instructions: instructions ?? '', input, tools: tools ?? [] }),
    }
  },
  answer(body, script) {
    const answer = answerOf(body, script)
    return {
      body: answer,
      events: () => responseEvents(answer),
      failure: (sent) => responseFailure(answer, sent),
    }
  },
}

/** The answer of `/v1/responses/input_tokens`. */
export function countedInput(body: JsonObject): object {
  return { object: 'response.input_tokens', input_tokens: responsesApi.ask(body).inputTokens }
}

/** The answer of `/v1/responses/compact`: the user's messages, then one item that stands for the rest. */
export function compacted(body: JsonObject): object {
  const { inputTokens } = responsesApi.ask(body)
  const messages = objectsIn(body.input).filter(({ role }) => role === 'user')
  const summary = `The demo keeps ${messages.length} of the user's messages.`
  return {
    id: newId('resp_'),
    object: 'response.compaction',
    created_at: nowSeconds(),
    output: [
      ...messages.map((message) => Object.assign({ id: newId('msg_'), type: 'message' }, message)),
      compactionItem(summary),
    ],
    usage: usageOf({ input: inputTokens, output: 1, reasoning: 0 }),
  }
}

function compactionItem(summary: string): ResponsesItem {
  return { id: newId('cmp_'), type: 'compaction', encrypted_content: sealed(summary) }
}

function turnsOf(input: unknown): Turn[] {
  if (typeof input === 'string') return [{ from: 'user', text: input }]
  const items = listAt(input, 'input')
  if (items.length === 0) {
    throw badRequest('invalid_value', 'input', 'input is empty; send a text or at least one item.')
  }
  return items.flatMap((item, index) => turnOf(objectAt(item, `input[${index}]`)))
}

/** Calls and reasoning are no turns: results may stand between the calls of one turn. */
function turnOf({ type, role, content, output }: JsonObject): Turn[] {
  if (type === 'function_call_output' || type === 'custom_tool_call_output') {
    return [{ from: 'tool', text: textOf(output) }]
  }
  if (role === 'user' || role === 'assistant') return [{ from: role, text: textOf(content) }]
  return []
}

function toolOf(tool: JsonObject): DemoTool[] {
  const { type, name: namespace } = tool
  if (type === 'namespace' && typeof namespace === 'string') {
    const own = objectsIn(tool.tools).flatMap(toolOf)
    return own.map((one) => Object.assign(one, { namespace }))
  }
  if (type !== 'function' && type !== 'custom') return []
  const found = toolFrom(type, tool, tool.parameters)
  return found ? [found] : []
}

function choiceOf(choice: unknown): Choice {
  if (choice === 'none') return 'none'
  if (choice === 'required') return 'any'
  if (!isObject(choice) || !['function', 'custom'].includes(String(choice.type))) return 'auto'
  return { name: nameAt(choice.name, 'tool_choice.name') }
}

/** The demo shows its reasoning whenever some is asked for; the real API only with `summary`. */
function reasons(reasoning: unknown): boolean {
  if (!isObject(reasoning)) return false
  const { effort, summary } = reasoning
  return isGiven(effort) ? effort !== 'none' : isGiven(summary)
}

function jsonWanted(text: unknown): { json?: { schema?: JsonObject } } {
  const format = isObject(text) ? text.format : undefined
  if (!isObject(format)) return {}
  if (format.type === 'json_object') return { json: {} }
  if (format.type !== 'json_schema') return {}
  return { json: { schema: objectAt(format.schema, 'text.format.schema') } }
}

function answerOf(body: JsonObject, script: Script): ResponsesAnswer {
  const incomplete = script.finish === 'length'
  const now = nowSeconds()
  return {
    id: newId('resp_'),
    object: 'response',
    created_at: now,
    status: incomplete ? 'incomplete' : 'completed',
    completed_at: incomplete ? null : now,
    error: null,
    incomplete_details: incomplete ? { reason: 'max_output_tokens' } : null,
    ...echo(body),
    output: itemsOf(body, script),
    usage: usageOf(script.tokens),
  }
}

/** What an answer repeats of its request, with the API's defaults. */
function echo(body: JsonObject) {
  const reasoning = isObject(body.reasoning) ? body.reasoning : {}
  return {
    model: nameAt(body.model, 'model'),
    background: false,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    metadata: body.metadata ?? {},
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort: reasoning.effort ?? null, summary: reasoning.summary ?? null },
    service_tier: body.service_tier === 'priority' ? 'priority' : 'default',
    store: body.store ?? true,
    temperature: body.temperature ?? 1,
    text: body.text ?? { format: { type: 'text' }, verbosity: 'medium' },
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    top_p: body.top_p ?? 1,
    truncation: body.truncation ?? 'disabled',
    user: null,
  }
}

function itemsOf(body: JsonObject, { reasoning, text, calls, finish }: Script): ResponsesItem[] {
  if (objectsIn(body.input).at(-1)?.type === 'compaction_trigger') return [compactionItem(text)]
  const items: ResponsesItem[] = []
  if (reasoning !== undefined) items.push(reasoningItem(body, reasoning))
  if (text) items.push(messageItem(text, finish === 'length' ? 'incomplete' : 'completed'))
  for (const { kind, input, ...named } of calls) {
    const call = { call_id: newId('call_'), ...named, status: 'completed' }
    items.push(
      kind === 'custom'
        ? { id: newId('ctc_'), type: 'custom_tool_call', ...call, input }
        : { id: newId('fc_'), type: 'function_call', ...call, arguments: input },
    )
  }
  return items
}

function reasoningItem({ include }: JsonObject, text: string): ResponsesItem {
  const seal = Array.isArray(include) && include.includes('reasoning.encrypted_content')
  return {
    id: newId('rs_'),
    type: 'reasoning',
    summary: [{ type: 'summary_text', text }],
    ...(seal && { encrypted_content: sealed(text) }),
  }
}

function messageItem(text: string, status: string): ResponsesItem {
  return {
    id: newId('msg_'),
    type: 'message',
    status,
    role: 'assistant',
    content: [{ type: 'output_text', annotations: [], logprobs: [], text }],
  }
}

function usageOf({ input, output, reasoning }: Script['tokens']): ResponsesUsage {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  }
}

/** What only its author can read; here, everybody. */
function sealed(text: string): string {
  return Buffer.from(text).toString('base64')
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
