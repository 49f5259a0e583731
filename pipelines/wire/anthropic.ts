/**
 * The wire types of Anthropic Messages, as far as this program reads or writes them.
 * Source: Anthropic API reference "Messages" and "Streaming messages" and the types of `@anthropic-ai/sdk`, read 2026-11.
 */
import type { JsonObject } from '../json/value.ts'

export interface MessagesRequest extends JsonObject {
  model: string
  max_tokens: number
  messages: AnthropicMessage[]
  system?: AnthropicTextBlock[]
  stream?: boolean
  stop_sequences?: string[]
  temperature?: number
  top_p?: number
  top_k?: number
  tools?: JsonObject[]
  tool_choice?: AnthropicToolChoice
  thinking?: JsonObject & { type: string; budget_tokens?: number }
  output_config?: { effort?: string; format?: JsonObject }
  metadata?: { user_id?: string }
  service_tier?: string
  cache_control?: JsonObject
}

export interface AnthropicMessage {
  /** `system` in mid-conversation only, on models that know it */
  role: 'user' | 'assistant' | 'system'
  content: AnthropicBlock[]
}

export interface AnthropicTextBlock extends JsonObject {
  type: 'text'
  text: string
  cache_control?: JsonObject
}

/** A content block of a request or an answer: one that we build, or one that only passes. */
export type AnthropicBlock = OwnBlock | ForeignBlock

/** The blocks that this program builds. Every one may carry more members, where it is a copy of a client's. */
export type OwnBlock =
  | AnthropicTextBlock
  | ImageBlock
  | DocumentBlock
  | SearchResultBlock
  | ToolUseBlock
  | ToolResultBlock
  | ThinkingBlock
  | RedactedThinkingBlock

/** Which members it has depends on `type`. */
export interface ForeignBlock extends JsonObject {
  type: string
}

export interface ImageBlock extends JsonObject {
  type: 'image'
  source: BlockSource
  cache_control?: JsonObject
}

export interface DocumentBlock extends JsonObject {
  type: 'document'
  source: BlockSource | { type: 'content'; content: AnthropicTextBlock[] }
  title?: string
  cache_control?: JsonObject
}

export type BlockSource =
  | { type: 'base64'; media_type: string; data: string }
  | { type: 'text'; media_type: 'text/plain'; data: string }
  | { type: 'url'; url: string }
  | { type: 'file'; file_id: string }

export interface SearchResultBlock extends JsonObject {
  type: 'search_result'
  title: string
  source: string
  content: AnthropicTextBlock[]
  cache_control?: JsonObject
}

export interface ToolUseBlock extends JsonObject {
  type: 'tool_use'
  id: string
  name: string
  input: JsonObject
  cache_control?: JsonObject
}

export interface ToolResultBlock extends JsonObject {
  type: 'tool_result'
  tool_use_id: string
  content?: string | AnthropicBlock[]
  is_error?: boolean
  cache_control?: JsonObject
}

export interface ThinkingBlock extends JsonObject {
  type: 'thinking'
  thinking: string
  signature: string
}

export interface RedactedThinkingBlock extends JsonObject {
  type: 'redacted_thinking'
  data: string
}

export interface AnthropicToolChoice extends JsonObject {
  type: 'auto' | 'any' | 'tool' | 'none'
  name?: string
  disable_parallel_tool_use?: boolean
}

export interface AnthropicUsage extends JsonObject {
  input_tokens?: number | null
  output_tokens?: number | null
  cache_read_input_tokens?: number | null
  cache_creation_input_tokens?: number | null
  output_tokens_details?: { thinking_tokens?: number } | null
  service_tier?: string | null
  iterations?: JsonObject[] | null
}

/** The body of an answer, and `message_start.message` (there with empty content). */
export interface AnthropicAnswer extends JsonObject {
  id: string
  type: 'message'
  role: 'assistant'
  model: string
  content: AnthropicBlock[]
  stop_reason: string | null
  stop_sequence?: string | null
  stop_details?: (JsonObject & { explanation?: string | null }) | null
  usage: AnthropicUsage
}

export interface AnthropicErrorBody {
  type: 'error'
  error: { type: string; message: string }
  request_id?: string | null
}
