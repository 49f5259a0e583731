/**
 * The demo's Chat Completions API, for models of type `common`; it reasons in `reasoning_content`, as most of them do.
 * Source: OpenAI API reference "Chat Completions", read 2026-11.
 */
import { badRequest } from '../../pipelines/errors.ts'
import { listAt, nameAt, objectAt, optionalNumberAt } from '../../pipelines/untrusted.ts'
import { isObject, type JsonObject } from '../../pipelines/json/value.ts'
import type {
  ChatCompletion,
  ChatCompletionMessage,
  ChatDelta,
  ChatFinishReason,
  ChatUsage,
} from '../../pipelines/wire/chat.ts'
import { midstreamMessage, newId, type DemoApi, type DemoEvent } from './api.ts'
import { objectsIn, textOf, toolFrom, type Choice, type DemoTool, type Turn } from './ask.ts'
import type { Script } from './script.ts'
import { estimateTokens, jsonPieces, words } from './tokens.ts'

export const chatApi: DemoApi = {
  dialect: 'openai',
  ask(body) {
    nameAt(body.model, 'model')
    const messages = listAt(body.messages, 'messages')
    if (messages.length === 0) {
      throw badRequest('invalid_value', 'messages', 'messages is empty; send at least one message.')
    }
    const limit = body.max_completion_tokens ?? body.max_tokens
    return {
      turns: messages.flatMap(turnsOf),
      tools: objectsIn(body.tools).flatMap(toolOf),
      choice: choiceOf(body.tool_choice),
      parallel: body.parallel_tool_calls !== false,
      reasoning: reasons(body),
      ...jsonWanted(body.response_format),
      maxTokens: optionalNumberAt(limit, 'max_tokens'),
      inputTokens: estimateTokens({ messages, tools: body.tools ?? [] }),
    }
  },
  tell(body, script) {
    const answer = answerOf(nameAt(body.model, 'model'), script)
    const { stream_options: options } = body
    const includeUsage = isObject(options) && options.include_usage === true
    return { body: answer, events: () => eventsOf(answer, includeUsage), failure }
  },
}

function turnsOf(message: unknown, index: number): Turn[] {
  const { role, content } = objectAt(message, `messages[${index}]`)
  switch (role) {
    case 'system':
    case 'developer':
      return []
    case 'tool':
    case 'function':
      return [{ from: 'tool', text: textOf(content) }]
    case 'assistant':
    case 'user':
      return [{ from: role, text: textOf(content) }]
    default:
      throw badRequest('invalid_value', `messages[${index}].role`, 'This role does not exist.')
  }
}

function toolOf({ type, function: callable, custom }: JsonObject): DemoTool[] {
  const tool =
    type === 'custom'
      ? isObject(custom) && toolFrom('custom', custom, {})
      : isObject(callable) && toolFrom('function', callable, callable.parameters)
  return tool ? [tool] : []
}

function choiceOf(choice: unknown): Choice {
  if (choice === 'none') return 'none'
  if (choice === 'required') return 'any'
  if (!isObject(choice)) return 'auto'
  const named = choice.function ?? choice.custom
  return isObject(named) ? { name: nameAt(named.name, 'tool_choice.function.name') } : 'auto'
}

function reasons({ reasoning_effort: effort, thinking }: JsonObject): boolean {
  if (isObject(thinking)) return thinking.type === 'enabled'
  return typeof effort === 'string' && effort !== 'none'
}

function jsonWanted(format: unknown): { json?: { schema?: JsonObject } } {
  if (!isObject(format)) return {}
  if (format.type === 'json_object') return { json: {} }
  const { json_schema: wanted } = format
  if (format.type !== 'json_schema' || !isObject(wanted)) return {}
  return { json: isObject(wanted.schema) ? { schema: wanted.schema } : {} }
}

const finishReasons: Record<Script['finish'], ChatFinishReason> = {
  stop: 'stop',
  calls: 'tool_calls',
  length: 'length',
}

function answerOf(model: string, script: Script): ChatCompletion {
  return {
    id: newId('chatcmpl-'),
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [
      {
        index: 0,
        message: messageOf(script),
        logprobs: null,
        finish_reason: finishReasons[script.finish],
      },
    ],
    usage: usageOf(script),
  }
}

function messageOf({ reasoning, text, calls }: Script): ChatCompletionMessage {
  return {
    role: 'assistant',
    ...(reasoning !== undefined && { reasoning_content: reasoning }),
    content: text || null,
    refusal: null,
    ...(calls.length > 0 && {
      tool_calls: calls.map(({ kind, name, input }) =>
        kind === 'custom'
          ? { id: newId('call_'), type: 'custom', custom: { name, input } }
          : { id: newId('call_'), type: 'function', function: { name, arguments: input } },
      ),
    }),
  }
}

function usageOf({ tokens }: Script): ChatUsage {
  return {
    prompt_tokens: tokens.input,
    completion_tokens: tokens.output,
    total_tokens: tokens.input + tokens.output,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: tokens.reasoning },
  }
}

function eventsOf(answer: ChatCompletion, includeUsage: boolean): DemoEvent[] {
  const { choices, usage, ...rest } = answer
  const base = { ...rest, object: 'chat.completion.chunk' }
  const chunk = (delta: ChatDelta, finish: ChatFinishReason | null, piece: boolean): DemoEvent => ({
    data: {
      ...base,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(includeUsage && { usage: null }),
    },
    piece,
  })
  return [
    chunk({ role: 'assistant', content: '' }, null, false),
    ...choices.flatMap(({ message }) => deltasOf(message)).map((delta) => chunk(delta, null, true)),
    ...choices.map((choice) => chunk({}, choice.finish_reason, false)),
    ...(includeUsage ? [{ data: { ...base, choices: [], usage } }] : []),
    { data: '[DONE]' },
  ]
}

function deltasOf(message: ChatCompletionMessage): ChatDelta[] {
  return [
    ...words(message.reasoning_content ?? '').map((text) => ({ reasoning_content: text })),
    ...words(message.content ?? '').map((text) => ({ content: text })),
    ...(message.tool_calls ?? []).flatMap(callDeltas),
  ]
}

function callDeltas(
  call: NonNullable<ChatCompletionMessage['tool_calls']>[number],
  index: number,
): ChatDelta[] {
  const { id, type } = call
  if (call.type === 'custom') {
    const { name, input } = call.custom
    return [
      { tool_calls: [{ index, id, type, custom: { name, input: '' } }] },
      ...words(input).map((text) => ({ tool_calls: [{ index, custom: { input: text } }] })),
    ]
  }
  const { name, arguments: json } = call.function
  return [
    { tool_calls: [{ index, id, type, function: { name, arguments: '' } }] },
    ...jsonPieces(json).map((text) => ({
      tool_calls: [{ index, function: { arguments: text } }],
    })),
  ]
}

function failure(): DemoEvent[] {
  const error = { message: midstreamMessage, type: 'server_error', param: null, code: null }
  return [{ data: { error } }]
}
