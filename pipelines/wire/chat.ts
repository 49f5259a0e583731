/**
 * The wire types of OpenAI Chat Completions, as far as this program reads or writes them.
 * What a client sends is untrusted, and every object may carry more members than are named here.
 * Source: OpenAI API reference "Chat Completions" and the types of the `openai` package, read 2026-11; `reasoning_content`
 * is DeepSeek's name, `reasoning_details` is OpenRouter's.
 */

import type { JsonObject } from '../json/value.ts'

export type ChatRole = 'system' | 'developer' | 'user' | 'assistant' | 'tool' | 'function'

export interface ChatMessage extends JsonObject {
  role: ChatRole
  content?: string | ChatContentPart[] | null
  name?: string
  /** assistant */
  tool_calls?: ChatToolCall[] | null
  /** assistant, legacy */
  function_call?: { name: string; arguments?: string } | null
  /** assistant */
  refusal?: string | null
  reasoning_details?: ReasoningDetail[] | null
  /** tool */
  tool_call_id?: string
}

/** A bare string counts as a text part (clients send it). */
export type ChatContentPart = string | (JsonObject & { type: string })

export interface ChatToolCall extends JsonObject {
  id: string
  type?: 'function' | 'custom'
  function?: { name: string; arguments?: string }
  custom?: { name: string; input?: string }
  extra_content?: ExtraContent
}

/** Where Google's chat endpoint, and its clients, keep the signature of a call. */
export interface ExtraContent {
  google: { thought_signature: string }
}

/**
 * One whole piece of reasoning, in the form in which a client can hand it back.
 * `at` (how many code points of content and how many tool calls came before it) and `model` are ours.
 */
export interface ReasoningDetail extends JsonObject {
  type: 'reasoning.text' | 'reasoning.summary' | 'reasoning.encrypted'
  format?: string | null
  index?: number
  id?: string | null
  text?: string | null
  signature?: string | null
  summary?: string
  data?: string
  model?: string
  at?: { content: number; tools: number }
}

export interface UrlCitation {
  type: 'url_citation'
  url_citation: { start_index: number; end_index: number; title: string; url: string }
}

export type ChatFinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

export interface ChatUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details?: { cached_tokens?: number; cache_write_tokens?: number }
  completion_tokens_details?: { reasoning_tokens?: number }
}

export interface ChatLogprobs {
  content: unknown[] | null
  refusal: unknown[] | null
}

export interface ChatToolCallDelta {
  index: number
  id?: string
  type?: 'function' | 'custom'
  function?: { name?: string; arguments?: string }
  custom?: { name?: string; input?: string }
  extra_content?: ExtraContent
}

export interface ChatDelta {
  role?: 'assistant'
  content?: string
  refusal?: string
  reasoning_content?: string
  reasoning_details?: ReasoningDetail[]
  annotations?: UrlCitation[]
  images?: ImagePart[]
  tool_calls?: ChatToolCallDelta[]
  function_call?: { name?: string; arguments?: string }
}

export interface ChatCompletionChunk {
  id: string
  object: 'chat.completion.chunk'
  created: number
  model: string
  service_tier?: string
  choices: {
    index: 0
    delta: ChatDelta
    logprobs: ChatLogprobs | null
    finish_reason: ChatFinishReason | null
  }[]
  usage?: ChatUsage | null
}

export interface ChatCompletionMessage {
  role: 'assistant'
  content: string | null
  refusal: string | null
  tool_calls?: (
    | {
        id: string
        type: 'function'
        function: { name: string; arguments: string }
        extra_content?: ExtraContent
      }
    | { id: string; type: 'custom'; custom: { name: string; input: string } }
  )[]
  function_call?: { name: string; arguments: string }
  annotations?: UrlCitation[]
  images?: ImagePart[]
  reasoning_content?: string
  reasoning_details?: ReasoningDetail[]
}

/** A picture that the model made, as a data URL. Source: OpenRouter "Image Generation", Vercel "Image Generation", read 2026-11. */
export interface ImagePart {
  type: 'image_url'
  image_url: { url: string }
}

export interface ChatCompletion {
  id: string
  object: 'chat.completion'
  created: number
  model: string
  service_tier?: string
  choices: {
    index: 0
    message: ChatCompletionMessage
    logprobs: ChatLogprobs | null
    finish_reason: ChatFinishReason
  }[]
  usage?: ChatUsage
}

/** The error envelope of every OpenAI API; official clients read exactly these four members. */
export interface OpenAiErrorBody {
  error: {
    message: string
    type: string
    param: string | null
    code: string | null
    /** seconds since the epoch: when a limit begins anew, of the type `usage_limit_reached` */
    resets_at?: number
  }
}
