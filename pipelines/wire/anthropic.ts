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

/** A content block of a request or an answer; which members it has depends on `type`. */
export type AnthropicBlock = JsonObject & { type: string }

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
