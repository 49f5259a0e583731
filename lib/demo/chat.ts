/**
 * The demo's Chat Completions API, for models of type `common`; it reasons in `reasoning_content`, as most of them do.
 * Source: OpenAI API reference "Chat Completions", read 2026-11.
 */
import { readChat } from '../../pipelines/clients/chat/read.ts'
import { isObject } from '../../pipelines/json/value.ts'
import { nameAt } from '../../pipelines/untrusted.ts'
import type {
  ChatCompletion,
  ChatCompletionMessage,
  ChatDelta,
  ChatFinishReason,
  ChatUsage,
} from '../../pipelines/wire/chat.ts'
import { midstreamMessage, newId, type DemoApi, type DemoEvent } from './api.ts'
import { askOf } from './ask.ts'
import type { Script } from './script.ts'
import { estimateTokens, jsonPieces, words } from './tokens.ts'

export const chatApi: DemoApi = {
  dialect: 'openai',
  ask(body) {
    const { messages, tools = [] } = body
    return askOf(readChat(body).request, estimateTokens({ messages, tools }))
  },
  answer(body, script) {
    const answer = answerOf(nameAt(body.model, 'model'), script)
    const { stream_options: options } = body
    const includeUsage = isObject(options) && options.include_usage === true
    return { body: answer, events: () => eventsOf(answer, includeUsage), failure }
  },
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
    text: event({
      ...base,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      ...(includeUsage && { usage: null }),
    }),
    piece,
  })
  return [
    chunk({ role: 'assistant', content: '' }, null, false),
    ...choices.flatMap(({ message }) => deltasOf(message)).map((delta) => chunk(delta, null, true)),
    ...choices.map((choice) => chunk({}, choice.finish_reason, false)),
    ...(includeUsage ? [{ text: event({ ...base, choices: [], usage }) }] : []),
    { text: 'data: [DONE]\n\n' },
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
  return [{ text: event({ error }) }]
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}
