/**
 * The wire types of Google's Gemini API, as far as this program reads or writes them.
 * Source: Gemini API reference "generateContent" and the types of the `@google/genai` package, read 2026-11.
 */
import type { JsonObject } from '../json/value.ts'

export interface GoogleRequest extends JsonObject {
  /** only where the address does not have it */
  model?: string
  contents: GoogleContent[]
  systemInstruction?: { parts: TextPart[] }
  tools?: GoogleTool[]
  toolConfig?: { functionCallingConfig: FunctionCallingConfig }
  generationConfig?: GenerationConfig
  serviceTier?: string
}

export interface GoogleContent {
  role: 'user' | 'model'
  parts: GooglePart[]
}

export type GooglePart = TextPart | InlinePart | FilePart | CallPart | ResponsePart

/** `thoughtSignature`: base64, of the model's own parts */
export interface TextPart {
  text: string
  thoughtSignature?: string
}

export interface InlinePart {
  inlineData: { mimeType: string; data: string }
}

export interface FilePart {
  fileData: { fileUri: string; mimeType?: string }
}

export interface CallPart {
  functionCall: { name: string; args: JsonObject; id?: string }
  thoughtSignature?: string
}

/** `parts`: images and files of the result */
export interface ResponsePart {
  functionResponse: {
    name: string
    response: JsonObject
    id?: string
    parts?: (InlinePart | FilePart)[]
  }
}

export type GoogleTool = { functionDeclarations: FunctionDeclaration[] } | { googleSearch: object }

/** Of `parametersJsonSchema` and `parameters`, the subset of OpenAPI, at most one. */
export interface FunctionDeclaration {
  name: string
  description?: string
  parametersJsonSchema?: JsonObject
  parameters?: JsonObject
}

export interface FunctionCallingConfig {
  mode: 'AUTO' | 'ANY' | 'NONE'
  allowedFunctionNames?: string[]
}

export interface GenerationConfig {
  maxOutputTokens?: number
  temperature?: number
  topP?: number
  topK?: number
  stopSequences?: string[]
  seed?: unknown
  presencePenalty?: number
  frequencyPenalty?: number
  responseLogprobs?: boolean
  logprobs?: number
  responseMimeType?: string
  responseJsonSchema?: JsonObject
  thinkingConfig?: ThinkingConfig
  responseModalities?: ('TEXT' | 'IMAGE')[]
}

/** At most one of `thinkingLevel` and `thinkingBudget`; tokens. */
export interface ThinkingConfig {
  includeThoughts?: boolean
  thinkingLevel?: 'MINIMAL' | 'LOW' | 'MEDIUM' | 'HIGH'
  thinkingBudget?: number
}
