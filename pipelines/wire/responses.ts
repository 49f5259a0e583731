/**
 * The wire types of OpenAI Responses, as far as this program reads or writes them.
 * Source: OpenAI API reference "Responses" and "Streaming events" and the types of the `openai` package, read 2026-11.
 */
import type { JsonObject } from '../json/value.ts'

export interface ResponsesRequest extends JsonObject {
  model: string
  input: ResponsesItem[]
  instructions?: string
  store: false
  stream?: boolean
  max_output_tokens?: number
  temperature?: number
  top_p?: number
  tools?: JsonObject[]
  tool_choice?: unknown
  parallel_tool_calls?: boolean
  text?: { format?: JsonObject; verbosity?: string }
  reasoning?: { effort?: string; summary?: string }
  include?: string[]
}

/** An input or output item: message, reasoning, function_call, function_call_output, … */
export type ResponsesItem = JsonObject & { type: string }

export interface ResponsesUsage extends JsonObject {
  input_tokens: number
  output_tokens: number
  total_tokens?: number
  input_tokens_details?: { cached_tokens?: number; cache_write_tokens?: number } | null
  output_tokens_details?: { reasoning_tokens?: number } | null
}

export interface ResponsesAnswer extends JsonObject {
  id: string
  object: 'response'
  created_at: number
  status: 'completed' | 'incomplete' | 'failed' | 'cancelled' | 'in_progress' | 'queued'
  model: string
  output: ResponsesItem[]
  service_tier?: string | null
  incomplete_details?: { reason?: string } | null
  error?: { code?: string; message?: string } | null
  usage?: ResponsesUsage | null
}
