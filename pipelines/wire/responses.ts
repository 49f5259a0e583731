/**
 * The wire types of OpenAI Responses, as far as this program reads or writes them.
 * Source: OpenAI API reference "Responses" and "Streaming events" and the types of the `openai` package, read 2026-11.
 */
import type { JsonObject } from '../json/value.ts'

/** The members that a request map builds; the API's own members of a client pass beside them. */
export interface ResponsesRequest extends JsonObject {
  model: string
  input: InputItem[]
  instructions?: string
  store: false
  stream?: boolean
  max_output_tokens?: number
  temperature?: number
  top_p?: number
  tools?: ResponsesTool[]
  tool_choice?: unknown
  parallel_tool_calls?: boolean
  text?: { format?: ResponsesFormat; verbosity?: string }
  reasoning?: { effort: string; summary?: string }
  include?: string[]
  top_logprobs?: number
}

/** What a request holds of the conversation. */
export type InputItem =
  | { type: 'message'; role: 'user' | 'developer'; content: InputPart[] }
  | { type: 'message'; role: 'assistant'; content: OutputPart[]; phase?: string }
  | CallItem
  | CallOutput
  | ReasoningInput
  | Foreign

/** Never with an item id: the upstream does not know it. */
export type CallItem =
  | { type: 'function_call'; call_id: string; name: string; arguments: string }
  | { type: 'custom_tool_call'; call_id: string; name: string; input: string }

export type CallOutput = {
  type: 'function_call_output' | 'custom_tool_call_output'
  call_id: string
  output: string | InputPart[]
}

export type ReasoningInput = {
  type: 'reasoning'
  summary: { type: 'summary_text'; text: string }[]
  encrypted_content: string
}

/** What the model reads. */
export type InputPart = (TextInput | ImageInput | FileInput | Foreign) & {
  prompt_cache_breakpoint?: unknown
}

export type TextInput = { type: 'input_text'; text: string }

export type ImageInput = { type: 'input_image'; detail: string } & (
  | { image_url: string }
  | { file_id: string }
)

export type FileInput = { type: 'input_file' } & (
  | { file_id: string }
  | { file_url: string }
  | { filename: string; file_data: string }
)

/** What the model has written. */
export type OutputPart =
  | { type: 'output_text'; text: string; annotations: [] }
  | { type: 'refusal'; refusal: string }

export type ResponsesTool =
  | {
      type: 'function'
      name: string
      description?: string
      parameters: JsonObject
      strict: boolean
    }
  | { type: 'custom'; name: string; description?: string; format?: JsonObject }
  | {
      type: 'web_search'
      search_context_size?: string
      user_location?: JsonObject
      filters?: { allowed_domains?: unknown; blocked_domains?: unknown }
    }
  | Foreign

export type ResponsesFormat =
  | { type: 'json_object' }
  | {
      type: 'json_schema'
      name: string
      description?: string
      schema: JsonObject
      strict: boolean
    }

declare const foreign: unique symbol

/**
 * In the API's own words already, and passed as it is. Its type is none of those that we build; for the compiler one name
 * stands for all of them.
 */
export type Foreign = JsonObject & { type: 'foreign' & { [foreign]: true } }

/** An item of an answer: message, reasoning, function_call, … */
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
